// The generator: against the published sequences of xoshiro128** and splitmix64, and the moments of what it draws.

import t from 'tap';
import { shown } from '../dist/quoted';
import { Random, type RandomState } from '../dist/random';

t.test('words are those of xoshiro128** from the state 1, 2, 3, 4', (t) => {
  const words = [11520, 0, 5927040, 70819200, 2031721883, 1637235492, 1287239034, 3734860849, 3729100597, 4258142804];
  const random = new Random(0);
  random.state = [1, 2, 3, 4];
  for (let i = 0; i < words.length; i += 2)
    t.equal(random.uniform(), (Math.floor(words[i]! / 32) * 2 ** 26 + Math.floor(words[i + 1]! / 64)) / 2 ** 53);
  t.end();
});

t.test('seeds are spread by splitmix64', (t) => {
  const halves = [6457827717110365317n, 3203168211198807973n].flatMap((word) => [Number(word & 0xffffffffn), Number(word >> 32n)]);
  t.same(new Random(1234567).state, halves);
  t.end();
});

t.test('the same seed gives the same stream, another seed another one', (t) => {
  const draws = (seed?: number) => {
    const random = new Random(seed);
    return Array.from({ length: 8 }, () => random.uniform());
  };
  t.same(draws(7), draws(7));
  t.notSame(draws(7), draws(8));
  t.notSame(draws(-7), draws(7));
  t.notSame(draws(2 ** 40), draws(0), 'the upper half of a seed counts');
  t.notSame(draws(), draws(), 'no seed: an arbitrary one');
  t.end();
});

t.test('a state taken through JSON continues with the same numbers', (t) => {
  const random = new Random(3);
  random.normal();
  const saved = JSON.parse(JSON.stringify(random.state)) as RandomState;
  const ahead = [random.normal(), random.uniform(), random.normal()];
  const resumed = new Random();
  resumed.state = saved;
  t.same([resumed.normal(), resumed.uniform(), resumed.normal()], ahead);
  t.end();
});

t.test('bad seeds and states are refused, and a bad state changes nothing', (t) => {
  for (const seed of [0.5, Number.NaN, 2 ** 60, '1' as unknown as number]) t.throws(() => new Random(seed), { code: 'ERR_ARGUMENT' });
  const random = new Random(1);
  const before = random.state;
  for (const state of [[0, 0, 0, 0], [1, 2, 3], [1, 2, 3, -1], [1, 2, 3, 2 ** 32], [1, 2, 3, 0.5], null])
    t.throws(
      () => {
        random.state = state as unknown as RandomState;
      },
      { code: 'ERR_ARGUMENT' },
    );
  t.same(random.state, before);
  t.end();
});

t.test('keys have streams of their own', (t) => {
  const draws = (...keys: number[]) => {
    const random = Random.of(...keys);
    return Array.from({ length: 64 }, () => random.uniform());
  };
  t.same(draws(1, 2, 3), draws(1, 2, 3));
  t.same(draws(0), draws(-0));
  const numbers = [0, 1, -1, 2, 255, 2 ** 32, Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER];
  const pairs = numbers.flatMap((a) => numbers.map((b) => [a, b]));
  const tuples = [[], ...numbers.map((a) => [a]), ...pairs, ...pairs.flatMap((pair) => [0, 1].map((c) => [...pair, c]))];
  const streams = [...tuples.map((keys) => draws(...keys)), ...numbers.map((seed) => stream(seed))];
  t.equal(new Set(streams.flat()).size, streams.length * 64, 'no two have a number in common');
  // Of unrelated streams of 64 numbers hardly one pair in 10^9 correlates by more than 6 / sqrt(64).
  const centered = streams.map((numbers) => numbers.map((u) => (u - 1 / 2) * Math.sqrt(12)));
  let strongest = 0;
  for (const [i, a] of centered.entries())
    for (const b of centered.slice(i + 1)) strongest = Math.max(strongest, Math.abs(a.reduce((sum, u, k) => sum + u * b[k]!, 0)) / 64);
  t.ok(strongest < 0.75, `correlation ${strongest}`);
  // Neighbours, as the steps of an epoch are: their first numbers are spread like those of a single stream.
  const firsts = Float64Array.from({ length: 100_000 }, (_, step) => Random.of(7, 3, step).uniform());
  const [mean, variance] = moments(firsts);
  t.ok(Math.abs(mean - 1 / 2) < 0.005 && Math.abs(variance - 1 / 12) < 0.002, `mean ${mean}, variance ${variance}`);
  for (const key of [0.5, Number.NaN, 2 ** 53, '1' as unknown as number])
    t.throws(() => Random.of(1, key), { code: 'ERR_ARGUMENT', message: `Random.of: key 1 is ${shown(key)}, expected an integer` });
  t.end();

  function stream(seed: number): number[] {
    const random = new Random(seed);
    return Array.from({ length: 64 }, () => random.uniform());
  }
});

