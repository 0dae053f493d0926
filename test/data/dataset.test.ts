import { join } from 'node:path';
import t from 'tap';
import {
  BatchLoader,
  type DatasetName,
  datasetNames,
  generateDigits,
  ImageDataset,
  matchClasses,
  normalize,
  openDataset,
  splitDataset,
  Tensor,
} from '../../dist';

const images = new Tensor(
  Uint8Array.from({ length: 3 * 4 }, (_, i) => i),
  [3, 2, 2, 1],
);
const options = { name: 'three', images, targets: Int32Array.of(1, 0, 1), classes: 2, classNames: ['cat', 'dog'] };

t.test('ranges are views of the whole', async (t) => {
  const dataset = new ImageDataset(options);
  t.match(dataset, { name: 'three', length: 3, classes: 2, classNames: ['cat', 'dog'], imageShape: [2, 2, 1] });
  t.same(dataset.images(1, 3).shape, [2, 2, 2, 1]);
  t.same([...dataset.images(1, 2).data], [4, 5, 6, 7]);
  t.same([...dataset.targets(1, 3)], [0, 1]);
  t.equal(dataset.images(1, 2).data.buffer, images.data.buffer);
});

t.test('ranges outside are refused', async (t) => {
  const dataset = new ImageDataset(options);
  for (const [start, end] of [
    [-1, 1],
    [0, 4],
    [1, 1],
    [2, 1],
    [0.5, 1],
    [0, Number.NaN],
  ] as const) {
    t.throws(() => dataset.images(start, end), { code: 'ERR_ARGUMENT', message: /^three: images .* end <= 3/ });
    t.throws(() => dataset.targets(start, end), { code: 'ERR_ARGUMENT' });
  }
});

