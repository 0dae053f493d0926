import { join } from 'node:path';
import t from 'tap';
import { parseCifar } from '../../dist/data/cifar';
import { parseCifarPickle } from '../../dist/data/cifar-python';
import { openDataset } from '../../dist/data/open-dataset';
import { refusal, survivesCorruption, unnoticedTruncations } from '../support/damage';

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

/** A pickle as Python 2 and NumPy write it: an array [n,3072], here with the bytes of the planes, and lists, or arrays of i64. */
function pickled(planes: Uint8Array, labels: Record<string, readonly number[] | BigInt64Array>): Buffer {
  const text = (value: string) => Buffer.concat([Buffer.of(0x55, value.length), Buffer.from(value, 'latin1')]);
  const number = (value: number) => Buffer.of(0x4b, value);
  const array = (bytes: Uint8Array, type: string, shape: Buffer) => {
    const long = Buffer.alloc(5);
    long[0] = 0x54;
    long.writeUInt32LE(bytes.length, 1);
    return Buffer.concat([
      ...[Buffer.from('cnumpy.core.multiarray\n_reconstruct\n'), Buffer.from('cnumpy\nndarray\n'), number(0), Buffer.of(0x85), text('b')],
      ...[Buffer.of(0x87), Buffer.from('R('), number(1), shape],
      ...[Buffer.from('cnumpy\ndtype\n'), text(type), number(0), number(1), Buffer.of(0x87), Buffer.from('R('), number(3)],
      text(type === 'u1' ? '|' : '<'),
      ...[Buffer.from('NNN'), Buffer.of(0x4a, 255, 255, 255, 255, 0x4a, 255, 255, 255, 255), number(0), Buffer.from('tb'), Buffer.of(0x89)],
      ...[long, bytes, Buffer.from('tb')],
    ]);
  };
  const data = array(planes, 'u1', Buffer.concat([number(planes.length / 3072), Buffer.of(0x4d, 0, 12, 0x86)]));
  const valuesOf = (values: readonly number[] | BigInt64Array) =>
    values instanceof BigInt64Array
      ? array(Buffer.from(values.buffer), 'i8', Buffer.concat([number(values.length), Buffer.of(0x85)]))
      : Buffer.concat([Buffer.from(']('), ...values.map(number), Buffer.from('e')]);
  const entries = Object.entries(labels).flatMap(([key, values]) => [text(key), valuesOf(values)]);
  return Buffer.concat([Buffer.of(0x80, 2, 0x7d, 0x28), text('data'), data, ...entries, Buffer.from('u.')]);
}

const page = '<!DOCTYPE html><title>Not found</title>';
const planes = Buffer.concat([record([], 10), record([], 20)]);

t.test('the Python version, as torchvision leaves it', async (t) => {
  const test = { test_batch: pickled(planes, { labels: [3, 9] }) };
  for (const files of [test, { 'cifar-10-batches-py': test }]) {
    const cifar10 = openDataset('cifar10', t.testdir(files), 'test');
    t.match(cifar10, { name: 'cifar10 test', length: 2, classes: 10, imageShape: [32, 32, 3] });
    t.same([...cifar10.targets(0, 2)], [3, 9]);
    t.same([...cifar10.images(0, 2).data], [...parseCifar(Buffer.concat([record([3], 10), record([9], 20)]), 1, 10).images.data]);
  }
  const ofArray = pickled(planes, { labels: BigInt64Array.of(3n, 9n) });
  t.same([...openDataset('cifar10', t.testdir({ test_batch: ofArray }), 'test').targets(0, 2)], [3, 9], 'labels in an array of NumPy');
  const batches = Object.fromEntries([1, 2, 3, 4, 5].map((i) => [`data_batch_${i}`, pickled(record([], i), { labels: [i] })]));
  t.same([...openDataset('cifar10', t.testdir(batches), 'train').targets(0, 5)], [1, 2, 3, 4, 5]);
  delete batches.data_batch_3;
  t.throws(() => openDataset('cifar10', t.testdir(batches), 'train'), { code: 'ERR_ARGUMENT', message: /no data_batch_3 in/ });

  const hundred = { test: pickled(planes, { fine_labels: [42, 99], coarse_labels: [1, 2] }) };
  const cifar100 = openDataset('cifar100', t.testdir({ 'cifar-100-python': hundred }), 'test');
  t.same([...cifar100.targets(0, 2)], [42, 99]);
  t.equal(cifar100.classNames, undefined);
  const names = Array.from({ length: 100 }, (_, i) => `class_${i}`);
  const meta = Buffer.from(
    `\x80\x02}U\x10fine_label_names](${names.map((name) => `U${String.fromCharCode(name.length)}${name}`).join('')}es.`,
    'latin1',
  );
  t.same(openDataset('cifar100', t.testdir({ 'cifar-100-python': { ...hundred, meta } }), 'test').classNames, names);
});

