// Parts of a data set: together they are the whole, and each is a data set like any other.
import fc from 'fast-check';
import t from 'tap';
import { type Dataset, ImageDataset, splitDataset, Tensor } from '../../dist';
import { draws } from '../support/draws';

/** Each pixel and the target of an image are its index. */
function numbered(n: number, classNames?: string[]): ImageDataset {
  const images = new Tensor(
    Uint8Array.from({ length: n * 4 }, (_, i) => i >> 2),
    [n, 2, 2, 1],
  );
  const targets = Int32Array.from({ length: n }, (_, i) => i);
  return new ImageDataset({ name: 'numbered', images, targets, classes: n, ...(classNames && { classNames }) });
}
const targets = (dataset: Dataset) => [...dataset.targets(0, dataset.length)];

t.test('the parts are the whole, in its order', async () => {
  const property = fc.property(fc.integer({ min: 2, max: 100 }), fc.nat(), fc.integer(), (n, draw, seed) => {
    const size = 1 + (draw % (n - 1));
    const [rest, part] = splitDataset(numbered(n), size / n, seed);
    const [left, kept] = [targets(rest), targets(part)];
    const ascending = (list: number[]) => list.every((v, i) => i === 0 || list[i - 1]! < v);
    const all = new Set([...left, ...kept]);
    return part.length === size && rest.length === n - size && all.size === n && ascending(left) && ascending(kept);
  });
  fc.assert(property, draws(100));
});

t.test('the seed chooses', async (t) => {
  const kept = (seed: number) => targets(splitDataset(numbered(100), 0.2, seed)[1]);
  t.same(kept(1), kept(1));
  t.notSame(kept(1), kept(2));
  const counts = new Array<number>(10).fill(0);
  for (let seed = 0; seed < 2000; seed++) for (const index of targets(splitDataset(numbered(10), 0.3, seed)[1])) counts[index]!++;
  t.ok(
    counts.every((count) => Math.abs(count - 600) < 5 * Math.sqrt(600)),
    `every image equally often: ${counts}`,
  );
});

t.test('a part is a data set', async (t) => {
  const names = Array.from({ length: 9 }, (_, i) => `class ${i}`);
  const [rest, part] = splitDataset(numbered(9, names), 1 / 3, 4);
  t.match(part, { name: 'numbered (3 of 9)', length: 3, classes: 9, classNames: names, imageShape: [2, 2, 1] });
  t.equal(rest.name, 'numbered (6 of 9)');
  t.equal(splitDataset(numbered(9), 0.5, 4)[0].classNames, undefined);
  const own = targets(rest);
  t.same(rest.images(1, 4).shape, [3, 2, 2, 1]);
  t.same(
    [...rest.images(1, 4).data],
    own.slice(1, 4).flatMap((index) => Array(4).fill(index)),
  );
  t.same([...rest.targets(1, 4)], own.slice(1, 4));
  const [bytes, classes] = [new Uint8Array(16), new Int32Array(4)];
  const asked = Int32Array.of(5, 0, 2, 5);
  await rest.gather(asked, bytes, classes);
  t.same(
    [...classes],
    [...asked].map((i) => own[i]),
  );
  t.same(
    [...bytes],
    [...asked].flatMap((i) => Array(4).fill(own[i])),
  );
  t.same([...asked], [5, 0, 2, 5], 'what was asked is left alone');

  const [, half] = splitDataset(rest, 0.5, 4);
  t.match(half, { name: 'numbered (6 of 9) (3 of 6)' }, 'and can be split again');
  t.ok(targets(half).every((target) => own.includes(target)));

  t.throws(() => part.images(0, 4), { code: 'ERR_ARGUMENT', message: /^numbered \(3 of 9\): images 0 to 4 .* end <= 3/ });
  t.throws(() => part.targets(-1, 2), { code: 'ERR_ARGUMENT' });
  t.throws(() => part.gather(Int32Array.of(3), new Uint8Array(4), new Int32Array(1)), {
    code: 'ERR_ARGUMENT',
    message: 'numbered (3 of 9): image 3 was requested from gather, expected 0 to 2',
  });
});

t.test('a data set that takes its time', async (t) => {
  const whole = numbered(6);
  const slow: Dataset = {
    ...whole,
    images: (start, end) => whole.images(start, end),
    targets: (start, end) => whole.targets(start, end),
    gather: async (...asked) => whole.gather(...asked),
  };
  const [rest] = splitDataset(slow, 0.5, 1);
  const [bytes, classes] = [new Uint8Array(4), new Int32Array(1)];
  await rest.gather(Int32Array.of(2), bytes, classes);
  t.same([...classes], [...rest.targets(2, 3)]);
});

t.test('no part may be empty', async (t) => {
  for (const fraction of [0, 1, -0.5, 1.5, 0.04, 0.96, Number.NaN, Number.POSITIVE_INFINITY])
    t.throws(() => splitDataset(numbered(10), fraction, 1), {
      code: 'ERR_ARGUMENT',
      message: `splitDataset: fraction is ${fraction}, which leaves numbered with an empty part`,
    });
  t.throws(() => splitDataset(numbered(10), 0.5, 0.5), { code: 'ERR_ARGUMENT' });
});
