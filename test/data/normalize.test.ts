import fc from 'fast-check';
import t from 'tap';
import { normalize } from '../../dist/data/normalize';
import { Tensor } from '../../dist/tensor';
import { draws } from '../support/draws';

t.test('the equation, for every byte and channel', async () => {
  const channel = fc.tuple(fc.double({ min: -1, max: 1, noNaN: true }), fc.double({ min: 0.01, max: 2, noNaN: true }));
  const x = Uint8Array.from({ length: 256 * 12 }, (_, i) => i >> 2);
  fc.assert(
    fc.property(fc.array(channel, { minLength: 1, maxLength: 4 }), (channels) => {
      const [mean, std] = [channels.map(([m]) => m), channels.map(([, s]) => s)];
      const c = channels.length;
      const y = normalize(new Tensor(x, [1, x.length / 4 / c, 4, c]), mean, std);
      return y.data.every((v, i) => v === Math.fround((x[i]! / 255 - mean[i % c]!) / std[i % c]!));
    }),
    draws(50),
  );
});

t.test('writes into out', async (t) => {
  const out = Tensor.zeros([1, 1, 1, 3]);
  t.equal(normalize(new Tensor(Uint8Array.of(0, 255, 51), [1, 1, 1, 3]), [0.5, 0.5, 0], [0.5, 0.25, 1], out), out);
  t.same([...out.data], [-1, 2, Math.fround(0.2)]);
});

t.test('what does not fit', async (t) => {
  const x = new Tensor(new Uint8Array(12), [1, 2, 2, 3]);
  const mean = [0, 0, 0];
  const std = [1, 1, 1];
  t.throws(() => normalize(x, [0], std), { code: 'ERR_ARGUMENT', message: /mean is \[0\], expected 3 numbers/ });
  t.throws(() => normalize(x, mean, [1, 1]), { code: 'ERR_ARGUMENT', message: /std is \[1,1\]/ });
  t.throws(() => normalize(x, mean, [1, 0, 1]), { code: 'ERR_ARGUMENT', message: /above 0/ });
  t.throws(() => normalize(x, [Number.NaN, 0, 0], std), { code: 'ERR_ARGUMENT' });
  const shared = new Float32Array(12);
  const overlapping = new Tensor(new Uint8Array(shared.buffer, 40, 6), [2, 3]);
  t.throws(() => normalize(overlapping, mean, std, new Tensor(shared.subarray(5, 11), [2, 3])), {
    code: 'ERR_ARGUMENT',
    message: /overlaps/,
  });
  t.throws(() => normalize(x, mean, std, Tensor.zeros([1, 2, 2, 1])), {
    code: 'ERR_SHAPE',
    message: /\[1,2,2,1\], expected .*\[1,2,2,3\]/,
  });
  t.throws(() => normalize(Tensor.zeros([1, 2, 2, 3]) as never, mean, std), { code: 'ERR_DTYPE' });
  t.throws(() => normalize(x, mean, std, Tensor.zeros([1, 2, 2, 3], 'f64') as never), { code: 'ERR_DTYPE' });
});
