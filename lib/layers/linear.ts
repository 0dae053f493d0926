// The fully connected layer, by multiplication.
import { AdderNetError } from '../errors';
import { biasGrad, conv2dGradFilter, conv2dGradInput, linear } from '../ops';
import { checkOptions, optionNames } from '../options';
import { Random } from '../random';
import { type Shape, shapeText } from '../shape';
import { Tensor } from '../tensor';
import { checkCount } from './count';
import { type ElementOrder, freshChannels, type ReorderColumns, reorderRows } from './element-order';
import { type BackwardOptions, type ForwardOptions, Layer, type LayerConfig, savedBy } from './layer';
import type { GraphBuilder, Value } from './lowering';
import type { Operations } from './operations';
import { Parameter } from './parameter';

/** Options of Linear. */
export interface LinearOptions {
  /** Whether a trained number, initially 0, is added to each output. Default true. */
  bias?: boolean;
  /** Source of the initial weights; null leaves them zero, for weights that are about to be loaded. Default: an arbitrary seed. */
  random?: Random | null;
}

const names = optionNames<LinearOptions>({ bias: true, random: true });

/**
 * y[n,co] = sum_k x[n,k] * w[co,k] (+ b[co])
 * Weights are initialized from N(0, 1/k), which keeps the variance of x: this layer ends networks, so no ReLU halves its output.
 */
export class Linear extends Layer {
  /** [co,k] */
  readonly weights: Parameter;
  /** [co] */
  readonly bias: Parameter | undefined;
  #x: Tensor | undefined;

  /** @throws {AdderNetError} ERR_ARGUMENT unless both counts are positive integers, or if an option is unknown */
  constructor(inputs: number, outputs: number, options: LinearOptions = {}) {
    super();
    checkOptions('Linear', options, names);
    const { bias = true, random = new Random() } = options;
    checkCount('Linear: inputs', inputs);
    checkCount('Linear: outputs', outputs);
    this.weights = new Parameter(Tensor.zeros([outputs, inputs]));
    random?.fillNormal(this.weights.value.data, 0, Math.sqrt(1 / inputs));
    this.bias = bias ? new Parameter(Tensor.zeros([outputs])) : undefined;
  }

  forward(x: Tensor, { training = false }: ForwardOptions = {}): Tensor {
    const options = { bias: this.bias?.value };
    if (!training) return linear(x, this.weights.value, options);
    this.#x = x;
    return linear(x, this.weights.value, { ...options, out: this.buffers.take('y', this.outputShape(x.shape)) });
  }

  /** gw = gy^T x, gb = sum gy, gx = gy w: the gradients of a convolution over 1x1 images. */
  override backward(gy: Tensor, { inputGradient = true }: BackwardOptions = {}): Tensor | undefined {
    const x = savedBy(this, this.#x);
    const { weights, bias } = this;
    if (!weights.frozen) conv2dGradFilter(asImages(gy), asImages(x), asImages(weights.value).shape, { out: asImages(weights.gradient) });
    if (bias && !bias.frozen) biasGrad(gy, { out: bias.gradient });
    if (!inputGradient) return undefined;
    const gx = this.buffers.take('gx', x.shape);
    conv2dGradInput(asImages(gy), asImages(weights.value), asImages(x).shape, { out: asImages(gx) });
    return gx;
  }

  override lower(builder: GraphBuilder, x: Value): Value {
    const output = this.outputShape(x.shape);
    const image = builder.reshape(x, asImage(x.shape));
    const y = builder.conv2d(image, {
      kind: 'conv',
      filters: asImages(this.weights.value),
      bias: this.bias?.value,
      stride: 1,
      padding: 0,
      dilation: 1,
      groups: 1,
    });
    return builder.reshape(y, output);
  }

  outputShape(input: Shape): Shape {
    const [outputs, inputs] = this.weights.value.shape as [number, number];
    if (input.length !== 2 || input[1] !== inputs)
      throw new AdderNetError('ERR_SHAPE', `Linear: x has shape ${shapeText(input)}, expected [n,${inputs}]: put a Flatten before it`);
    return [input[0]!, outputs];
  }

  override state(): Record<string, Parameter> {
    return { weight: this.weights, ...(this.bias && { bias: this.bias }) };
  }

  /** @internal */
  override config(): LayerConfig {
    const [outputs, inputs] = this.weights.value.shape;
    return { inputs, outputs, bias: this.bias !== undefined };
  }

  override elementOrder(before: ElementOrder, reorder: ReorderColumns): ElementOrder {
    reorderRows(before, [this.weights.value], reorder);
    return freshChannels(this.weights.value.shape[0]!);
  }

  override operations(input: Shape): Operations {
    const products = this.outputShape(input)[0]! * this.weights.value.size;
    return { multiplications: products, additions: products, xnors: 0 };
  }
}

/** [rows,k] as [rows,1,1,k] */
const asImage = ([rows, k]: Shape): Shape => [rows!, 1, 1, k!];
const asImages = (matrix: Tensor): Tensor => matrix.reshape(asImage(matrix.shape));
