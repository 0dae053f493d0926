// Tensors for tests: filled at random, or lying within a larger buffer to see what is written beside them.
import { Tensor } from '../../dist';
import { Random } from '../../dist/random';
import type { Shape } from '../../dist/shape';

export function normal(shape: Shape, seed: number, mean = 0, deviation = 1): Tensor {
  const tensor = Tensor.zeros(shape);
  new Random(seed).fillNormal(tensor.data, mean, deviation);
  return tensor;
}

const mark = 12345;
const guard = 64;

export function guarded(shape: Shape): Tensor {
  const size = shape.reduce((a, b) => a * b, 1);
  return new Tensor(new Float32Array(size + 2 * guard).fill(mark).subarray(guard, guard + size), shape);
}

/** Throws if something was written beside a guarded tensor. */
export function checkGuards(...tensors: Tensor[]): void {
  for (const { data } of tensors) {
    const all = new Float32Array(data.buffer);
    if (![...all.subarray(0, guard), ...all.subarray(guard + data.length)].every((v) => v === mark)) throw new Error('written outside');
  }
}

/** Throws at the first element farther from its definition than its tolerance. NaN must be NaN. */
export function checkClose(what: string, got: Float32Array, want: ArrayLike<number>, tolerance: (i: number) => number): void {
  got.forEach((v, i) => {
    const good = Number.isNaN(want[i]!) ? Number.isNaN(v) : Math.abs(v - want[i]!) <= tolerance(i);
    if (!good) throw new Error(`${what}[${i}] is ${v}, expected ${want[i]} within ${tolerance(i)}`);
  });
}

export const bits = ({ data }: Tensor): string => Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('base64');
