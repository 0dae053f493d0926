// Batch normalization over the last axis. Adder layers need it: their outputs are large and never positive.
import { AdderNetError } from '../errors';
import { batchNorm } from '../ops';
import { type Shape, shapeText } from '../shape';
import { Tensor } from '../tensor';
import { checkCount } from './count';
import { type ForwardOptions, Layer } from './layer';
import { Parameter } from './parameter';

export interface BatchNormOptions {
  /** Added to the variance. Default 1e-5. */
  epsilon?: number;
  /** Share of a new batch in the running statistics. Default 0.1. */
  momentum?: number;
}

/** y[..,c] = gamma[c] * (x[..,c] - mean[c]) / sqrt(variance[c] + epsilon) + beta[c] */
export class BatchNorm extends Layer {
  readonly gamma: Parameter;
  readonly beta: Parameter;
  readonly runningMean: Tensor;
  readonly runningVariance: Tensor;
  readonly epsilon: number;
  readonly momentum: number;

  /** @throws {AdderNetError} ERR_ARGUMENT unless channels is a positive integer, epsilon is positive and momentum lies in 0 to 1 */
  constructor(channels: number, { epsilon = 1e-5, momentum = 0.1 }: BatchNormOptions = {}) {
    super();
    checkCount('BatchNorm: channels', channels);
    if (!(epsilon > 0 && epsilon < Number.POSITIVE_INFINITY))
      throw new AdderNetError('ERR_ARGUMENT', `BatchNorm: epsilon is ${String(epsilon)}, expected a positive number like 1e-5`);
    if (!(momentum >= 0 && momentum <= 1))
      throw new AdderNetError('ERR_ARGUMENT', `BatchNorm: momentum is ${String(momentum)}, expected a number from 0 to 1`);
    this.gamma = new Parameter(ones(channels));
    this.beta = new Parameter(Tensor.zeros([channels]));
    this.runningMean = Tensor.zeros([channels]);
    this.runningVariance = ones(channels);
    this.epsilon = epsilon;
    this.momentum = momentum;
  }

  forward(x: Tensor, { inPlace = false }: ForwardOptions = {}): Tensor {
    return batchNorm(x, {
      mean: this.runningMean,
      variance: this.runningVariance,
      gamma: this.gamma.value,
      beta: this.beta.value,
      epsilon: this.epsilon,
      ...(inPlace && { out: x }),
    });
  }

  outputShape(input: Shape): Shape {
    const channels = this.gamma.value.size;
    if (input.at(-1) !== channels)
      throw new AdderNetError('ERR_SHAPE', `BatchNorm: x has shape ${shapeText(input)}, expected ${channels} channels on the last axis`);
    return input;
  }

  override state(): Record<string, Parameter | Tensor> {
    return { weight: this.gamma, bias: this.beta, running_mean: this.runningMean, running_var: this.runningVariance };
  }
}

function ones(channels: number): Tensor {
  const tensor = Tensor.zeros([channels]);
  tensor.data.fill(1);
  return tensor;
}
