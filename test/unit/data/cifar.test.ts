import t from 'tap';
import { parseCifar } from '../../../dist/data/cifar';
import { openDataset } from '../../../dist/data/open-dataset';
import { refusal, survivesCorruption, unnoticedTruncations } from '../io/damage';

/** A record whose red, green and blue planes start at `seed`, `seed` + 1 and `seed` + 2 and count up along a row. */
const record = (labels: number[], seed: number): Buffer =>
  Buffer.from([...labels, ...[0, 1, 2].flatMap((channel) => Array.from({ length: 1024 }, (_, i) => (seed + channel + (i % 32)) & 255))]);

t.test('planes become pixels', async (t) => {
  const { images, targets } = parseCifar(Buffer.concat([record([3], 10), record([9], 20)]), 1, 10);
  t.same(images.shape, [2, 32, 32, 3]);
  t.same([...images.data.slice(0, 6)], [10, 11, 12, 11, 12, 13]);
  t.same([...images.data.slice(-3)], [51, 52, 53]);
  t.same([...targets], [3, 9]);
});

t.test('of two labels the fine one counts', async (t) => {
  t.same([...parseCifar(record([19, 99], 0), 2, 100).targets], [99]);
  t.same([...parseCifar(record([19, 99], 7), 2, 100).images.data.slice(0, 3)], [7, 8, 9]);
});

t.test('CIFAR-10 in a folder, and in the folder of the official archive', async (t) => {
  const files = Object.fromEntries([1, 2, 3, 4, 5].map((i) => [`data_batch_${i}.bin`, record([i], i)]));
  const folder = t.testdir({ ...files, 'test_batch.bin': record([7], 0) });
  const train = openDataset('cifar10', folder, 'train');
  t.match(train, { name: 'cifar10 train', length: 5, classes: 10, imageShape: [32, 32, 3] });
  t.same([...train.targets(0, 5)], [1, 2, 3, 4, 5]);
  t.equal(train.images(3, 4).data[0], 4);
  t.equal(train.classNames?.[9], 'truck');
  const test = openDataset('cifar10', t.testdir({ 'cifar-10-batches-bin': { 'test_batch.bin': record([7], 0) } }), 'test');
  t.same([...test.targets(0, 1)], [7]);
});

t.test('CIFAR-100, with and without names', async (t) => {
  const names = Array.from({ length: 100 }, (_, i) => `class_${i}`);
  const bare = openDataset('cifar100', t.testdir({ 'test.bin': record([0, 42], 0) }), 'test');
  t.match(bare, { name: 'cifar100 test', classes: 100, classNames: undefined });
  const files = { 'train.bin': record([0, 42], 0), 'fine_label_names.txt': `${names.join('\n')}\n\n` };
  const named = openDataset('cifar100', t.testdir({ 'cifar-100-binary': files }), 'train');
  t.same(named.classNames, names);
  t.same([...named.targets(0, 1)], [42]);
  t.throws(() => openDataset('cifar100', t.testdir({ ...files, 'fine_label_names.txt': 'apple\n' }), 'train'), {
    code: 'ERR_CORRUPT',
    message: /fine_label_names\.txt: 1 names, expected 100/,
  });
});

t.test('damage', async (t) => {
  const read = (bytes: Uint8Array) => parseCifar(bytes, 1, 10, 'batch.bin');
  // A file without a header can be cut between two records unseen.
  t.same(unnoticedTruncations(read, Buffer.concat([record([3], 0), record([4], 0)])), [3073]);
  t.match(refusal(read, record([10], 0)), { code: 'ERR_CORRUPT', message: /^batch\.bin: the label of record 0 is 10, expected 0 to 9/ });
  survivesCorruption(read, record([3], 0), 200);
});