t.test('images are gathered in any order, some twice', async (t) => {
  const dataset = new ImageDataset(options);
  const bytes = new Uint8Array(new SharedArrayBuffer(16));
  const targets = new Int32Array(4).fill(9);
  dataset.gather(Int32Array.of(2, 0, 1, 2), bytes, targets);
  t.same([...bytes], [8, 9, 10, 11, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
  t.same([...targets], [1, 1, 0, 1]);
});

t.test('what cannot be gathered is refused before anything is written', async (t) => {
  const dataset = new ImageDataset(options);
  const refused = (indices: number[], bytes: number, targets: number, message: string) => {
    const [images, classes] = [new Uint8Array(bytes).fill(77), new Int32Array(targets).fill(77)];
    t.throws(() => dataset.gather(Int32Array.from(indices), images, classes), { name: 'AdderNetError', code: 'ERR_ARGUMENT', message });
    t.ok(images.every((v) => v === 77) && classes.every((v) => v === 77));
  };
  refused([0, 3], 8, 2, 'three: image 3 was requested from gather, expected 0 to 2');
  refused([0, -1], 8, 2, 'three: image -1 was requested from gather, expected 0 to 2');
  refused([0], 5, 1, 'three: gather has room for 5 bytes and 1 targets, but 1 images of [2,2,1] are 4 bytes');
  refused([0, 1], 8, 3, 'three: gather has room for 8 bytes and 3 targets, but 2 images of [2,2,1] are 8 bytes');
});

t.test('parts that do not fit each other are refused', async (t) => {
  t.throws(() => new ImageDataset({ ...options, images: images.reshape([3, 4]) }), { code: 'ERR_SHAPE', message: /\[n,h,w,c\]/ });
  t.throws(() => new ImageDataset({ ...options, targets: Int32Array.of(1) }), { code: 'ERR_SHAPE', message: /1 targets for 3 images/ });
  t.throws(() => new ImageDataset({ ...options, targets: Int32Array.of(0, 2, 0) }), { code: 'ERR_ARGUMENT', message: /image 1 is 2/ });
  t.throws(() => new ImageDataset({ ...options, targets: Int32Array.of(0, 0, -1) }), { code: 'ERR_ARGUMENT', message: /image 2 is -1/ });
  t.throws(() => new ImageDataset({ ...options, classes: 0 }), { code: 'ERR_ARGUMENT' });
  t.throws(() => new ImageDataset({ ...options, classNames: ['cat'] }), { code: 'ERR_ARGUMENT', message: /1 class names/ });
  const { classNames: _, ...unnamed } = options;
  t.equal(new ImageDataset(unnamed).classNames, undefined);
});

t.test('arguments of other types are refused', async (t) => {
  const made = (changes: object) => () => new ImageDataset({ ...options, ...changes } as never);
  const named = (code: string, message: RegExp) => ({ name: 'AdderNetError', code, message });
  t.throws(() => new ImageDataset(undefined as never), named('ERR_ARGUMENT', /^ImageDataset: options are undefined, expected an object/));
  t.throws(made({ class: 2 }), named('ERR_ARGUMENT', /there is no option 'class', did you mean classes/));
  t.throws(made({ name: undefined }), named('ERR_ARGUMENT', /name is undefined/));
  t.throws(made({ images: images.data }), named('ERR_ARGUMENT', /^three: images is not a Tensor/));
  t.throws(made({ images: Tensor.zeros([3, 2, 2, 1]) }), named('ERR_DTYPE', /^three: images has dtype f32, expected u8/));
  t.throws(made({ targets: [1, 0, 1] }), named('ERR_DTYPE', /^three: targets are .*Array.*, expected an Int32Array/));
  t.throws(made({ classes: '2' }), named('ERR_ARGUMENT', /classes is "2"/));
  t.throws(made({ classNames: 'ab' }), named('ERR_ARGUMENT', /classNames is "ab", expected a list of names/));
  for (const other of [undefined, null, 'mnist', images, {}, [], { ...options, length: 3, imageShape: [2, 2, 1] }]) {
    const refused = named('ERR_ARGUMENT', /: the data set is .*, expected a Dataset, such as openDataset\(\)/);
    t.throws(() => splitDataset(other as never, 0.5, 1), refused);
    t.throws(() => new BatchLoader(other as never, { batch: 1, normalization: { mean: [0], std: [1] } }), refused);
    t.throws(() => matchClasses(other as never, ['a']), refused);
  }
  const dataset = new ImageDataset(options);
  t.throws(() => splitDataset(dataset, 0.5, undefined as never), named('ERR_ARGUMENT', /seed is undefined/));
  t.throws(() => splitDataset(dataset, '0.5' as never, 1), named('ERR_ARGUMENT', /fraction is "0.5"/));
  t.throws(() => generateDigits(1, undefined as never), named('ERR_ARGUMENT', /^generateDigits: seed is undefined/));
  t.throws(() => new BatchLoader(dataset, undefined as never), named('ERR_ARGUMENT', /^BatchLoader: options are undefined/));
  t.throws(() => new BatchLoader(dataset, { batch: 1 } as never), named('ERR_ARGUMENT', /mean is undefined, expected 1 numbers/));
  t.throws(
    () => new BatchLoader(dataset, { batchSize: 1 } as never),
    named('ERR_ARGUMENT', /there is no option 'batchSize', did you mean batch/),
  );
  t.throws(
    () => new BatchLoader(dataset, { batch: 1, normalization: { mean: [0], std: [1] }, augment: { mirror: true } as never }),
    named('ERR_ARGUMENT', /augment: there is no option 'mirror'/),
  );
  t.throws(() => normalize(undefined as never, [0], [1]), named('ERR_ARGUMENT', /images is not a Tensor/));
  t.throws(() => normalize(images, undefined as never, [1]), named('ERR_ARGUMENT', /mean is undefined/));
});

t.test('openDataset names what is missing and what belongs there', async (t) => {
  const folder = t.testdir();
  const missing = {
    cifar10:
      /^cifar10: no data_batch_1\.bin .*expected data_batch_1\.bin to data_batch_5\.bin and test_batch\.bin.*; addernet data get cifar10 fetches them$/,
    cifar100: /^cifar100: no train\.bin .*expected train\.bin and test\.bin/,
    mnist: /^mnist: no train-images-idx3-ubyte or train-images-idx3-ubyte\.gz .*expected/,
    'fashion-mnist': /^fashion-mnist: no train-images-idx3-ubyte/,
    kmnist: /^kmnist: no train-images-idx3-ubyte .*codh\.rois\.ac\.jp/,
    emnist: /^emnist: no emnist-letters-train-images-idx3-ubyte .*www\.nist\.gov/,
    'emnist-balanced': /^emnist-balanced: no emnist-balanced-train-images-idx3-ubyte/,
    'emnist-byclass': /emnist-byclass-train/,
    'emnist-bymerge': /emnist-bymerge-train/,
    'emnist-digits': /emnist-digits-train/,
    'emnist-mnist': /emnist-mnist-train/,
  };
  t.same(datasetNames, ['digits', ...Object.keys(missing)]);
  for (const [name, message] of Object.entries(missing)) {
    t.throws(() => openDataset(name as DatasetName, folder, 'train'), { code: 'ERR_ARGUMENT', message });
    t.throws(() => openDataset(name as DatasetName, undefined, 'train'), {
      code: 'ERR_ARGUMENT',
      message: /directory is missing.*files of/,
    });
    const nowhere = { code: 'ERR_ARGUMENT', message: /there is no folder '.*nowhere', expected one with/ };
    t.throws(() => openDataset(name as DatasetName, join(folder, 'nowhere'), 'train'), nowhere);
  }
  t.same([openDataset('digits', undefined, 'train').length, openDataset('digits', undefined, 'test').length], [10_000, 2_000]);
  t.throws(() => openDataset('imagenet' as never, folder, 'train'), {
    code: 'ERR_ARGUMENT',
    message: /expected one of digits, cifar10, cifar100, mnist/,
  });
  t.throws(() => openDataset('__proto__' as never, folder, 'train'), { code: 'ERR_ARGUMENT' });
  t.throws(() => openDataset('mnist', folder, 'validation' as never), { code: 'ERR_ARGUMENT', message: /'train' or 'test'/ });
  for (const other of [null, 7, new URL('https://example.org')])
    t.throws(() => openDataset('mnist', other as never, 'train'), { name: 'AdderNetError', code: 'ERR_ARGUMENT' });
});
