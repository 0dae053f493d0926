// Integer convolutions that end in quantized numbers or in floats: what exact quantized inference is made of. Quantized numbers are uint8, up
// to 8 bits, or int16, up to 16. They are bit-exact, the same on every CPU: float32, every operation rounded by itself, none fused.
import { native, type QuantizedArray, type Rescaling, rethrow } from '../binding';
import { AdderNetError } from '../errors';
import { checkOptions, optionNames } from '../options';
import type { Tensor, TensorData } from '../tensor';
import {
  checkInt8,
  checkQuantizedAdder,
  type IntegerConv2d,
  type IntegerConvolutionOptions,
  integerNames,
  quantizedType,
  type WeightBits,
} from './conv2d-integer';
import { checkDType, checkFloat, checkNumber, checkShapeIs, outputTensor } from './out';
import { type QuantizedRangeOptions, quantizedRangeOf } from './quantize';

/** What becomes of a sum of output channel co: `v = scale[co] · float(sum) + shift[co]`, then `+ residual`. */
export interface RescaleOptions<Q extends QuantizedArray = Uint8Array> {
  /** [co], finite */
  scale: Tensor;
  /** [co], finite */
  shift: Tensor;
  /** Of the output's shape: float32, or of the dtype of x to add `residualScale · residual`. */
  residual?: Tensor | Tensor<Q> | undefined;
  /** What a residual of the dtype of x counts in. Default 1. */
  residualScale?: number | undefined;
}

export interface RequantizeOptions<Q extends QuantizedArray = Uint8Array>
  extends IntegerConvolutionOptions<Q>,
    RescaleOptions<Q>,
    QuantizedRangeOptions {}

export interface DequantizeOptions<Q extends QuantizedArray = Uint8Array>
  extends IntegerConvolutionOptions<Float32Array>,
    RescaleOptions<Q> {
  /** Ends with `max(0, v)`. Default false. */
  relu?: boolean | undefined;
}

const rescaleNames = [...integerNames, ...optionNames<RescaleOptions>({ scale: true, shift: true, residual: true, residualScale: true })];
const requantizeNames = [...rescaleNames, 'qmin', 'qmax'];
const dequantizeNames = [...rescaleNames, 'relu'];
const int8RequantizeNames = [...requantizeNames, 'weightBits'];
const int8DequantizeNames = [...dequantizeNames, 'weightBits'];

/**
 * {@link adderConv2d} of uint8 or int16, requantized for the next layer:
 *
 * `y = clamp(rne(v), qmin, qmax)`, `v = scale[co] · float(Σ −|x − w|) + shift[co]`, then `v + residualScale · float(residual)` for a residual
 * of the dtype of x or `v + residual` for one of float32. In float32, every product and sum rounded by itself in this order; rne rounds to the
 * nearest integer, halves to the even one. A sum beyond 2^24, which filters of more than 256 elements of int16 can have, becomes the nearest
 * float, again the even one of two. Where v is NaN, as an infinite residual can make it, y is qmin.
 *
 * @param x       activations [n, h, w, ci], uint8 or int16
 * @param filters [co, kh, kw, ci / groups], of the dtype and the scale of x
 * @returns       [n, ho, wo, co], of the dtype of x
 * @throws {AdderNetError} ERR_SHAPE, ERR_DTYPE, ERR_ARGUMENT, ERR_MEMORY as {@link adderConv2d}; ERR_ARGUMENT besides if a scale or a shift
 *   is not finite, or `qmin` and `qmax` are not integers of the dtype, in this order
 */
export function adderConv2dRequantized<Q extends QuantizedArray>(
  x: Tensor<Q>,
  filters: Tensor<Q>,
  options: RequantizeOptions<Q>,
): Tensor<Q> {
  const op = 'adderConv2dRequantized';
  checkOptions(op, options, requantizeNames);
  const { sums, y, range } = requantization(op, x, filters, checkQuantizedAdder(op, x, filters, options), options);
  rethrow(() => native().adderConv2dRequantized({ ...sums, filters: filters.data, y: y.data, ...range }));
  return y;
}

/**
 * {@link adderConv2dRequantized} that ends in float32: `y = v`, or with `relu` `max(0, v)`, in which a zero is +0 and NaN stays NaN. For the
 * shortcut of a block that changes its size, and for the last layers.
 *
 * @returns [n, ho, wo, co], float32
 * @throws {AdderNetError} ERR_SHAPE, ERR_DTYPE, ERR_ARGUMENT, ERR_MEMORY
 */
export function adderConv2dDequantized<Q extends QuantizedArray>(x: Tensor<Q>, filters: Tensor<Q>, options: DequantizeOptions<Q>): Tensor {
  const op = 'adderConv2dDequantized';
  checkOptions(op, options, dequantizeNames);
  const { sums, y, relu } = dequantization(op, x, filters, checkQuantizedAdder(op, x, filters, options), options);
  rethrow(() => native().adderConv2dDequantized({ ...sums, filters: filters.data, y: y.data, relu }));
  return y;
}

