// Convolutions of small integers, exact in int32: what quantized inference is made of.

import { native, type QuantizedArray, rethrow } from '../binding';
import { AdderNetError } from '../errors';
import { checkOptions, optionNames } from '../options';
import { shown } from '../quoted';
import { type ConvGeometry, type ConvOptions, convGeometry } from '../shape';
import { type DType, Tensor, type TensorData } from '../tensor';
import { checkDType, type OutOption, outputTensor } from './out';
import { integersOf } from './quantize';

/** What integer convolutions take. */
export type IntegerArray = Uint8Array | Int8Array | Int16Array;

/** What a convolution of integers takes. */
export interface IntegerConvolutionOptions<Y extends TensorData = Int32Array> extends ConvOptions, OutOption<Y> {
  /** What padding reads, an integer that x could hold: the zero point of its quantization. Default 0. */
  padValue?: number | undefined;
}

/** How large weights are. */
export interface WeightBits {
  /** 7 promises weights in [-64, 63], which CPUs without VNNI or dot products multiply faster. The result is the same. Default 8. */
  weightBits?: 7 | 8 | undefined;
}

/** What `int8Conv2d` takes. */
export interface Int8ConvolutionOptions extends IntegerConvolutionOptions, WeightBits {}

/** Names of the options of each. */
export const integerNames = optionNames<IntegerConvolutionOptions>({
  stride: true,
  padding: true,
  dilation: true,
  groups: true,
  padValue: true,
  out: true,
});
const int8Names = [...integerNames, ...optionNames<WeightBits>({ weightBits: true })];

type IntegerType = keyof typeof integersOf;

/** The longest filter whose sum is sure to fit int32: of distances, and of products of uint8 and int8. */
const maxSum = 2 ** 31 - 1;
const maxDistanceElements = { u8: Math.floor(maxSum / 255), i8: Math.floor(maxSum / 255), i16: Math.floor(maxSum / 65535) };
const maxProductElements = Math.floor(maxSum / (255 * 128));
/** The longest filters of convolutions of quantized numbers: ordinary ones, and those of adders by the dtype of x. */
export const maxFilterElements = { conv: maxProductElements, u8: maxDistanceElements.u8, i16: maxDistanceElements.i16 } as const;

const isIntegerType = (dtype: DType): dtype is IntegerType => dtype in integersOf;
export const isInteger = (tensor: Tensor<TensorData>): tensor is Tensor<IntegerArray> =>
  tensor instanceof Tensor && isIntegerType(tensor.dtype);

/** {@link adderConv2d} of integers. */
export function adderConv2dInteger(
  x: Tensor<IntegerArray>,
  filters: Tensor<IntegerArray>,
  options: IntegerConvolutionOptions,
): Tensor<Int32Array> {
  const { geometry, padValue } = checkIntegers('adderConv2d', x, filters, x.dtype as IntegerType, maxDistanceElements, options);
  checkOptions('adderConv2d', options, integerNames);
  const y = outputTensor('adderConv2d', options.out, geometry.output, [x, filters], [], 'out', 'i32');
  rethrow(() => native().adderConv2dInteger(x.data, filters.data, padValue, y.data, geometry.packed));
  return y;
}

/**
 * Convolution of uint8 activations and int8 weights, exact: the baseline of 8-bit inference.
 *
 * `y[n,ho,wo,co] = Σ x[n, ho·s + kh·d − p, wo·s + kw·d − p, ci] · w[co,kh,kw,ci]`, where padding reads `padValue`.
 *
 * @param x       activations [n, h, w, ci], uint8
 * @param filters [co, kh, kw, ci / groups], int8, of at most 65,793 elements each
 * @returns       [n, ho, wo, co], int32
 * @throws {AdderNetError} ERR_SHAPE, ERR_DTYPE, ERR_MEMORY as {@link adderConv2d}; ERR_ARGUMENT besides if `weightBits` is 7 and a weight
 *   lies outside of [-64, 63]
 */
export function int8Conv2d(x: Tensor<Uint8Array>, filters: Tensor<Int8Array>, options: Int8ConvolutionOptions = {}): Tensor<Int32Array> {
  const { weightBits, geometry, padValue } = checkInt8('int8Conv2d', x, filters, options);
  checkOptions('int8Conv2d', options, int8Names);
  const y = outputTensor('int8Conv2d', options.out, geometry.output, [x, filters], [], 'out', 'i32');
  rethrow(() => native().int8Conv2d(x.data, filters.data, padValue, y.data, geometry.packed, weightBits));
  return y;
}

/** Where the windows of a convolution of integers lie, and what padding reads. */
export interface IntegerConv2d {
  geometry: ConvGeometry;
  padValue: number;
}
type IntegerOptions = Omit<IntegerConvolutionOptions, 'out'>;

/** What {@link adderConv2d} of uint8 or int16 checks, but the names of options, for operations that end otherwise. */
export function checkQuantizedAdder<Q extends QuantizedArray>(
  op: string,
  x: Tensor<Q>,
  filters: Tensor<Q>,
  options: IntegerOptions,
): IntegerConv2d {
  const type = quantizedType(x);
  checkDType(op, 'x', x, type);
  return checkIntegers(op, x, filters, type, maxDistanceElements, options);
}

/** int16 of a tensor of int16, and uint8 of what should be one of uint8. */
export const quantizedType = (tensor: Tensor<TensorData> | undefined): 'u8' | 'i16' => (tensor?.dtype === 'i16' ? 'i16' : 'u8');

/** What {@link int8Conv2d} checks, but the names of options. */
export function checkInt8(
  op: string,
  x: Tensor<Uint8Array>,
  filters: Tensor<Int8Array>,
  options: IntegerOptions & WeightBits,
): IntegerConv2d & { weightBits: 7 | 8 } {
  const { weightBits = 8 } = options;
  if (weightBits !== 7 && weightBits !== 8)
    throw new AdderNetError('ERR_ARGUMENT', `${op}: weightBits is ${shown(weightBits)}, expected 7 or 8`);
  checkDType(op, 'x', x, 'u8');
  return { weightBits, ...checkIntegers(op, x, filters, 'i8', { u8: maxProductElements }, options) };
}

function checkIntegers(
  op: string,
  x: Tensor<IntegerArray>,
  filters: Tensor<IntegerArray>,
  filterType: IntegerType,
  maxElements: Partial<Record<IntegerType, number>>,
  options: IntegerOptions,
): IntegerConv2d {
  const type = x.dtype as IntegerType;
  checkDType(op, 'x', x, type);
  checkDType(op, 'filters', filters, filterType);
  const geometry = convGeometry(op, x.shape, filters.shape, options);
  const length = filters.size / geometry.output[3];
  const limit = maxElements[type]!;
  if (length > limit)
    throw new AdderNetError('ERR_SHAPE', `${op}: a filter of ${length} elements may overflow int32 in ${type}, expected at most ${limit}`);
  if ('bias' in options && options.bias !== undefined)
    throw new AdderNetError('ERR_ARGUMENT', `${op}: bias is given, but an integer convolution has none`);
  const { min, max } = integersOf[type];
  const { padValue = 0 } = options;
  if (!Number.isInteger(padValue) || padValue < min || padValue > max)
    throw new AdderNetError('ERR_ARGUMENT', `${op}: padValue is ${shown(padValue)}, expected an integer from ${min} to ${max}`);
  return { geometry, padValue };
}
