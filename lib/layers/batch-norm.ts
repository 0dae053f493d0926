// Batch normalization over the last axis. Adder layers need it, because their outputs are large and never positive.

import { AdderNetError } from '../errors';
import { add, batchNorm, batchNormGrad, batchNormTrain, relu, reluGrad } from '../ops';
import { checkOptions, optionNames } from '../options';
import { shown } from '../quoted';
import { type Shape, shapeText } from '../shape';
import { Tensor } from '../tensor';
import { checkCount } from './count';
import { type ElementOrder, type ReorderColumns, reorderRows } from './element-order';
import { type Epilogue, isRelu } from './epilogue';
import { type BackwardOptions, type ForwardOptions, Layer, type LayerConfig, savedBy } from './layer';
import type { Activation, GraphBuilder, Statistics, Value } from './lowering';
import { Parameter } from './parameter';

/** Options of BatchNorm. */
export interface BatchNormOptions {
  /** Added to the variance. Default 1e-5. */
  epsilon?: number;
  /** Weight of a new batch in the running statistics. Default 0.1. */
  momentum?: number;
}

const names = optionNames<BatchNormOptions>({ epsilon: true, momentum: true });

/** What a forward pass saves for the backward pass; `batch` is missing where the running statistics were used. */
interface Saved extends Epilogue {
  readonly x: Tensor;
  readonly y: Tensor;
  readonly batch?: { readonly mean: Tensor; readonly invStd: Tensor };
}

/** y[..,c] = gamma[c] * (x[..,c] - mean[c]) / sqrt(variance[c] + epsilon) + beta[c] */
export class BatchNorm extends Layer {
  /** The trained factor, [c]. */
  readonly gamma: Parameter;
  /** The trained shift, [c]. */
  readonly beta: Parameter;
  /** The mean that inference uses in place of a batch's, [c]. */
  readonly runningMean: Tensor;
  /** The variance that inference uses in place of a batch's, [c]. */
  readonly runningVariance: Tensor;
  /** Added to the variance. */
  readonly epsilon: number;
  /** Weight of a new batch in the running statistics. */
  momentum: number;
  #saved: Saved | undefined;
  #residualGradient: Tensor | undefined;

  /** @throws {AdderNetError} ERR_ARGUMENT unless channels is a positive integer, epsilon is positive and momentum lies in 0 to 1 */
  constructor(channels: number, options: BatchNormOptions = {}) {
    super();
    checkOptions('BatchNorm', options, names);
    const { epsilon = 1e-5, momentum = 0.1 } = options;
    checkCount('BatchNorm: channels', channels);
    if (!(epsilon > 0 && epsilon < Number.POSITIVE_INFINITY))
      throw new AdderNetError('ERR_ARGUMENT', `BatchNorm: epsilon is ${shown(epsilon)}, expected a positive number like 1e-5`);
    if (!(momentum >= 0 && momentum <= 1))
      throw new AdderNetError('ERR_ARGUMENT', `BatchNorm: momentum is ${shown(momentum)}, expected a number from 0 to 1`);
    this.gamma = new Parameter(ones(channels));
    this.beta = new Parameter(Tensor.zeros([channels]));
    this.runningMean = Tensor.zeros([channels]);
    this.runningVariance = ones(channels);
    this.epsilon = epsilon;
    this.momentum = momentum;
  }

  /** In training, mean and variance are those of the batch, and the running statistics follow them, unless the layer is frozen. */
  forward(x: Tensor, { inPlace = false, training = false, epilogue = {} }: ForwardOptions = {}): Tensor {
    if (!training) return this.#normalize(x, inPlace ? x : undefined);
    const y = this.buffers.take('y', x.shape);
    if (this.isTrainable) this.#saved = { x, y, ...epilogue, batch: this.#normalizeBatch(x, y, epilogue) };
    else {
      this.#normalize(x, y);
      this.#saved = { x, y: finish(y, epilogue), ...epilogue };
    }
    return y;
  }

