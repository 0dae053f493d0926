// Convolutions of small integers, exact in int32: what 8-bit inference is made of.
import { native, rethrow } from '../binding';
import { AdderNetError } from '../errors';
import { type ConvGeometry, type ConvOptions, convGeometry } from '../shape';
import { type DType, Tensor, type TensorData } from '../tensor';
import { checkDType, type OutOption, outputTensor } from './out';

export type IntegerArray = Uint8Array | Int8Array | Int16Array;

export interface IntegerConvolutionOptions extends ConvOptions, OutOption<Int32Array> {
  /** What padding reads, an integer that x could hold: the zero point of its quantization. Default 0. */
  padValue?: number | undefined;
}

export interface Int8ConvolutionOptions extends IntegerConvolutionOptions {
  /** 7 promises weights in [-64, 63], which CPUs without VNNI or dot products multiply faster. The result is the same. Default 8. */
  weightBits?: 7 | 8 | undefined;
}

/** Smallest and largest number of a dtype, and the longest filter whose distances are sure to add up within int32. */
const integers = {
  u8: { least: 0, most: 255, longest: Math.floor((2 ** 31 - 1) / 255) },
  i8: { least: -128, most: 127, longest: Math.floor((2 ** 31 - 1) / 255) },
  i16: { least: -32768, most: 32767, longest: Math.floor((2 ** 31 - 1) / 65535) },
} as const;
/** The longest filter whose products of uint8 and int8 are sure to add up within int32. */
const longestProduct = Math.floor((2 ** 31 - 1) / (255 * 128));

const isIntegerType = (dtype: DType): dtype is keyof typeof integers => dtype in integers;
export const isInteger = (tensor: Tensor<TensorData>): tensor is Tensor<IntegerArray> =>
  tensor instanceof Tensor && isIntegerType(tensor.dtype);

/** {@link adderConv2d} of integers. */
export function adderConv2dInteger(
  x: Tensor<IntegerArray>,
  filters: Tensor<IntegerArray>,
  options: IntegerConvolutionOptions,
): Tensor<Int32Array> {
  const { geometry, padValue, y } = prepare('adderConv2d', x, filters, x.dtype as keyof typeof integers, options);
  rethrow(() => native().adderConv2dInteger(x.data, filters.data, padValue, y.data, geometry.packed));
  return y;
}

/**
 * Ordinary convolution of uint8 activations and int8 weights, exact: the multiplication baseline of 8-bit inference.
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
  const { weightBits = 8 } = options;
  if (weightBits !== 7 && weightBits !== 8)
    throw new AdderNetError('ERR_ARGUMENT', `int8Conv2d: weightBits is ${String(weightBits)}, expected 7 or 8`);
  checkDType('int8Conv2d', 'x', x, 'u8');
  const { geometry, padValue, y } = prepare('int8Conv2d', x, filters, 'i8', options);
  rethrow(() => native().int8Conv2d(x.data, filters.data, padValue, y.data, geometry.packed, weightBits));
  return y;
}

function prepare(
  op: 'adderConv2d' | 'int8Conv2d',
  x: Tensor<IntegerArray>,
  filters: Tensor<IntegerArray>,
  filterType: keyof typeof integers,
  options: IntegerConvolutionOptions,
): { geometry: ConvGeometry; padValue: number; y: Tensor<Int32Array> } {
  const type = x.dtype as keyof typeof integers;
  checkDType(op, 'x', x, type);
  checkDType(op, 'filters', filters, filterType);
  const geometry = convGeometry(op, x.shape, filters.shape, options);
  const { least, most, longest } = integers[type];
  const length = filters.size / geometry.output[3];
  const limit = op === 'int8Conv2d' ? longestProduct : longest;
  if (length > limit)
    throw new AdderNetError('ERR_SHAPE', `${op}: a filter of ${length} elements may overflow int32 in ${type}, expected at most ${limit}`);
  if ('bias' in options && options.bias !== undefined)
    throw new AdderNetError('ERR_ARGUMENT', `${op}: bias is given, but an integer convolution has none`);
  const { padValue = 0 } = options;
  if (!Number.isInteger(padValue) || padValue < least || padValue > most)
    throw new AdderNetError('ERR_ARGUMENT', `${op}: padValue is ${String(padValue)}, expected an integer from ${least} to ${most}`);
  return { geometry, padValue, y: outputTensor(op, options.out, geometry.output, [x, filters], [], 'out', 'i32') };
}
