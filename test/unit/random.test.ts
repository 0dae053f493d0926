// The generator: against the published sequences of xoshiro128** and splitmix64, and the moments of what it draws.
import t from 'tap';
import { Random, type RandomState } from '../../dist/random';

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
