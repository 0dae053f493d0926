// MNIST and its relatives: where their files may lie, which classes they have, and which way up they are.
import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { gzipSync } from 'node:zlib';
import t from 'tap';
import { type DatasetName, openDataset } from '../../dist';
import { idx } from '../support/idx-bytes';
import { dataFolder, missingData } from '../support/official-data';

t.test('MNIST from plain and gzip files', async (t) => {
  const pixels = Array.from({ length: 2 * 28 * 28 }, (_, i) => i & 255);
  const images = idx(0x08, [2, 28, 28], pixels);
  const labels = idx(0x08, [2], [7, 2]);
  const folder = t.testdir({
    'train-images-idx3-ubyte': images,
    'train-labels-idx1-ubyte.gz': gzipSync(labels),
    't10k-images-idx3-ubyte.gz': gzipSync(images),
    't10k-labels-idx1-ubyte': labels,
  });
  for (const split of ['train', 'test'] as const) {
    const mnist = openDataset('mnist', folder, split);
    t.match(mnist, { name: `mnist ${split}`, length: 2, classes: 10, imageShape: [28, 28, 1] });
    t.same([...mnist.images(0, 2).data], pixels);
    t.same([...mnist.targets(0, 2)], [7, 2]);
    t.equal(openDataset('fashion-mnist', folder, split).classNames?.[9], 'Ankle boot');
  }
});

t.test('MNIST files that do not belong together', async (t) => {
  const images = idx(0x08, [1, 2, 2], [1, 2, 3, 4]);
  const open = (labels: Buffer) =>
    openDataset('mnist', t.testdir({ 'train-images-idx3-ubyte': images, 'train-labels-idx1-ubyte': labels }), 'train');
  t.throws(() => open(images), { code: 'ERR_FORMAT', message: /labels-idx1-ubyte: u8 of rank 3, expected u8 of rank 1/ });
  t.throws(() => open(idx(0x09, [1], [1])), { code: 'ERR_FORMAT', message: /i8 of rank 1/ });
  t.throws(() => open(idx(0x08, [2], [1, 2])), { code: 'ERR_CORRUPT', message: /2 labels for 1 images/ });
  t.throws(() => open(idx(0x08, [1], [200])), { code: 'ERR_CORRUPT', message: /label 0 is 200, expected 0 to 9$/ });
});

t.test('the published MNIST', { skip: missingData('mnist') }, async (t) => {
  const mnist = openDataset('mnist', dataFolder('mnist'), 'test');
  t.equal(mnist.length, 10_000);
  t.same([...mnist.targets(0, 5)], [7, 2, 1, 0, 4]);
});

/** Two images of a rising slope, and their labels, as files of one split. */
const slope = Array.from({ length: 2 * 28 * 28 }, (_, i) => i & 255);
const filesOf = (prefix: string, labels: readonly number[] = [7, 2]) => ({
  [`${prefix}-images-idx3-ubyte`]: idx(0x08, [labels.length, 28, 28], slope.slice(0, labels.length * 28 * 28)),
  [`${prefix}-labels-idx1-ubyte`]: idx(0x08, [labels.length], labels),
});

t.test('where archives, file managers and torchvision leave the files', async (t) => {
  const plain = filesOf('t10k');
  const mapped = (change: (name: string, bytes: Buffer) => [string, unknown]) =>
    Object.fromEntries(Object.entries(plain).map(([name, bytes]) => change(name, bytes)));
  const layouts = {
    kaggle: mapped((name, bytes) => [name, { [name]: bytes }]),
    dotted: mapped((name, bytes) => [name.replace(/-(idx.)/, '.$1'), bytes]),
    'dotted, in gzip': mapped((name, bytes) => [`${name.replace(/-(idx.)/, '.$1')}.gz`, gzipSync(bytes)]),
    torchvision: { MNIST: { raw: plain } },
    'the root of torchvision itself': { raw: plain },
    'the default folder of downloads': { mnist: mapped((name, bytes) => [`${name}.gz`, gzipSync(bytes)]) },
  };
  for (const [layout, files] of Object.entries(layouts)) {
    const folder = t.testdir(files as never);
    t.same([...openDataset('mnist', folder, 'test').images(0, 2).data], slope, layout);
    t.same([...openDataset('mnist', pathToFileURL(folder), 'test').targets(0, 2)], [7, 2]);
  }
  for (const [name, root] of Object.entries({ 'fashion-mnist': 'FashionMNIST', kmnist: 'KMNIST' })) {
    const folder = t.testdir({ [root]: { raw: plain } });
    t.equal(openDataset(name as DatasetName, folder, 'test').length, 2, name);
    t.throws(() => openDataset('mnist', folder, 'test'), { code: 'ERR_ARGUMENT' }, 'that of another data set is not taken');
  }
});

