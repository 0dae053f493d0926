// The base of the layers of all kinds of convolutions. What differs between the kinds is a small record of functions.
import type { ConvKind } from '../conv-kind';
import { AdderNetError } from '../errors';
import { biasGrad, centerChannels } from '../ops';
import { checkOptions, optionNames } from '../options';
import { Random } from '../random';
import { type ConvOptions, convGeometry, type Pair, pair, type Shape, shortPadding } from '../shape';
import { Tensor } from '../tensor';
import type { Buffers } from './buffers';
import { checkCount } from './count';
import { type ElementOrder, freshChannels } from './element-order';
import { type BackwardOptions, type ForwardOptions, Layer, type LayerConfig, savedBy } from './layer';
import type { GraphBuilder, Value } from './lowering';
import { type Operations, scaleOperations } from './operations';
import { Parameter, type ParameterRule } from './parameter';

/** Options of every convolution. */
export interface Conv2dOptions extends ConvOptions {
  /** Size of the window: one number, or [height, width]. */
  kernel: Pair;
  /** Whether a trained number, initially 0, is added to each output channel. Default false. */
  bias?: boolean;
  /** Source of the initial filters; null leaves them zero, for weights that are about to be loaded. Default: an arbitrary seed. */
  random?: Random | null;
}

export const conv2dOptionNames = optionNames<Conv2dOptions>({
  kernel: true,
  stride: true,
  padding: true,
  dilation: true,
  groups: true,
  bias: true,
  random: true,
});

interface Out {
  /** The tensor to write to. */
  out?: Tensor | undefined;
}

type Gradient = (gy: Tensor, x: Tensor, filters: Tensor, options: ConvOptions & Out, buffers: Buffers) => Tensor;

/** What a convolution computes. */
export interface ConvFunctions {
  readonly forward: (x: Tensor, filters: Tensor, options: ConvOptions & Out & { bias?: Tensor | undefined }) => Tensor;
  /** The gradients with respect to x and to the filters. Working memory that lasts from step to step comes from the buffers. */
  readonly gradInput: Gradient;
  readonly gradFilter: Gradient;
}

/** What makes a kind of convolution. */
export interface ConvImplementation extends ConvFunctions {
  readonly kind: ConvKind;
  /** Name of the filters in a state dict. */
  readonly key: 'adder' | 'weight';
  readonly rule: ParameterRule;
  /** Standard deviation of the initial filters, whose mean is 0. */
  readonly std: (fanOut: number) => number;
  /** Operations for one input and one weight. */
  readonly cost: Operations;
}

/** x [n,h,w,ci] -> y [n,ho,wo,co], filters [co,kh,kw,ci/groups]. */
export abstract class Conv2dLayer extends Layer {
  /** [co,kh,kw,ci/groups] */
  readonly filters: Parameter;
  /** [co] */
  readonly bias: Parameter | undefined;
  /** Stride, padding, dilation and groups. */
  readonly options: Readonly<Required<ConvOptions>>;
  readonly #implementation: ConvImplementation;
  #x: Tensor | undefined;

  /** @throws {AdderNetError} ERR_ARGUMENT if an option is unknown or out of range, or the groups do not divide the channels */
  constructor(
    inputChannels: number,
    outputChannels: number,
    options: Conv2dOptions,
    implementation: ConvImplementation,
    names: readonly string[] = conv2dOptionNames,
  ) {
    super();
    checkOptions(this.type, options, names);
    const { kernel, stride = 1, padding = 0, dilation = 1, groups = 1, bias = false, random = new Random() } = options;
    checkCount(`${this.type}: inputChannels`, inputChannels);
    checkCount(`${this.type}: outputChannels`, outputChannels);
    checkCount(`${this.type}: groups`, groups);
    const [kh, kw] = pair(`${this.type}: kernel`, kernel, 1);
    if (inputChannels % groups !== 0 || outputChannels % groups !== 0)
      throw new AdderNetError(
        'ERR_ARGUMENT',
        `${this.type}: groups is ${groups}, expected a divisor of ${inputChannels} input and ${outputChannels} output channels`,
      );
    this.options = {
      stride: pair(`${this.type}: stride`, stride, 1),
      padding: shortPadding(`${this.type}: padding`, padding),
      dilation: pair(`${this.type}: dilation`, dilation, 1),
      groups,
    };
    const filters = Tensor.zeros([outputChannels, kh, kw, inputChannels / groups]);
    random?.fillNormal(filters.data, 0, implementation.std((outputChannels / groups) * kh * kw));
    this.filters = new Parameter(filters, implementation.rule);
    this.bias = bias ? new Parameter(Tensor.zeros([outputChannels])) : undefined;
    this.#implementation = implementation;
  }

  forward(x: Tensor, { training = false }: ForwardOptions = {}): Tensor {
    const out = training ? this.buffers.take('y', this.outputShape(x.shape)) : undefined;
    if (training) this.#x = x;
    const [bias, part] = [this.bias?.value, this.centering(training)];
    const { forward } = this.functions(training);
    if (part === 0) return forward(x, this.filters.value, { ...this.options, bias, out });
    const y = forward(x, this.filters.value, { ...this.options, out });
    return centerChannels(y, { bias, part, out: y });
  }

  /** @internal What it computes, which may be something else in training. */
  protected functions(_training: boolean): ConvFunctions {
    return this.#implementation;
  }

  /** @internal The part, 0 to 1, of the mean over the channels of a pixel that outputs are less. */
  protected centering(_training: boolean): number {
    return 0;
  }

  override backward(gy: Tensor, { inputGradient = true }: BackwardOptions = {}): Tensor | undefined {
    const x = savedBy(this, this.#x);
    const { filters, bias, options } = this;
    const { gradFilter, gradInput } = this.functions(true);
    const part = this.centering(true);
    if (bias && !bias.frozen) biasGrad(gy, { out: bias.gradient });
    if (part > 0) centerChannels(gy, { part, out: gy });
    if (!filters.frozen) gradFilter(gy, x, filters.value, { ...options, out: filters.gradient }, this.buffers);
    if (!inputGradient) return undefined;
    return gradInput(gy, x, filters.value, { ...options, out: this.buffers.take('gx', x.shape) }, this.buffers);
  }

  override lower(builder: GraphBuilder, x: Value): Value {
    const { options, filters, bias } = this;
    const { kind } = this.#implementation;
    return builder.conv2d(x, { ...options, kind, isCentered: this.centering(false) > 0, filters: filters.value, bias: bias?.value });
  }

  outputShape(input: Shape): Shape {
    return convGeometry(this.type, input, this.filters.value.shape, this.options).output;
  }

  override state(): Record<string, Parameter> {
    return { [this.#implementation.key]: this.filters, ...(this.bias && { bias: this.bias }) };
  }

  /** @internal */
  override config(): LayerConfig {
    const { options, filters, bias } = this;
    const [outputs, kh, kw, groupInputs] = filters.value.shape as [number, number, number, number];
    return { inputs: groupInputs * (options.groups ?? 1), outputs, kernel: [kh, kw], ...options, bias: bias !== undefined };
  }

  override elementOrder(): ElementOrder {
    return freshChannels(this.filters.value.shape[0]!);
  }

  override operations(input: Shape): Operations {
    const [n, ho, wo] = this.outputShape(input) as [number, number, number];
    return scaleOperations(this.#implementation.cost, n * ho * wo * this.filters.value.size);
  }
}