/**
 * {@link int8Conv2d}, requantized as {@link adderConv2dRequantized} is, with `Σ x · w` for its sum.
 *
 * @throws {AdderNetError} ERR_SHAPE, ERR_DTYPE, ERR_ARGUMENT, ERR_MEMORY
 */
export function int8Conv2dRequantized(
  x: Tensor<Uint8Array>,
  filters: Tensor<Int8Array>,
  options: RequantizeOptions & WeightBits,
): Tensor<Uint8Array> {
  const op = 'int8Conv2dRequantized';
  checkOptions(op, options, int8RequantizeNames);
  const { weightBits, ...checked } = checkInt8(op, x, filters, options);
  const { sums, y, range } = requantization(op, x, filters, checked, options);
  rethrow(() => native().int8Conv2dRequantized({ ...sums, filters: filters.data, y: y.data, ...range, weightBits }));
  return y;
}

/**
 * {@link int8Conv2d} that ends in float32 as {@link adderConv2dDequantized} does, with `Σ x · w` for its sum.
 *
 * @throws {AdderNetError} ERR_SHAPE, ERR_DTYPE, ERR_ARGUMENT, ERR_MEMORY
 */
export function int8Conv2dDequantized(x: Tensor<Uint8Array>, filters: Tensor<Int8Array>, options: DequantizeOptions & WeightBits): Tensor {
  const op = 'int8Conv2dDequantized';
  checkOptions(op, options, int8DequantizeNames);
  const { weightBits, ...checked } = checkInt8(op, x, filters, options);
  const { sums, y, relu } = dequantization(op, x, filters, checked, options);
  rethrow(() => native().int8Conv2dDequantized({ ...sums, filters: filters.data, y: y.data, relu, weightBits }));
  return y;
}

/** What native code takes of the sums and of what becomes of them, and where quantized numbers go. */
function requantization<Q extends QuantizedArray>(
  op: string,
  x: Tensor<Q>,
  filters: Tensor<TensorData>,
  checked: IntegerConv2d,
  options: RequantizeOptions<Q>,
) {
  const { inputs, rescaling } = checkRescaling(op, x, checked.geometry.output, options);
  const dtype = quantizedType(x);
  const range = quantizedRangeOf(op, dtype, options);
  const out = options.out as Tensor<QuantizedArray> | undefined;
  const y = outputTensor<'u8' | 'i16'>(op, out, checked.geometry.output, [x, filters, ...inputs], [], 'out', dtype) as Tensor<Q>;
  return { sums: { ...sumsOf(x, checked), ...rescaling }, y, range };
}

/** The same, where floats go. */
function dequantization<Q extends QuantizedArray>(
  op: string,
  x: Tensor<Q>,
  filters: Tensor<TensorData>,
  checked: IntegerConv2d,
  options: DequantizeOptions<Q>,
) {
  const { inputs, rescaling } = checkRescaling(op, x, checked.geometry.output, options);
  const y = outputTensor(op, options.out, checked.geometry.output, [x, filters, ...inputs]);
  return { sums: { ...sumsOf(x, checked), ...rescaling }, y, relu: options.relu ?? false };
}

const sumsOf = <Q extends QuantizedArray>(x: Tensor<Q>, { geometry, padValue }: IntegerConv2d) => ({
  x: x.data,
  padValue,
  geometry: geometry.packed,
});

/** The tensors that the output may not overlap, and what native code takes. */
function checkRescaling<Q extends QuantizedArray>(
  op: string,
  x: Tensor<Q>,
  output: readonly number[],
  { scale, shift, residual, residualScale }: RescaleOptions<Q>,
): { inputs: Tensor<TensorData>[]; rescaling: Rescaling<Q> } {
  for (const [name, factors] of Object.entries({ scale, shift })) {
    checkFloat(op, name, factors);
    checkShapeIs(op, name, factors, [output[3]!]);
    const strange = factors.data.find((v) => !Number.isFinite(v));
    if (strange !== undefined) throw new AdderNetError('ERR_ARGUMENT', `${op}: ${name} holds ${strange}, expected finite numbers`);
  }
  const inputs: Tensor<TensorData>[] = [scale, shift];
  if (residual !== undefined) {
    checkDType(op, 'residual', residual, residual.dtype === x.dtype ? x.dtype : 'f32');
    checkShapeIs(op, 'residual', residual, output);
    inputs.push(residual);
  }
  if (residualScale !== undefined) {
    if (residual?.dtype !== x.dtype)
      throw new AdderNetError('ERR_ARGUMENT', `${op}: residualScale is given, but without a residual of ${x.dtype}: leave it out`);
    checkNumber(op, 'residualScale', Math.fround(residualScale), () => true, 'a number that float32 holds');
  }
  return { inputs, rescaling: { scale: scale.data, shift: shift.data, residual: residual?.data, residualScale: residualScale ?? 1 } };
}
