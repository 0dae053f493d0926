// Batch normalization: at inference; in training, with the statistics of the batch, and its gradient. Training passes are bound by memory, so
// ReLU and the addition of a residual are fused in.
import { native, rethrow } from '../binding';
import { AdderNetError } from '../errors';
import { checkOptions, optionNames } from '../options';
import { shown } from '../quoted';
import { shapeText } from '../shape';
import type { Tensor } from '../tensor';
import { channelsOf, checkFloat, checkNumber, checkShapeIs, type OutOption, outputTensor } from './out';

/** What `batchNorm` takes. */
export interface BatchNormOptions extends OutOption {
  /** Running statistics and the trained affine map, one number a channel, [c]. */
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

/** What `batchNormTrain` takes. */
export interface BatchNormTrainOptions {
  /** The trained affine map, [c]. */
  gamma: Tensor;
  beta: Tensor;
  /** Running statistics, [c]: updated in place. */
  runningMean: Tensor;
  runningVariance: Tensor;
  /** Share of this batch in the running statistics. Default 0.1. */
  momentum?: number | undefined;
  /** Added to the variance. Default 1e-5. */
  epsilon?: number | undefined;
  /** Ends with max(0, ·). Default false. */
  relu?: boolean | undefined;
  /** Added before the ReLU, of the shape of x. */
  residual?: Tensor | undefined;
  /** Tensors to write into. `y` may be `x` or `residual` itself, if their values are needed no more: the gradient needs `x`. */
  out?: { y?: Tensor | undefined; mean?: Tensor | undefined; invStd?: Tensor | undefined } | undefined;
}

const trainNames = optionNames<BatchNormTrainOptions>({
  gamma: true,
  beta: true,
  runningMean: true,
  runningVariance: true,
  momentum: true,
  epsilon: true,
  relu: true,
  residual: true,
  out: true,
});

/** What `batchNormTrain` gives. */
export interface BatchNormTrained {
  y: Tensor;
  /** What {@link batchNormGrad} needs to know of the batch, [c]. */
  mean: Tensor;
  invStd: Tensor;
}

/**
 * Batch normalization in training, channels on the last axis:
 * `y = (x − mean) · invStd · γ + β`, then `+ residual`, then `max(0, ·)`, where mean and biased variance are those of the batch and
 * `invStd = 1 / √(variance + ε)`. The running variance is the unbiased one; of a single value a channel it is 0.
 *
 * A NaN or an infinity makes its channel NaN, in `y` and in the running statistics.
 *
 * @param x [..., c], float32
 * @throws {AdderNetError} ERR_SHAPE, ERR_DTYPE, ERR_ARGUMENT; ERR_MEMORY if working memory runs out
 */
export function batchNormTrain(x: Tensor, options: BatchNormTrainOptions): BatchNormTrained {
  const op = 'batchNormTrain';
  checkOptions(op, options, trainNames);
  const { gamma, beta, runningMean, runningVariance, momentum = 0.1, epsilon = 1e-5, relu = false, residual, out = {} } = options;
  checkFloat(op, 'x', x);
  const shape = [channelsOf(op, 'x', x)];
  checkAll(op, { gamma, beta, runningMean, runningVariance }, shape);
  if (residual) checkAll(op, { residual }, x.shape);
  checkNumber(op, 'momentum', momentum, (v) => v >= 0 && v <= 1, 'a number from 0 to 1');
  checkNumber(op, 'epsilon', epsilon, (v) => v > 0, 'a positive number like 1e-5');
  const inputs = residual ? [x, residual] : [x];
  const parameters = [gamma, beta];
  outputTensor(op, runningMean, shape, [...inputs, ...parameters], [], 'runningMean');
  outputTensor(op, runningVariance, shape, [...inputs, ...parameters, runningMean], [], 'runningVariance');
  const statistics = [...parameters, runningMean, runningVariance];
  const y = outputTensor(op, out.y, x.shape, statistics, inputs, 'out.y');
  const mean = outputTensor(op, out.mean, shape, [...inputs, ...statistics, y], [], 'out.mean');
  const invStd = outputTensor(op, out.invStd, shape, [...inputs, ...statistics, y, mean], [], 'out.invStd');
  rethrow(() =>
    native().batchNormTrain(
      x.data,
      gamma.data,
      beta.data,
      residual?.data,
      relu,
      momentum,
      epsilon,
      runningMean.data,
      runningVariance.data,
      y.data,
      mean.data,
      invStd.data,
    ),
  );
  return { y, mean, invStd };
}

/** What `batchNormGrad` takes. */
export interface BatchNormGradOptions {
  /** What the forward pass read and returned. */
  x: Tensor;
  gamma: Tensor;
  mean: Tensor;
  invStd: Tensor;
  /** Output of the forward pass where it ended with a ReLU: the gradient passes where y > 0. Left out without one. */
  y?: Tensor | undefined;
  /** Asks for the gradient of the residual. Default false. */
  residual?: boolean | undefined;
  /** Tensors to write into. `gx` or `gresidual` may be `gy` itself, not both. */
  out?: { gx?: Tensor | undefined; ggamma?: Tensor | undefined; gbeta?: Tensor | undefined; gresidual?: Tensor | undefined } | undefined;
}

const gradNames = optionNames<BatchNormGradOptions>({
  x: true,
  gamma: true,
  mean: true,
  invStd: true,
  y: true,
  residual: true,
  out: true,
});

/** What `batchNormGrad` gives. */
export interface BatchNormGradients {
  gx: Tensor;
  ggamma: Tensor;
  gbeta: Tensor;
  /** Where it was asked for. Without a ReLU it is `gy` itself, the same tensor. */
  gresidual: Tensor | undefined;
}

/**
 * The gradient of {@link batchNormTrain}. With `g = gy` where y > 0 and else 0, `x̂ = (x − mean) · invStd` and means over the batch:
 * `gbeta = Σ g`, `ggamma = Σ g · x̂`, `gx = γ · invStd · (g − mean(g) − x̂ · mean(g · x̂))`, `gresidual = g`.
 *
 * @param gy gradient of y, [..., c], float32
 * @throws {AdderNetError} ERR_SHAPE, ERR_DTYPE, ERR_ARGUMENT; ERR_MEMORY if working memory runs out
 */
export function batchNormGrad(gy: Tensor, options: BatchNormGradOptions): BatchNormGradients {
  const op = 'batchNormGrad';
  checkOptions(op, options, gradNames);
  const { x, gamma, mean, invStd, y, residual = false, out = {} } = options;
  checkFloat(op, 'gy', gy);
  const shape = [channelsOf(op, 'gy', gy)];
  checkAll(op, { x, ...(y && { y }) }, gy.shape);
  checkAll(op, { gamma, mean, invStd }, shape);
  const inputs = [x, gamma, mean, invStd, ...(y ? [y] : [])];
  const masked = residual && y ? outputTensor(op, out.gresidual, gy.shape, inputs, [gy], 'out.gresidual') : undefined;
  const gresidual = residual ? (masked ?? gy) : undefined;
  if (gresidual === gy && out.gresidual && out.gresidual !== gy)
    throw new AdderNetError('ERR_ARGUMENT', `${op}: out.gresidual is given, but without y the gradient of the residual is gy itself`);
  const gx = outputTensor(op, out.gx, gy.shape, gresidual ? [...inputs, gresidual] : inputs, [gy], 'out.gx');
  const others = [...inputs, gy, gx, ...(masked ? [masked] : [])];
  const ggamma = outputTensor(op, out.ggamma, shape, others, [], 'out.ggamma');
  const gbeta = outputTensor(op, out.gbeta, shape, [...others, ggamma], [], 'out.gbeta');
  rethrow(() =>
    native().batchNormGrad(gy.data, x.data, y?.data, gamma.data, mean.data, invStd.data, gx.data, ggamma.data, gbeta.data, masked?.data),
  );
  return { gx, ggamma, gbeta, gresidual };
}

function checkAll(op: string, tensors: Record<string, Tensor>, shape: readonly number[]): void {
  for (const [name, tensor] of Object.entries(tensors)) {
    checkFloat(op, name, tensor);
    checkShapeIs(op, name, tensor, shape);
  }
}
