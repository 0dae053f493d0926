// Tensors for tests: filled at random, and compared.
import { Tensor } from '../../dist';
import { Random } from '../../dist/random';
import type { Shape } from '../../dist/shape';
import type { TensorData } from '../../dist/tensor';

/** Normal numbers. */
export function normal(shape: Shape, seed = 1, mean = 0, deviation = 1): Tensor {
  const tensor = Tensor.zeros(shape);
  new Random(seed).fillNormal(tensor.data, mean, deviation);
  return tensor;
}

/** Normal numbers, a fifth of them rounded: ties, |x - w| = 0, occur. */
export function withTies(shape: Shape, random: Random, deviation = 1): Tensor {
  const tensor = Tensor.zeros(shape);
  random.fillNormal(tensor.data, 0, deviation);
  tensor.data.forEach((v, i) => {
    if (random.uniform() < 0.2) tensor.data[i] = Math.round(v);
  });
  return tensor;
}

/** Images [start, end) of a batch, a copy. */
export function images(x: Tensor, start: number, end: number): Tensor {
  const size = x.size / x.shape[0]!;
  return new Tensor(x.data.slice(start * size, end * size), [end - start, ...x.shape.slice(1)]);
}

const bytesOf = ({ data }: Tensor<TensorData>): Buffer => Buffer.from(data.buffer, data.byteOffset, data.byteLength);
/** The bytes of a tensor as text, for `t.equal`. */
export const bits = (tensor: Tensor<TensorData>): string => bytesOf(tensor).toString('base64');
export const sameBits = (a: Tensor<TensorData>, b: Tensor<TensorData>): boolean => bytesOf(a).equals(bytesOf(b));

/** Throws at the first element farther from its definition than its tolerance. NaN must be NaN. */
export function checkClose(what: string, got: Float32Array, want: ArrayLike<number>, tolerance: (i: number) => number): void {
  got.forEach((v, i) => {
    const good = Number.isNaN(want[i]!) ? Number.isNaN(v) : Math.abs(v - want[i]!) <= tolerance(i);
    if (!good) throw new Error(`${what}[${i}] is ${v}, expected ${want[i]} within ${tolerance(i)}`);
  });
}