// A link to itself cannot be read by anyone, not even by root.
t.test('a file that cannot be read', { skip: process.platform === 'win32' }, async (t) => {
  const folder = t.testdir(filesOf('train'));
  const path = join(folder, 't10k-images-idx3-ubyte');
  symlinkSync(path, path);
  const message = /^mnist: cannot read .*t10k-images-idx3-ubyte: ELOOP/;
  t.throws(() => openDataset('mnist', folder, 'test'), { name: 'AdderNetError', code: 'ERR_ARGUMENT', message });
});

t.test('a folder in place of the file', async (t) => {
  const folder = t.testdir({ 't10k-images-idx3-ubyte': { 'readme.txt': 'nothing' } });
  t.throws(() => openDataset('mnist', folder, 'test'), {
    name: 'AdderNetError',
    code: 'ERR_ARGUMENT',
    message: /no t10k-images-idx3-ubyte/,
  });
});

t.test('KMNIST has hiragana', async (t) => {
  const kmnist = openDataset('kmnist', t.testdir(filesOf('train')), 'train');
  t.equal(kmnist.classNames?.join(''), 'おきすつなはまやれを');
});

const upright = (image: number) => Array.from({ length: 28 * 28 }, (_, i) => slope[image * 784 + (i % 28) * 28 + Math.floor(i / 28)]!);

t.test('letters of EMNIST: a to z, upright', async (t) => {
  const letters = { ...filesOf('emnist-letters-train', [1, 26]), ...filesOf('emnist-letters-test', [3]) };
  for (const files of [letters, { gzip: letters }, { EMNIST: { raw: letters } }, filesOf('train', [1, 26])]) {
    const emnist = openDataset('emnist', t.testdir(files), 'train');
    t.match(emnist, { name: 'emnist train', length: 2, classes: 26, imageShape: [28, 28, 1] });
    t.equal(emnist.classNames?.join(''), 'abcdefghijklmnopqrstuvwxyz');
    t.same([...emnist.targets(0, 2)], [0, 25]);
    t.same([...emnist.images(1, 2).data], upright(1), 'rows of the file are columns');
  }
  t.same([...openDataset('emnist', t.testdir(letters), 'test').targets(0, 1)], [2]);
});

t.test('the other splits of EMNIST', async (t) => {
  const splits = {
    balanced: [47, '0', 't'],
    bymerge: [47, 'Z', 't'],
    byclass: [62, '0', 'z'],
    digits: [10, '0', '9'],
    mnist: [10, '0', '9'],
  } as const;
  for (const [split, [classes, , last]] of Object.entries(splits)) {
    const emnist = openDataset(`emnist-${split}` as DatasetName, t.testdir(filesOf(`emnist-${split}-train`, [0, classes - 1])), 'train');
    t.match(emnist, { classes, imageShape: [28, 28, 1] });
    t.equal(emnist.classNames?.at(-1), last);
    t.same([...emnist.targets(0, 2)], [0, classes - 1]);
    t.same([...emnist.images(0, 1).data], upright(0));
  }
  const balanced = openDataset('emnist-balanced', t.testdir(filesOf('emnist-balanced-test', [36, 40])), 'test');
  t.same(
    [36, 37, 38, 46].map((i) => balanced.classNames?.[i]),
    ['a', 'b', 'd', 't'],
    'small letters like their capitals are one class with them',
  );
});

t.test('files of another data set are reported', async (t) => {
  const refused = (name: DatasetName, labels: number[], message: RegExp, code = 'ERR_ARGUMENT') =>
    t.throws(() => openDataset(name, t.testdir(filesOf('train', labels)), 'train'), { code, message });
  refused('mnist', [1, 26], /label 1 is 26, expected 0 to 9: this looks like the letters of EMNIST; open it as 'emnist'/);
  refused('fashion-mnist', [0, 46], /EMNIST; open it as 'emnist-balanced'/);
  refused('kmnist', [61, 0], /EMNIST by class; open it as 'emnist-byclass'/);
  refused('emnist', [5, 0], /label 1 is 0, expected 1 to 26: this looks like MNIST/);
  refused('mnist', [0, 200], /label 1 is 200, expected 0 to 9$/, 'ERR_CORRUPT');
});
