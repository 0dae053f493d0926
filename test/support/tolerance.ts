// How far a float32 adder or ordinary convolution may lie from its definition, output by output.

import type { ConvOptions, Tensor } from '../../dist';
import { native } from '../../dist/binding';
import { convGeometry } from '../../dist/shape';

export type Operation = 'adderConv2d' | 'conv2d';

/** The definition in double, `y`, and the tolerance of each output. */
export function definition(
  operation: Operation,
  x: Tensor,
  filters: Tensor,
  options: ConvOptions,
  bias?: Tensor,
): { y: Float64Array; tolerance: Float64Array } {
  const { output, packed } = convGeometry(operation, x.shape, filters.shape, options);
  const size = output.reduce((a, b) => a * b);
  const reference = (kind: Operation, x: Float32Array, w: Float32Array, b?: Float32Array) => {
    const y = new Float64Array(size);
    if (kind === 'conv2d') native().referenceConv2d(x, w, b, y, packed);
    else native().referenceAdderConv2d(x, w, b, y, packed);
    return y;
  };
  const y = reference(operation, x.data, filters.data, bias?.data);
  const magnitudes = (a: Float32Array) => a.map((v) => (Number.isNaN(v) ? 0 : Math.abs(v)));
  const [absX, absW] = [magnitudes(x.data), magnitudes(filters.data)];
  // 2e-6 * (sum |x| + sum |w|): the max form of the L1 distance loses digits by cancellation. A product has nothing to cancel.
  const ones = (n: number) => new Float32Array(n).fill(1);
  const scale =
    operation === 'conv2d'
      ? reference('conv2d', absX, absW)
      : reference('conv2d', absX, ones(absW.length)).map((sum, i) => {
          const co = i % output[3];
          const k = absW.length / output[3];
          return sum + absW.subarray(co * k, (co + 1) * k).reduce((a, b) => a + b, 0);
        });
  return { y, tolerance: scale.map((s, i) => 2e-6 * s + 1e-7 * Math.abs(bias?.data[i % output[3]] ?? 0) + 1e-30) };
}

/** The first output beyond its tolerance, in words; undefined if there is none. NaN must be NaN. */
export function firstDifference(got: Float32Array, { y, tolerance }: { y: Float64Array; tolerance: Float64Array }): string | undefined {
  const i = got.findIndex((v, i) => (Number.isNaN(y[i]!) ? !Number.isNaN(v) : !(Math.abs(v - y[i]!) <= tolerance[i]!)));
  return i < 0 ? undefined : `output ${i} is ${got[i]}, expected ${y[i]} within ${tolerance[i]}`;
}
