// Nodes of bytes as graph.ts defines them: integer sums by the exact integer operations, all else in plain float32 arithmetic.
import { AdderNetError } from '../errors';
import { adderConv2d, int8Conv2d, maxPool2d } from '../ops';
import { Tensor } from '../tensor';
import type { Pool, Quantize, QuantizedConv2d, Value, ValueTensor } from './graph';
import { clamp, roundHalfEven } from './rounding';

export function quantizeValue({ scale, zeroPoint, qmax }: Quantize, { data, shape }: Tensor): Tensor<Uint8Array> {
  const q = new Uint8Array(data.length);
  for (let i = 0; i < q.length; i++) {
    const v = data[i]!;
    if (!Number.isFinite(v)) throw new AdderNetError('ERR_ARGUMENT', `quantized networks take finite numbers, but there is a ${v}`);
    q[i] = clamp(roundHalfEven(Math.fround(Math.fround(v / scale) + zeroPoint)), 0, qmax);
  }
  return new Tensor(q, shape);
}

export function quantizedConv2d(node: QuantizedConv2d, read: (value: Value) => ValueTensor): ValueTensor {
  const sums = integerSums(node, read(node.x) as Tensor<Uint8Array>);
  const { residual, qmax, activation } = node;
  const v = new Tensor(rescaled(sums.data, node, residual && read(residual).data), sums.shape);
  if (qmax === undefined)
    return activation
      ? new Tensor(
          v.data.map((number) => clamp(number, activation.min, activation.max)),
          v.shape,
        )
      : v;
  const q = new Uint8Array(v.size);
  for (let i = 0; i < q.length; i++) q[i] = clamp(roundHalfEven(v.data[i]!), 0, qmax);
  return new Tensor(q, sums.shape);
}

/** By the maximum of floats, which hold bytes exactly; -infinity, of a window that is all padding, becomes 0. */
export function maxPoolOfBytes({ attributes }: Pool, { data, shape }: Tensor<Uint8Array>): Tensor<Uint8Array> {
  const y = maxPool2d(new Tensor(Float32Array.from(data), shape), attributes);
  return new Tensor(Uint8Array.from(y.data), y.shape);
}

function integerSums(node: QuantizedConv2d, x: Tensor<Uint8Array>): Tensor<Int32Array> {
  const options = { ...node.attributes, padValue: node.padValue };
  return node.kind === 'adder'
    ? adderConv2d(x, node.filters as Tensor<Uint8Array>, options)
    : int8Conv2d(x, node.filters as Tensor<Int8Array>, options);
}

/** scale * float(sum) + shift, then the residual: a double holds each product and sum of two floats well enough to round it once. */
function rescaled(sums: Int32Array, node: QuantizedConv2d, residual: Uint8Array | Float32Array | undefined): Float32Array {
  const [scale, shift] = [node.scale.data, node.shift.data];
  const factor = Math.fround(residual instanceof Uint8Array ? (node.residualScale ?? 1) : 1);
  const v = new Float32Array(sums.length);
  for (let first = 0; first < v.length; first += scale.length)
    for (let c = 0; c < scale.length; c++) {
      const affine = Math.fround(Math.fround(scale[c]! * sums[first + c]!) + shift[c]!);
      v[first + c] = residual ? affine + Math.fround(factor * residual[first + c]!) : affine;
    }
  return v;
}
