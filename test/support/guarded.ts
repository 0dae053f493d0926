// Outputs within a larger buffer, to see what is written beside them.
import { Tensor } from '../../dist';
import type { Shape } from '../../dist/shape';
import type { ArrayOf, DType, TensorData } from '../../dist/tensor';

const mark = 123;
const guard = 64; // elements on either side

export function guarded<D extends DType = 'f32'>(shape: Shape, dtype: D = 'f32' as D): Tensor<ArrayOf<D>> {
  const size = shape.reduce((a, b) => a * b, 1);
  const all = Tensor.zeros([size + 2 * guard], dtype).data;
  all.fill(mark as never);
  return new Tensor(all.subarray(guard, guard + size) as ArrayOf<D>, shape);
}

/** Throws if something was written beside a guarded tensor. */
export function checkGuards(...tensors: Tensor<TensorData>[]): void {
  for (const { data } of tensors) {
    const all = new (data.constructor as Float32ArrayConstructor)(data.buffer as ArrayBuffer);
    if (![...all.subarray(0, guard), ...all.subarray(guard + data.length)].every((v) => v === mark)) throw new Error('written outside');
  }
}
