// Quantized nodes as graph.ts defines them: integer sums by the exact integer operations, all else in plain float32 arithmetic.
import { AdderNetError } from '../errors';
import { adderConv2d, int8Conv2d, maxPool2d, type QuantizedArray, type QuantizedDType, symmetricPad2d, winogradAdderConv2d } from '../ops';
import { integersOf } from '../ops/quantize';
import { arrayConstructors, Tensor } from '../tensor';
import type { Pool, Quantize, QuantizedConv2d, Value, ValueTensor } from './graph';
import { clamp, roundHalfEven } from './rounding';

export function quantizeValue({ output, scale, zeroPoint, qmin = 0, qmax }: Quantize, { data, shape }: Tensor): Tensor<QuantizedArray> {
  const q = quantizedArray(output, data.length);
  const divisor = Math.fround(scale);
  for (let i = 0; i < q.length; i++) {
    const v = data[i]!;
    if (!Number.isFinite(v)) throw new AdderNetError('ERR_ARGUMENT', `quantized networks take finite numbers, but there is a ${v}`);
    q[i] = clamp(roundHalfEven(Math.fround(Math.fround(v / divisor) + zeroPoint)), qmin, qmax);
  }
  return new Tensor(q, shape);
}

export function quantizedConv2d(node: QuantizedConv2d, read: (value: Value) => ValueTensor): ValueTensor {
  const sums = integerSums(node, read(node.x) as Tensor<QuantizedArray>);
  const { output, residual, qmin = 0, qmax, activation } = node;
  const v = new Tensor(rescaled(sums.data, node, residual && read(residual).data), sums.shape);
  if (qmax === undefined)
    return activation
      ? new Tensor(
          v.data.map((number) => clamp(number, activation.min, activation.max)),
          v.shape,
        )
      : v;
  const q = quantizedArray(output, v.size);
  for (let i = 0; i < q.length; i++) q[i] = Number.isNaN(v.data[i]) ? qmin : clamp(roundHalfEven(v.data[i]!), qmin, qmax);
  return new Tensor(q, sums.shape);
}

/** By the maximum of floats, which hold the integers exactly; a window that is all padding gives the least integer of the dtype. */
export function quantizedMaxPool({ output, attributes }: Pool, { data, shape }: Tensor<QuantizedArray>): Tensor<QuantizedArray> {
  const y = maxPool2d(new Tensor(Float32Array.from(data), shape), attributes);
  const q = quantizedArray(output, y.size);
  q.set(y.data.map((v) => Math.max(v, integersOf[output.dtype as QuantizedDType].min)));
  return new Tensor(q, y.shape);
}

const quantizedArray = ({ dtype }: Value, length: number): QuantizedArray => new arrayConstructors[dtype === 'i16' ? 'i16' : 'u8'](length);

function integerSums(node: QuantizedConv2d, x: Tensor<QuantizedArray>): Tensor<Int32Array> {
  const { padValue, offsets, shifts, constants, attributes } = node;
  if (node.kind === 'adder-winograd')
    return winogradAdderConv2d(x, node.filters as Tensor<QuantizedArray>, {
      ...{ padding: attributes.padding, padValue, offsets, shifts, constants },
    });
  const options = { ...attributes, padValue };
  if (node.kind === 'conv') return int8Conv2d(x as Tensor<Uint8Array>, node.filters as Tensor<Int8Array>, options);
  const sums = adderConv2d(node.isSymmetric ? padded(x, padValue) : x, node.filters as Tensor<QuantizedArray>, options);
  return node.isCentered ? centered(sums) : sums;
}

/** Floats hold the integers exactly. */
function padded(x: Tensor<QuantizedArray>, value: number): Tensor<QuantizedArray> {
  const { data, shape } = symmetricPad2d(new Tensor(Float32Array.from(x.data), x.shape), { value });
  return new Tensor(x.data instanceof Int16Array ? Int16Array.from(data) : Uint8Array.from(data), shape);
}

/** Less the mean over the channels of each pixel, rounded to nearest: doubles hold the sums. */
function centered({ data, shape }: Tensor<Int32Array>): Tensor<Int32Array> {
  const channels = shape.at(-1)!;
  const y = Int32Array.from(data);
  for (let first = 0; first < y.length; first += channels) {
    const pixel = data.subarray(first, first + channels);
    const mean = Math.floor(pixel.reduce((sum, v) => sum + v, 0) / channels + 0.5);
    for (let c = 0; c < channels; c++) y[first + c]! -= mean;
  }
  return new Tensor(y, shape);
}

/** scale * float(sum) + shift, then the residual: a double holds each product and sum of two floats well enough to round it once. */
function rescaled(sums: Int32Array, node: QuantizedConv2d, residual: QuantizedArray | Float32Array | undefined): Float32Array {
  const [scale, shift] = [node.scale.data, node.shift.data];
  const factor = Math.fround(residual instanceof Float32Array ? 1 : (node.residualScale ?? 1));
  const v = new Float32Array(sums.length);
  for (let first = 0; first < v.length; first += scale.length)
    for (let c = 0; c < scale.length; c++) {
      const affine = Math.fround(Math.fround(scale[c]! * Math.fround(sums[first + c]!)) + shift[c]!);
      v[first + c] = residual ? affine + Math.fround(factor * residual[first + c]!) : affine;
    }
  return v;
}