  override backward(gy: Tensor, { inputGradient = true }: BackwardOptions = {}): Tensor | undefined {
    const { x, y, residual, activation, batch } = savedBy(this, this.#saved);
    if (!batch) return this.#backwardFrozen(gy, inputGradient);
    const masked = activation ? { y } : {};
    const gresidual = residual && (activation ? this.buffers.take('gresidual', gy.shape) : gy);
    const { gx } = batchNormGrad(gy, {
      x,
      gamma: this.gamma.value,
      ...batch,
      ...masked,
      residual: residual !== undefined,
      out: {
        gx: gresidual === gy ? this.buffers.take('gx', gy.shape) : gy,
        ggamma: this.gamma.gradient,
        gbeta: this.beta.gradient,
        gresidual,
      },
    });
    this.#residualGradient = gresidual;
    return gx;
  }

  override fuses(activation: Activation | undefined): boolean {
    return activation === undefined || isRelu(activation);
  }

  override get residualGradient(): Tensor {
    return savedBy(this, this.#residualGradient);
  }

  override lower(builder: GraphBuilder, x: Value): Value {
    this.outputShape(x.shape);
    return builder.batchNorm(x, this.#statistics);
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

  /** @internal */
  override config(): LayerConfig {
    return { channels: this.gamma.value.size, epsilon: this.epsilon, momentum: this.momentum };
  }

  override elementOrder(before: ElementOrder, reorder: ReorderColumns): ElementOrder {
    reorderRows(before, [this.gamma.value, this.beta.value, this.runningMean, this.runningVariance], reorder);
    return before.flattened ? before : { channels: this.gamma.value.size, flattened: false };
  }

  /** Normalizes with the running statistics. */
  #normalize(x: Tensor, out: Tensor | undefined): Tensor {
    return batchNorm(x, { ...this.#statistics, out });
  }

  get #statistics(): Statistics {
    const { runningMean: mean, runningVariance: variance, gamma, beta, epsilon } = this;
    return { mean, variance, gamma: gamma.value, beta: beta.value, epsilon };
  }

  #normalizeBatch(x: Tensor, y: Tensor, { residual, activation }: Epilogue): NonNullable<Saved['batch']> {
    const { runningMean, runningVariance, gamma, beta, momentum, epsilon } = this;
    const statistics = {
      mean: this.buffers.take('mean', gamma.value.shape),
      invStd: this.buffers.take('invStd', gamma.value.shape),
    };
    batchNormTrain(x, {
      gamma: gamma.value,
      beta: beta.value,
      runningMean,
      runningVariance,
      momentum,
      epsilon,
      residual,
      relu: activation !== undefined,
      out: { y, ...statistics },
    });
    return statistics;
  }

  /** Running statistics are constants, so gx is gy scaled as y is: gx = gamma / sqrt(variance + epsilon) * gy. */
  #backwardFrozen(gy: Tensor, inputGradient: boolean): Tensor | undefined {
    const { y, residual, activation } = savedBy(this, this.#saved);
    if (activation) reluGrad(gy, y, { out: gy });
    this.#residualGradient = residual && gy;
    if (!inputGradient) return undefined;
    const zero = Tensor.zeros(this.gamma.value.shape);
    const { runningVariance: variance, gamma, epsilon } = this;
    return batchNorm(gy, { mean: zero, variance, gamma: gamma.value, beta: zero, epsilon, out: this.buffers.take('gx', gy.shape) });
  }
}

/** The epilogue as a pass of its own. */
function finish(y: Tensor, epilogue: Epilogue): Tensor {
  if (epilogue.residual) add(y, epilogue.residual, { out: y });
  if (epilogue.activation) relu(y, { out: y });
  return y;
}

function ones(channels: number): Tensor {
  const tensor = Tensor.zeros([channels]);
  tensor.data.fill(1);
  return tensor;
}
