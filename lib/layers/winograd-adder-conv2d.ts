// The Winograd adder convolution: 3x3 windows at stride 1, in a transformed domain where an output costs 4 pairs for each channel, not 9.
import { biasGrad, winogradAdderConv2d, winogradAdderConv2dGradFilter, winogradAdderConv2dGradInput } from '../ops';
import { checkWinogradOptions, winogradAdditions } from '../ops/winograd-geometry';
import { optionNames } from '../options';
import { Random } from '../random';
import { convGeometry, type Padding, type Shape, shortPadding } from '../shape';
import { Tensor } from '../tensor';
import { checkCount } from './count';
import { type ElementOrder, freshChannels } from './element-order';
import { type BackwardOptions, type ForwardOptions, Layer, type LayerConfig, savedBy } from './layer';
import type { GraphBuilder, Value } from './lowering';
import type { Operations } from './operations';
import { Parameter } from './parameter';

/** Options of WinogradAdderConv2d. */
export interface WinogradAdderConv2dOptions {
  /** Rows and columns of zeros added on each side, [top, left, bottom, right] where the sides differ. Default 0. */
  padding?: Padding | undefined;
  /** Whether a trained number, initially 0, is added to each output channel. Default false. */
  bias?: boolean;
  /** Source of the initial filters; null leaves them zero, for weights that are about to be loaded. Default: an arbitrary seed. */
  random?: Random | null;
}

const names = optionNames<WinogradAdderConv2dOptions>({ padding: true, bias: true, random: true });

/**
 * y = A^T S A (+ b[co]) of tiles of 2x2 outputs, less the mean over the channels of a pixel; S[i,j,co] = -sum_ci |(B^T d B)[i,j,ci] - U[i,j,co,ci]|,
 * d the 4x4 pixels that their 3x3 windows see (Li et al., "Winograd Algorithm for AdderNet", ICML 2021). x [n,h,w,ci] -> y [n,ho,wo,co]. The
 * filters U are trained as they are, in the transformed domain, by the rule of AdderConv2d, and are initialized from N(0,1). Outputs are of
 * either sign; a batch norm has to come before any ReLU all the same.
 */
export class WinogradAdderConv2d extends Layer {
  /** U, [4,4,co,ci] */
  readonly filters: Parameter;
  /** [co] */
  readonly bias: Parameter | undefined;
  /** The padding. */
  readonly options: Readonly<{ padding: Padding }>;
  #x: Tensor | undefined;

  /** @throws {AdderNetError} ERR_ARGUMENT if an option is unknown or out of range */
  constructor(inputChannels: number, outputChannels: number, options: WinogradAdderConv2dOptions = {}) {
    super();
    checkWinogradOptions(this.type, options, names);
    const { padding = 0, bias = false, random = new Random() } = options;
    checkCount(`${this.type}: inputChannels`, inputChannels);
    checkCount(`${this.type}: outputChannels`, outputChannels);
    this.options = { padding: shortPadding(`${this.type}: padding`, padding) };
    const filters = Tensor.zeros([4, 4, outputChannels, inputChannels]);
    random?.fillNormal(filters.data, 0, 1);
    this.filters = new Parameter(filters, 'adder');
    this.bias = bias ? new Parameter(Tensor.zeros([outputChannels])) : undefined;
  }

  forward(x: Tensor, { training = false }: ForwardOptions = {}): Tensor {
    const options = { ...this.options, bias: this.bias?.value };
    if (!training) return winogradAdderConv2d(x, this.filters.value, options);
    this.#x = x;
    return winogradAdderConv2d(x, this.filters.value, { ...options, out: this.buffers.take('y', this.outputShape(x.shape)) });
  }

  override backward(gy: Tensor, { inputGradient = true }: BackwardOptions = {}): Tensor | undefined {
    const x = savedBy(this, this.#x);
    const { filters, bias, options } = this;
    if (!filters.frozen) winogradAdderConv2dGradFilter(gy, x, filters.value, { ...options, out: filters.gradient });
    if (bias && !bias.frozen) biasGrad(gy, { out: bias.gradient });
    if (!inputGradient) return undefined;
    return winogradAdderConv2dGradInput(gy, x, filters.value, { ...options, out: this.buffers.take('gx', x.shape) });
  }

  override lower(builder: GraphBuilder, x: Value): Value {
    const { options, filters, bias } = this;
    return builder.conv2d(x, { ...options, kind: 'adder-winograd', filters: filters.value, bias: bias?.value });
  }

  outputShape(input: Shape): Shape {
    const [, , co, ci] = this.filters.value.shape as [number, number, number, number];
    return convGeometry(this.type, input, [co, 3, 3, ci], this.options).output;
  }

  override state(): Record<string, Parameter> {
    return { filters: this.filters, ...(this.bias && { bias: this.bias }) };
  }

  /** @internal */
  override config(): LayerConfig {
    const [, , outputs, inputs] = this.filters.value.shape as [number, number, number, number];
    return { inputs, outputs, ...this.options, bias: this.bias !== undefined };
  }

  override elementOrder(): ElementOrder {
    return freshChannels(this.filters.value.shape[2]!);
  }

  override operations(input: Shape): Operations {
    const [n, ho, wo] = this.outputShape(input) as [number, number, number];
    const [, , co, ci] = this.filters.value.shape as [number, number, number, number];
    const tiles = n * Math.ceil(ho / 2) * Math.ceil(wo / 2);
    const { input: transform, output } = winogradAdditions;
    return { multiplications: 0, additions: tiles * (2 * 16 * co * ci + transform * ci + output * co), xnors: 0 };
  }
}
