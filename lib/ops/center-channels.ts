// Outputs less what all channels of a pixel share.
import { native, rethrow } from '../binding';
import { checkOptions, optionNames } from '../options';
import type { Tensor } from '../tensor';
import { channelsOf, checkBias, checkFloat, checkNumber, type OutOption, outputTensor } from './out';

/** What `centerChannels` takes. */
export interface CenterOptions extends OutOption {
  /** Added to each channel afterwards, [c]. */
  bias?: Tensor | undefined;
  /** Part of the mean that is taken off, 0 to 1. Default 1. */
  part?: number | undefined;
}

const names = optionNames<CenterOptions>({ bias: true, part: true, out: true });

/**
 * `y[..., c] = x[..., c] − part · mean over the channels of x[...] + bias[c]`. It is its own gradient: `gx = centerChannels(gy, { part })`.
 * `out` may be `x` itself. A NaN in one channel makes all of its pixel NaN.
 *
 * Distances tell first how far a window is from everything, which all filters share; centered outputs tell filters apart.
 *
 * @param x [..., c], float32
 * @returns [..., c]
 * @throws {AdderNetError} ERR_SHAPE, ERR_DTYPE, ERR_ARGUMENT
 */
export function centerChannels(x: Tensor, options: CenterOptions = {}): Tensor {
  checkOptions('centerChannels', options, names);
  checkFloat('centerChannels', 'x', x);
  const channels = channelsOf('centerChannels', 'x', x);
  const { bias, part = 1, out } = options;
  checkNumber('centerChannels', 'part', part, (v) => v >= 0 && v <= 1, 'a number from 0 to 1');
  checkBias('centerChannels', bias, channels);
  const y = outputTensor('centerChannels', out, x.shape, bias ? [bias] : [], [x]);
  rethrow(() => native().centerChannels(x.data, bias?.data, channels, y.data, part));
  return y;
}
