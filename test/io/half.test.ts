// Halves against their definition: (-1)^s 2^(e-15) (1 + f/1024), subnormals 2^-14 f/1024.
import fc from 'fast-check';
import t from 'tap';
import { maxHalf, nearestHalves, widenBfloats, widenHalves } from '../../dist/io/half';
import { draws } from '../support/draws';

const all = Uint16Array.from({ length: 65536 }, (_, i) => i);
const halfValue = (half: number) => {
  const [sign, exponent, fraction] = [half >> 15 ? -1 : 1, (half >> 10) & 31, (half & 1023) / 1024];
  if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return sign * (exponent ? 2 ** (exponent - 15) * (1 + fraction) : 2 ** -14 * fraction);
};

t.test('every half has its value, and comes back', async (t) => {
  const values = widenHalves(all);
  t.same(
    [...all].filter((half) => !Object.is(values[half], halfValue(half))),
    [],
  );
  const back = nearestHalves(values);
  t.same(
    [...all].filter((half) => back[half] !== half && !Number.isNaN(values[half]!)),
    [],
  );
  t.ok([...all].every((half) => !Number.isNaN(values[half]!) || Number.isNaN(halfValue(back[half]!))));
});

t.test('every bfloat16 has its value: 8 bits of exponent, 7 of fraction', async (t) => {
  const bfloatValue = (bfloat: number) => {
    const [sign, exponent, fraction] = [bfloat >> 15 ? -1 : 1, (bfloat >> 7) & 255, (bfloat & 127) / 128];
    if (exponent === 255) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
    return sign * (exponent ? 2 ** (exponent - 127) * (1 + fraction) : 2 ** -126 * fraction);
  };
  const values = widenBfloats(all);
  t.same(
    [...all].filter((bfloat) => !Object.is(values[bfloat], bfloatValue(bfloat))),
    [],
  );
});

t.test('any number becomes the nearest half, ties to even', async (t) => {
  const halfOf = (value: number) => nearestHalves(Float32Array.of(value))[0]!;
  const finite = [...all.subarray(0, 0x7c00)].map(halfValue);
  for (let i = 0; i + 1 < finite.length; i += 7) {
    const [low, high] = [finite[i]!, finite[i + 1]!];
    const middle = (low + high) / 2;
    const step = (high - low) / 64;
    t.ok(
      halfOf(middle) === i + (i & 1) &&
        halfOf(middle - step) === i &&
        halfOf(middle + step) === i + 1 &&
        halfOf(-middle) === 0x8000 + i + (i & 1),
      `${middle}`,
    );
  }
  fc.assert(
    fc.property(fc.float({ min: -maxHalf, max: maxHalf, noNaN: true }), (value) => {
      const half = halfOf(value);
      const distance = Math.abs(halfValue(half) - value);
      return [half - 1, half + 1].every((other) => !(Math.abs(halfValue(other & 0xffff) - value) < distance));
    }),
    draws(2000),
  );
  t.same([65519, 65520, 65536, 1e30, Number.POSITIVE_INFINITY].map(halfOf), [0x7bff, 0x7c00, 0x7c00, 0x7c00, 0x7c00]);
  t.same([0, -0, 2 ** -25, 2 ** -24, 1.5 * 2 ** -25].map(halfOf), [0, 0x8000, 0, 1, 1]);
});
