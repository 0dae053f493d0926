// From floats to quantized numbers, bit-exactly: uint8 of up to 8 bits, int16 of up to 16.
import { native, type QuantizedArray, rethrow } from '../binding';
import { AdderNetError } from '../errors';
import { checkOptions, optionNames } from '../options';
import { shown } from '../quoted';
import type { ArrayOf, Tensor } from '../tensor';
import { checkFloat, checkNumber, type OutOption, outputTensor } from './out';

export type { QuantizedArray } from '../binding';

/** The dtypes of quantized numbers. */
export type QuantizedDType = 'u8' | 'i16';

/** The integers of each dtype. */
export const integersOf = { u8: { min: 0, max: 255 }, i8: { min: -128, max: 127 }, i16: { min: -32768, max: 32767 } } as const;

/** To which integers quantized numbers are clamped. */
export interface QuantizedRangeOptions {
  /** The least quantized number. Default: that of the dtype, 0 of uint8 and −32768 of int16. */
  qmin?: number | undefined;
  /** The largest quantized number. Default: that of the dtype, 255 of uint8 and 32767 of int16. */
  qmax?: number | undefined;
}

/** What `quantizeActivations` takes. */
export interface QuantizeOptions<D extends QuantizedDType = 'u8'> extends QuantizedRangeOptions, OutOption<ArrayOf<D>> {
  /** What the quantized numbers are stored in: 'u8', up to 8 bits, or 'i16', up to 16. Default 'u8'. */
  dtype?: D | undefined;
  /** The quantized number of 0, an integer from `qmin` to `qmax`. Default 0. */
  zeroPoint?: number | undefined;
}

const quantizeNames = optionNames<QuantizeOptions>({ dtype: true, zeroPoint: true, qmin: true, qmax: true, out: true });

/**
 * Quantizes activations: `q = clamp(rne(x / scale + zeroPoint), qmin, qmax)`, where quotient and sum are rounded to float32 and rne rounds to
 * the nearest integer, halves to the even one.
 *
 * @param x     float32, of any shape, every number finite
 * @param scale the distance of two neighboring quantized numbers, a positive number, rounded to float32
 * @returns     uint8, or int16 with `dtype: 'i16'`, of the shape of x
 * @throws {AdderNetError} ERR_ARGUMENT if x holds NaN or an infinity, or `scale`, `qmin` or `qmax` is out of range; ERR_SHAPE, ERR_DTYPE
 */
export function quantizeActivations<D extends QuantizedDType = 'u8'>(
  x: Tensor,
  scale: number,
  options: QuantizeOptions<D> = {},
): Tensor<ArrayOf<D>> {
  const op = 'quantizeActivations';
  checkOptions(op, options, quantizeNames);
  checkFloat(op, 'x', x);
  checkNumber(op, 'scale', Math.fround(scale), (v) => v > 0, 'a positive number that float32 holds');
  const { dtype = 'u8' as D, zeroPoint = 0 } = options;
  if (dtype !== 'u8' && dtype !== 'i16') throw new AdderNetError('ERR_ARGUMENT', `${op}: dtype is ${shown(dtype)}, expected 'u8' or 'i16'`);
  const { qmin, qmax } = quantizedRangeOf(op, dtype, options);
  const isBetween = (v: number) => Number.isInteger(v) && v >= qmin && v <= qmax;
  checkNumber(op, 'zeroPoint', zeroPoint, isBetween, `an integer from ${qmin} to ${qmax}`);
  const y = outputTensor<D>(op, options.out, x.shape, [x], [], 'out', dtype);
  rethrow(() => native().quantizeActivations(x.data, scale, zeroPoint, qmin, qmax, y.data as QuantizedArray));
  return y;
}

/** The integers that the options ask for. */
export function quantizedRangeOf(op: string, dtype: QuantizedDType, options: QuantizedRangeOptions): { qmin: number; qmax: number } {
  const { min, max } = integersOf[dtype];
  const { qmin = min, qmax = max } = options;
  const isInteger = (v: number) => Number.isInteger(v) && v >= min && v <= max;
  checkNumber(op, 'qmin', qmin, (v) => isInteger(v) && v < max, `an integer from ${min} to ${max - 1}`);
  checkNumber(op, 'qmax', qmax, (v) => isInteger(v) && v > qmin, `an integer from ${qmin + 1} to ${max}`);
  return { qmin, qmax };
}
