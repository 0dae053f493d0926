// Pooling: a window's largest or mean element, channel by channel.
import { native, rethrow } from '../binding';
import { AdderNetError } from '../errors';
import { checkOptions, optionNames } from '../options';
import { type Padding, type Pair, poolGeometry, shapeText } from '../shape';
import type { Tensor } from '../tensor';
import { checkFloat, type OutOption, outNames, outputTensor } from './out';

/** What a pooling takes. */
export interface PoolOptions extends OutOption {
  /** Window, in pixels. */
  kernel: Pair;
  /** Pixels between two windows. Default: the kernel, so that windows do not overlap. */
  stride?: Pair | undefined;
  /** Rows and columns added on each side, at most half the kernel, [top, left, bottom, right] where the sides differ. Default 0. */
  padding?: Padding | undefined;
}

/** Names of the options of a pooling. */
export const poolNames = optionNames<PoolOptions>({ kernel: true, stride: true, padding: true, out: true });

/**
 * The largest element of each window, padding left out; a NaN in the window gives NaN.
 *
 * @param x [n, h, w, c], float32
 * @returns [n, ho, wo, c], with ho = ⌊(top + h + bottom − k) / s⌋ + 1
 * @throws {AdderNetError} ERR_SHAPE, ERR_DTYPE, ERR_ARGUMENT
 */
export function maxPool2d(x: Tensor, options: PoolOptions): Tensor {
  return pool('maxPool2d', 'maxPool2d', x, options);
}

/** The mean of each window, padding counted as zeros. Shapes and errors as {@link maxPool2d}. */
export function averagePool2d(x: Tensor, options: PoolOptions): Tensor {
  return pool('averagePool2d', 'averagePool2d', x, options);
}

/**
 * The mean over all pixels.
 *
 * @param x [n, h, w, c], float32
 * @returns [n, 1, 1, c]
 * @throws {AdderNetError} ERR_SHAPE, ERR_DTYPE, ERR_ARGUMENT
 */
export function globalAveragePool2d(x: Tensor, options: OutOption = {}): Tensor {
  checkOptions('globalAveragePool2d', options, outNames);
  checkFloat('globalAveragePool2d', 'x', x);
  if (x.shape.length !== 4)
    throw new AdderNetError('ERR_SHAPE', `globalAveragePool2d: x has shape ${shapeText(x.shape)}, expected rank 4, [n,h,w,c]`);
  return pool('globalAveragePool2d', 'averagePool2d', x, { kernel: [x.shape[1]!, x.shape[2]!], out: options.out });
}

function pool(op: string, kernel: 'maxPool2d' | 'averagePool2d', x: Tensor, options: PoolOptions): Tensor {
  checkOptions(op, options, poolNames);
  checkFloat(op, 'x', x);
  const { output, packed } = poolGeometry(op, x.shape, options);
  const y = outputTensor(op, options.out, output, [x]);
  rethrow(() => native()[kernel](x.data, y.data, packed));
  return y;
}