t.test('integers are equally likely', (t) => {
  const random = new Random(13);
  for (const n of [1, 2, 3, 10]) {
    const counts = new Array<number>(n).fill(0);
    for (let i = 0; i < 100_000; i++) counts[random.integer(n)]!++;
    const expected = 100_000 / n;
    t.ok(
      counts.every((count) => Math.abs(count - expected) < 5 * Math.sqrt(expected)),
      `${n}: ${counts}`,
    );
  }
  // The remainder of a word by 3 * 2^30 would lie in the lower third half of the time.
  const large = Array.from({ length: 10_000 }, () => random.integer(3 * 2 ** 30));
  const low = large.filter((v) => v < 2 ** 30).length;
  t.ok(Math.abs(low - 10_000 / 3) < 5 * Math.sqrt(10_000 / 3), `${low} in the lower third`);
  t.ok(
    Array.from({ length: 100 }, () => random.integer(2 ** 32)).some((v) => v >= 2 ** 31),
    'all 32 bits',
  );
  for (const n of [0, -1, 1.5, 2 ** 32 + 1, Number.NaN]) t.throws(() => random.integer(n), { code: 'ERR_ARGUMENT' });
  t.end();
});

t.test('a shuffle makes every order equally likely', (t) => {
  const random = new Random(14);
  const counts = new Map<string, number>();
  for (let i = 0; i < 24_000; i++) {
    const order = Int32Array.of(0, 1, 2, 3);
    random.shuffle(order);
    counts.set(order.join(), (counts.get(order.join()) ?? 0) + 1);
  }
  t.equal(counts.size, 24);
  t.ok(
    [...counts.values()].every((count) => Math.abs(count - 1000) < 5 * Math.sqrt(1000)),
    `${[...counts.values()]}`,
  );
  const long = Int32Array.from({ length: 1000 }, (_, i) => i);
  random.shuffle(long);
  t.same(
    [...long].sort((a, b) => a - b),
    [...long.keys()],
  );
  random.shuffle(new Int32Array(0));
  t.end();
});

t.test('uniform numbers lie in [0, 1) with mean 1/2 and variance 1/12', (t) => {
  const random = new Random(11);
  const draws = Float64Array.from({ length: 100_000 }, () => random.uniform());
  const [mean, variance] = moments(draws);
  t.ok(draws.every((u) => u >= 0 && u < 1));
  t.ok(Math.abs(mean - 1 / 2) < 0.005, `mean ${mean}`);
  t.ok(Math.abs(variance - 1 / 12) < 0.002, `variance ${variance}`);
  t.end();
});

t.test('normal numbers have the asked mean and deviation, and the kurtosis of a normal law', (t) => {
  const draws = new Float64Array(100_000);
  new Random(12).fillNormal(draws, -2, 3);
  const [mean, variance] = moments(draws);
  const fourth = draws.reduce((sum, x) => sum + (x - mean) ** 4 / variance ** 2, 0) / draws.length;
  t.ok(Math.abs(mean + 2) < 0.05, `mean ${mean}`);
  t.ok(Math.abs(Math.sqrt(variance) - 3) < 0.05, `deviation ${Math.sqrt(variance)}`);
  t.ok(Math.abs(fourth - 3) < 0.15, `kurtosis ${fourth}`);
  t.end();
});

function moments(draws: Float64Array): [mean: number, variance: number] {
  const mean = draws.reduce((sum, x) => sum + x, 0) / draws.length;
  return [mean, draws.reduce((sum, x) => sum + (x - mean) ** 2, 0) / draws.length];
}
