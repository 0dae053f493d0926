// Symmetric padding against its definition, exactly, and its gradient.
import fc from 'fast-check';
import t from 'tap';
import { ops, Tensor } from '../../../dist';
import { checkThreads } from '../../support/cpu-settings';
import { draws } from '../../support/draws';
import { checkGuards, guarded } from '../../support/guarded';
import { normal } from '../../support/tensors';

/** By the formula of the docstring. */
function definition({ data, shape }: Tensor, value: number): Float32Array {
  const [n, h, w, c] = shape as [number, number, number, number];
  const y = new Float32Array(n * (h + 1) * (w + 1) * c);
  let at = 0;
  for (let image = 0; image < n; image++)
    for (let row = 0; row <= h; row++)
      for (let column = 0; column <= w; column++)
        for (let channel = 0; channel < c; channel++) {
          const quarter = [3, 2, 1, 0].find((q) => channel >= Math.floor((q * c) / 4))!;
          const [i, j] = [row - (quarter < 2 ? 1 : 0), column - (quarter % 2 === 0 ? 1 : 0)];
          const isInside = i >= 0 && i < h && j >= 0 && j < w;
          y[at++] = isInside ? data[((image * h + i) * w + j) * c + channel]! : value;
        }
  return y;
}

interface Problem {
  shape: [number, number, number, number];
  value: number;
  seed: number;
}
const size = (max: number) => fc.integer({ min: 1, max });
const problem = fc.record({ shape: fc.tuple(size(3), size(9), size(9), size(70)), value: fc.constantFrom(0, -0.5, 3), seed: fc.nat() });

function check({ shape, value, seed }: Problem): void {
  const x = normal(shape, seed);
  const [n, h, w, c] = shape;
  const y = guarded([n, h + 1, w + 1, c]);
  ops.symmetricPad2d(x, { value, out: y });
  checkGuards(y);
  if (!definition(x, value).every((v, i) => v === y.data[i])) throw new Error('y differs from its definition');
  const gx = guarded(shape);
  ops.symmetricPad2dGrad(y, shape, { out: gx });
  checkGuards(gx);
  if (!x.data.every((v, i) => v === gx.data[i])) throw new Error('the gradient is not what was padded');
}

t.test('any sizes', async (t) => {
  t.doesNotThrow(() => fc.assert(fc.property(problem, check), draws(300)));
  for (const c of [2, 3, 4, 8, 16, 32, 64, 128]) t.doesNotThrow(() => check({ shape: [1, 3, 4, c], value: 0, seed: c }), `${c} channels`);
});

t.test('any number of threads', async (t) => {
  const [x, gy] = [normal([5, 30, 30, 20], 1), normal([5, 31, 31, 20], 2)];
  checkThreads(t, 'threads', () => [ops.symmetricPad2d(x), ops.symmetricPad2dGrad(gy, x.shape)]);
});

t.test('2x2 windows of ones see around a pixel evenly', async (t) => {
  const x = Tensor.zeros([1, 5, 5, 4]);
  x.data.fill(1, 4 * (2 * 5 + 2), 4 * (2 * 5 + 3)); // the middle pixel
  const filters = new Tensor(new Float32Array(16).fill(1), [1, 2, 2, 4]);
  const { data, shape } = ops.conv2d(ops.symmetricPad2d(x), filters);
  t.same(shape, [1, 5, 5, 1]);
  t.same([...data], [0, 0, 0, 0, 0, 0, 1, 2, 1, 0, 0, 2, 4, 2, 0, 0, 1, 2, 1, 0, 0, 0, 0, 0, 0]);
});

t.test('what does not fit is refused', async (t) => {
  const x = Tensor.zeros([1, 2, 2, 4]);
  t.throws(() => ops.symmetricPad2d(Tensor.zeros([2, 2])), { code: 'ERR_SHAPE', message: /expected rank 4/ });
  t.throws(() => ops.symmetricPad2d(x, { value: Number.NaN }), { code: 'ERR_ARGUMENT', message: /value is NaN, expected a finite number/ });
  t.throws(() => ops.symmetricPad2dGrad(x, [1, 2, 2, 4]), { code: 'ERR_SHAPE', message: /gy has shape \[1,2,2,4\], expected \[1,3,3,4\]/ });
});