t.test('the Python version as Python 3 writes it again', async (t) => {
  const cifar10 = openDataset('cifar10', join(__dirname, '../../test/fixtures/cifar-python'), 'test');
  t.same([cifar10.length, cifar10.classes], [1, 10]);
});

t.test('pickles that are no CIFAR', async (t) => {
  const open = (file: Uint8Array) => () => openDataset('cifar10', t.testdir({ test_batch: file }), 'test');
  t.throws(open(Buffer.from('no pickle')), {
    name: 'AdderNetError',
    code: 'ERR_FORMAT',
    message: /expected a Python pickle, but it is text/,
  });
  t.throws(open(Buffer.from(page)), { code: 'ERR_FORMAT', message: /test_batch: expected a Python pickle, but it is a web page \(HTML\)/ });
  t.throws(() => openDataset('cifar10', t.testdir({ 'test_batch.bin': page }), 'test'), {
    code: 'ERR_CORRUPT',
    message: /test_batch.bin: .* not a multiple of the 3073 bytes of a record; it seems to be a web page \(HTML\)/,
  });
  t.throws(open(pickled(planes, { labels: BigInt64Array.of(1n) })), { code: 'ERR_CORRUPT', message: /for 1 labels/ });
  t.throws(open(pickled(planes, { labels: BigInt64Array.of(1n, -1n) })), { code: 'ERR_CORRUPT', message: /'labels' has -1/ });
  t.throws(open(Buffer.from('\x80\x02}.', 'latin1')), {
    code: 'ERR_FORMAT',
    message: /test_batch: the pickle lacks CIFAR's entries 'data'/,
  });
  t.throws(open(pickled(planes, { fine_labels: [1, 2] })), { code: 'ERR_FORMAT', message: /and 'labels', a list or an array/ });
  t.throws(open(pickled(planes, { labels: [1] })), { code: 'ERR_CORRUPT', message: /shape \[2,3072\] .* for 1 labels/ });
  t.throws(open(pickled(planes, { labels: [1, 10] })), { code: 'ERR_CORRUPT', message: /the label of record 1 is 10, expected 0 to 9/ });
  const file = pickled(record([], 1), { labels: [1] });
  const read = (bytes: Uint8Array) => parseCifarPickle(bytes, 'labels', 'test_batch');
  const cut = Array.from({ length: 200 }, (_, i) => file.subarray(0, Math.floor((i * file.length) / 200)));
  t.ok(cut.every((bytes) => ['ERR_FORMAT', 'ERR_CORRUPT'].includes(refusal(read, bytes)?.code ?? '')));
  survivesCorruption(read, file, 300);
});

t.test('damage', async (t) => {
  const read = (bytes: Uint8Array) => parseCifar(bytes, 1, 10, 'batch.bin');
  // A file without a header can be cut between two records unseen.
  t.same(unnoticedTruncations(read, Buffer.concat([record([3], 0), record([4], 0)])), [3073]);
  t.match(refusal(read, record([10], 0)), { code: 'ERR_CORRUPT', message: /^batch\.bin: the label of record 0 is 10, expected 0 to 9/ });
  survivesCorruption(read, record([3], 0), 200);
});
