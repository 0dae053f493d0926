// One element at a time. `out` may be the very memory of an input.

import { native, rethrow } from '../binding';
import { AdderNetError } from '../errors';
import { checkOptions, optionNames } from '../options';
import { shown } from '../quoted';
import { shapeText } from '../shape';
import type { Tensor } from '../tensor';
import { checkFloat, checkShapeIs, type OutOption, outNames, outputTensor } from './out';

/** What `batchNorm` takes. */
export interface BatchNormOptions extends OutOption {
  /** Running statistics and the learned affine map, one number a channel, [c]. */
  mean: Tensor;
  variance: Tensor;
  gamma: Tensor;
  beta: Tensor;
  /** Added to the variance. Default 1e-5. */
  epsilon?: number | undefined;
}

const batchNormNames = optionNames<BatchNormOptions>({
  mean: true,
  variance: true,
  gamma: true,
  beta: true,
  epsilon: true,
  out: true,
});

/**
 * Batch normalization at inference: `y = (x − mean) / √(variance + ε) · γ + β`, channels on the last axis.
 *
 * @param x [..., c], float32; `out` may be `x` itself
 * @throws {AdderNetError} ERR_SHAPE, ERR_DTYPE, ERR_ARGUMENT
 */
export function batchNorm(x: Tensor, options: BatchNormOptions): Tensor {
  checkOptions('batchNorm', options, batchNormNames);
  checkFloat('batchNorm', 'x', x);
  const channels = x.shape.at(-1);
  if (channels === undefined)
    throw new AdderNetError('ERR_SHAPE', `batchNorm: x has shape ${shapeText(x.shape)}, expected channels on the last axis`);
  const { mean, variance, gamma, beta, epsilon = 1e-5 } = options;
  for (const [name, statistic] of Object.entries({ mean, variance, gamma, beta })) {
    checkFloat('batchNorm', name, statistic);
    checkShapeIs('batchNorm', name, statistic, [channels]);
  }
  if (!Number.isFinite(epsilon) || epsilon < 0)
    throw new AdderNetError('ERR_ARGUMENT', `batchNorm: epsilon is ${shown(epsilon)}, expected a number of at least 0`);
  const y = outputTensor('batchNorm', options.out, x.shape, [mean, variance, gamma, beta], [x]);
  rethrow(() => native().batchNorm(x.data, mean.data, variance.data, gamma.data, beta.data, epsilon, y.data));
  return y;
}

/**
 * `y = max(0, x)`; NaN stays NaN. `out` may be `x` itself.
 * @throws {AdderNetError} ERR_SHAPE, ERR_DTYPE, ERR_ARGUMENT
 */
export function relu(x: Tensor, options: OutOption = {}): Tensor {
  checkOptions('relu', options, outNames);
  checkFloat('relu', 'x', x);
  const y = outputTensor('relu', options.out, x.shape, [], [x]);
  rethrow(() => native().relu(x.data, y.data));
  return y;
}

/**
 * `y = a + b`, shapes alike. `out` may be `a` or `b` itself.
 * @throws {AdderNetError} ERR_SHAPE, ERR_DTYPE, ERR_ARGUMENT
 */
export function add(a: Tensor, b: Tensor, options: OutOption = {}): Tensor {
  checkOptions('add', options, outNames);
  checkFloat('add', 'a', a);
  checkFloat('add', 'b', b);
  checkShapeIs('add', 'b', b, a.shape);
  const y = outputTensor('add', options.out, a.shape, [], [a, b]);
  rethrow(() => native().add(a.data, b.data, y.data));
  return y;
}
