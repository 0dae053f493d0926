// From floats to quantized numbers of up to 8 bits, bit-exactly.
import { native, rethrow } from '../binding';
import { checkOptions, optionNames } from '../options';
import type { Tensor } from '../tensor';
import { checkFloat, checkNumber, type OutOption, outputTensor } from './out';

/** What `quantizeActivations` takes. */
export interface QuantizeOptions extends OutOption<Uint8Array> {
  /** The quantized number of 0, an integer from 0 to `qmax`; of {@link quantizeActivations} alone. Default 0. */
  zeroPoint?: number | undefined;
  /** Largest quantized number, 2^bits − 1. Default 255. */
  qmax?: number | undefined;
}

const quantizeNames = optionNames<QuantizeOptions>({ zeroPoint: true, qmax: true, out: true });

/**
 * Quantizes activations: `q = clamp(rne(x / scale + zeroPoint), 0, qmax)`, where quotient and sum are rounded to float32 and rne rounds to
 * the nearest integer, halves to the even one.
 *
 * @param x     float32, of any shape, every number finite
 * @param scale the distance of two neighboring quantized numbers, a positive number, rounded to float32
 * @returns     uint8, of the shape of x
 * @throws {AdderNetError} ERR_ARGUMENT if x holds NaN or an infinity, or `scale` or `qmax` is out of range; ERR_SHAPE, ERR_DTYPE
 */
export function quantizeActivations(x: Tensor, scale: number, options: QuantizeOptions = {}): Tensor<Uint8Array> {
  const op = 'quantizeActivations';
  checkOptions(op, options, quantizeNames);
  checkFloat(op, 'x', x);
  checkNumber(op, 'scale', Math.fround(scale), (v) => v > 0, 'a positive number that float32 holds');
  const qmax = qmaxOf(op, options);
  const { zeroPoint = 0 } = options;
  checkNumber(op, 'zeroPoint', zeroPoint, (v) => Number.isInteger(v) && v >= 0 && v <= qmax, `an integer from 0 to ${qmax}`);
  const y = outputTensor(op, options.out, x.shape, [x], [], 'out', 'u8');
  rethrow(() => native().quantizeActivations(x.data, scale, zeroPoint, qmax, y.data));
  return y;
}

/** The largest quantized number of the options. */
export function qmaxOf(op: string, { qmax = 255 }: Pick<QuantizeOptions, 'qmax'>): number {
  checkNumber(op, 'qmax', qmax, (v) => Number.isInteger(v) && v >= 1 && v <= 255, 'an integer from 1 to 255');
  return qmax;
}
