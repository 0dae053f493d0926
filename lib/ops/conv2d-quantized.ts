// Integer convolutions that end in quantized numbers of up to 8 bits or in floats: what exact 8-bit inference is made of. They are bit-exact,
// the same on every CPU: float32, every operation rounded by itself, none fused.
import { native, type Rescaling, rethrow } from '../binding';
import { AdderNetError } from '../errors';
import { checkOptions, optionNames } from '../options';
import type { Tensor } from '../tensor';
import {
  checkAdderBytes,
  checkInt8,
  type IntegerConv2d,
  type IntegerConvolutionOptions,
  integerNames,
  type WeightBits,
} from './conv2d-integer';
import { checkDType, checkFloat, checkNumber, checkShapeIs, outputTensor } from './out';
import { type QuantizeOptions, qmaxOf } from './quantize';

/** What becomes of a sum of output channel co: `v = scale[co] · float(sum) + shift[co]`, then `+ residual`. */
export interface RescaleOptions {
  /** [co], finite */
  scale: Tensor;
  /** [co], finite */
  shift: Tensor;
  /** Of the output's shape: float32, or uint8 to add `residualScale · residual`. */
  residual?: Tensor | Tensor<Uint8Array> | undefined;
  /** What a uint8 residual counts in. Default 1. */
  residualScale?: number | undefined;
}

export interface RequantizeOptions extends IntegerConvolutionOptions<Uint8Array>, RescaleOptions, Pick<QuantizeOptions, 'qmax'> {}

export interface DequantizeOptions extends IntegerConvolutionOptions<Float32Array>, RescaleOptions {
  /** Ends with `max(0, v)`. Default false. */
  relu?: boolean | undefined;
}

const rescaleNames = [...integerNames, ...optionNames<RescaleOptions>({ scale: true, shift: true, residual: true, residualScale: true })];
const requantizeNames = [...rescaleNames, 'qmax'];
const dequantizeNames = [...rescaleNames, 'relu'];
const int8RequantizeNames = [...requantizeNames, 'weightBits'];
const int8DequantizeNames = [...dequantizeNames, 'weightBits'];

/**
 * {@link adderConv2d} of uint8, requantized for the next layer:
 *
 * `y = clamp(rne(v), 0, qmax)`, `v = scale[co] · float(Σ −|x − w|) + shift[co]`, then `v + residualScale · float(residual)` for a residual of
 * uint8 or `v + residual` for one of float32. In float32, every product and sum rounded by itself in this order; rne rounds to the nearest
 * integer, halves to the even one. Where v is NaN, as an infinite residual can make it, y is 0.
 *
 * @param x       activations [n, h, w, ci], uint8
 * @param filters [co, kh, kw, ci / groups], uint8, of the same scale as x
 * @returns       [n, ho, wo, co], uint8
 * @throws {AdderNetError} ERR_SHAPE, ERR_DTYPE, ERR_ARGUMENT, ERR_MEMORY as {@link adderConv2d}; ERR_ARGUMENT besides if a scale or a shift
 *   is not finite or `qmax` is not an integer from 1 to 255
 */
export function adderConv2dRequantized(x: Tensor<Uint8Array>, filters: Tensor<Uint8Array>, options: RequantizeOptions): Tensor<Uint8Array> {
  const op = 'adderConv2dRequantized';
  checkOptions(op, options, requantizeNames);
  const { sums, y, qmax } = requantization(op, x, filters, checkAdderBytes(op, x, filters, options), options);
  rethrow(() => native().adderConv2dRequantized({ ...sums, filters: filters.data, y: y.data, qmax }));
  return y;
}

/**
 * {@link adderConv2dRequantized} that ends in float32: `y = v`, or with `relu` `max(0, v)`, in which a zero is +0 and NaN stays NaN. For the
 * shortcut of a block that changes its size, and for the last layers.
 *
 * @returns [n, ho, wo, co], float32
 * @throws {AdderNetError} ERR_SHAPE, ERR_DTYPE, ERR_ARGUMENT, ERR_MEMORY
 */
export function adderConv2dDequantized(x: Tensor<Uint8Array>, filters: Tensor<Uint8Array>, options: DequantizeOptions): Tensor {
  const op = 'adderConv2dDequantized';
  checkOptions(op, options, dequantizeNames);
  const { sums, y, relu } = dequantization(op, x, filters, checkAdderBytes(op, x, filters, options), options);
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
  const { sums, y, qmax } = requantization(op, x, filters, checked, options);
  rethrow(() => native().int8Conv2dRequantized({ ...sums, filters: filters.data, y: y.data, qmax, weightBits }));
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

type Filters = Tensor<Uint8Array> | Tensor<Int8Array>;

/** What native code takes of the sums and of what becomes of them, and where quantized numbers go. */
function requantization(op: string, x: Tensor<Uint8Array>, filters: Filters, checked: IntegerConv2d, options: RequantizeOptions) {
  const { inputs, rescaling } = checkRescaling(op, checked.geometry.output, options);
  const qmax = qmaxOf(op, options);
  const y = outputTensor(op, options.out, checked.geometry.output, [x, filters, ...inputs], [], 'out', 'u8');
  return { sums: { ...sumsOf(x, checked), ...rescaling }, y, qmax };
}

/** The same, where floats go. */
function dequantization(op: string, x: Tensor<Uint8Array>, filters: Filters, checked: IntegerConv2d, options: DequantizeOptions) {
  const { inputs, rescaling } = checkRescaling(op, checked.geometry.output, options);
  const y = outputTensor(op, options.out, checked.geometry.output, [x, filters, ...inputs]);
  return { sums: { ...sumsOf(x, checked), ...rescaling }, y, relu: options.relu ?? false };
}

const sumsOf = (x: Tensor<Uint8Array>, { geometry, padValue }: IntegerConv2d) => ({ x: x.data, padValue, geometry: geometry.packed });

/** The tensors that the output may not overlap, and what native code takes. */
function checkRescaling(
  op: string,
  output: readonly number[],
  { scale, shift, residual, residualScale }: RescaleOptions,
): { inputs: (Tensor | Tensor<Uint8Array>)[]; rescaling: Rescaling } {
  for (const [name, factors] of Object.entries({ scale, shift })) {
    checkFloat(op, name, factors);
    checkShapeIs(op, name, factors, [output[3]!]);
    const strange = factors.data.find((v) => !Number.isFinite(v));
    if (strange !== undefined) throw new AdderNetError('ERR_ARGUMENT', `${op}: ${name} holds ${strange}, expected finite numbers`);
  }
  const inputs: (Tensor | Tensor<Uint8Array>)[] = [scale, shift];
  if (residual !== undefined) {
    checkDType(op, 'residual', residual, residual.dtype === 'u8' ? 'u8' : 'f32');
    checkShapeIs(op, 'residual', residual, output);
    inputs.push(residual);
  }
  if (residualScale !== undefined) {
    if (residual?.dtype !== 'u8')
      throw new AdderNetError('ERR_ARGUMENT', `${op}: residualScale is given, but without a residual of uint8: leave it out`);
    checkNumber(op, 'residualScale', Math.fround(residualScale), () => true, 'a number that float32 holds');
  }
  return { inputs, rescaling: { scale: scale.data, shift: shift.data, residual: residual?.data, residualScale: residualScale ?? 1 } };
}
