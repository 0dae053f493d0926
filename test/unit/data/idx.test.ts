import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import t from 'tap';
import { parseIdx } from '../../../dist/data/idx';
import { openDataset } from '../../../dist/data/open-dataset';
import { refusal, survivesCorruption, unnoticedTruncations } from '../io/damage';

const idx = (type: number, shape: number[], payload: readonly number[] | Uint8Array): Buffer =>
  Buffer.from([
    0,
    0,
    type,
    shape.length,
    ...shape.flatMap((size) => [size >>> 24, (size >>> 16) & 255, (size >>> 8) & 255, size & 255]),
    ...payload,
  ]);

t.test('each type of number', async (t) => {
  const cases = [
    [0x08, [1, 255], Uint8Array.of(1, 255)],
    [0x09, [1, 255], Int8Array.of(1, -1)],
    [0x0b, [1, 2, 255, 254], Int16Array.of(258, -2)],
    [0x0c, [0, 0, 1, 2, 255, 255, 255, 254], Int32Array.of(258, -2)],
    [0x0d, [0x3f, 0xc0, 0, 0, 0xc0, 0, 0, 0], Float32Array.of(1.5, -2)],
    [0x0e, [0x3f, 0xf8, 0, 0, 0, 0, 0, 0, 0xc0, 0, 0, 0, 0, 0, 0, 0], Float64Array.of(1.5, -2)],
  ] as const;
  for (const [type, payload, data] of cases) {
    t.same(parseIdx(idx(type, [2], payload)).data, data);
    t.same(parseIdx(gzipSync(idx(type, [1, 2], payload))).shape, [1, 2]);
  }
});

t.test('what is refused', async (t) => {
  const refused = (bytes: Uint8Array) => refusal((b) => parseIdx(b, 'x-ubyte'), bytes);
  t.match(refused(Buffer.from('text')), { code: 'ERR_FORMAT', message: /^x-ubyte: not an idx file/ });
  t.match(refused(idx(0x0a, [1], [1])), { code: 'ERR_FORMAT' });
  t.match(refused(idx(0x08, [], [1])), { code: 'ERR_FORMAT' });
  t.match(refused(idx(0x08, [0, 28, 28], [])), { code: 'ERR_FORMAT', message: /\[0,28,28\]/ });
  t.match(refused(idx(0x08, [2], [1, 2, 3])), { code: 'ERR_CORRUPT', message: /takes 2 bytes, but there are 3/ });
  t.match(refused(idx(0x08, [2 ** 31, 2 ** 31], [1])), { code: 'ERR_CORRUPT', message: /more elements/ });
});

t.test('damage, plain and in gzip', async (t) => {
  for (const file of [idx(0x08, [2, 3], [1, 2, 3, 4, 5, 6]), idx(0x0c, [2], [0, 0, 0, 1, 0, 0, 0, 2])])
    for (const bytes of [file, gzipSync(file)]) {
      t.same(unnoticedTruncations(parseIdx, bytes), []);
      survivesCorruption(parseIdx, bytes, 500);
    }
});

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
  t.throws(() => open(idx(0x08, [1], [10])), { code: 'ERR_CORRUPT', message: /label 0 is 10/ });
});

const published = join(__dirname, '../../../../shared/data/mnist');
t.test('the published MNIST', { skip: !existsSync(published) && 'the files are not part of the repository' }, async (t) => {
  const mnist = openDataset('mnist', published, 'test');
  t.equal(mnist.length, 10_000);
  t.same([...mnist.targets(0, 5)], [7, 2, 1, 0, 4]);
});
