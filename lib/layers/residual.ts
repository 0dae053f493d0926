// The residual block of ResNet (He et al., CVPR 2016).
import { AdderNetError } from '../errors';
import { add, relu, reluGrad } from '../ops';
import { checkOptions, optionNames } from '../options';
import { type Shape, shapeText } from '../shape';
import type { Tensor } from '../tensor';
import type { ElementOrder, ReorderColumns } from './element-order';
import { relu as reluActivation } from './epilogue';
import {
  type BackwardOptions,
  type DescribeChild,
  type ForwardOptions,
  Layer,
  type LayerConfig,
  type NamedLayer,
  savedBy,
  type TracedLayer,
} from './layer';
import type { Activation, GraphBuilder, Value } from './lowering';
import { nameOf } from './name-of';
import { Sequential } from './sequential';

/** Options of Residual. */
export interface ResidualOptions {
  /** Whether a ReLU follows the sum. Default true. */
  relu?: boolean;
}

const names = optionNames<ResidualOptions>({ relu: true });

/**
 * y = relu(body(x) + x), or relu(body(x) + downsample(x)) where the body changes the shape.
 * The state has the names of the body's layers, and `downsample` beside them.
 */
export class Residual extends Layer {
  /** The layers of the block. */
  readonly body: Sequential;
  /** The layer of its shortcut; undefined if the shortcut is x itself. */
  readonly downsample: Layer | undefined;
  /** Whether a ReLU follows the sum. */
  readonly relu: boolean;
  #y: Tensor | undefined;

  /** @throws {AdderNetError} ERR_ARGUMENT unless the body is a Sequential without a layer called 'downsample' beside the shortcut's */
  constructor(body: Sequential, downsample?: Layer, options: ResidualOptions = {}) {
    super();
    checkOptions('Residual', options, names);
    const { relu = true } = options;
    if (!(body instanceof Sequential))
      throw new AdderNetError('ERR_ARGUMENT', `Residual: the body is ${nameOf(body)}, expected a Sequential: new Sequential([layer])`);
    if (downsample && !(downsample instanceof Layer))
      throw new AdderNetError('ERR_ARGUMENT', `Residual: the downsample is ${nameOf(downsample)}, expected a layer`);
    if (downsample && body.children().some(([name]) => name === 'downsample'))
      throw new AdderNetError(
        'ERR_ARGUMENT',
        "Residual: a layer of the body is called 'downsample', as the layer of the shortcut is: rename it",
      );
    this.body = body;
    this.downsample = downsample;
    this.relu = relu;
  }

  forward(x: Tensor, { inPlace = false, training = false }: ForwardOptions = {}): Tensor {
    if (training) return this.#forwardTraining(x);
    const y = this.body.forward(x);
    const isCopy = y.data.buffer !== x.data.buffer;
    const shortcut = this.downsample?.forward(x, { inPlace: inPlace && isCopy }) ?? x;
    const sum = add(y, shortcut, isCopy ? { out: y } : {});
    return this.relu ? relu(sum, { out: sum }) : sum;
  }

  #forwardTraining(x: Tensor): Tensor {
    const { body, downsample } = this;
    const residual = downsample?.forward(x, { training: true }) ?? x;
    if (this.#isFused) this.#y = body.forward(x, { training: true, epilogue: { residual, activation: this.#activation } });
    else {
      const y = body.forward(x, { training: true });
      const sum = add(y, residual, { out: this.buffers.take('y', y.shape) });
      this.#y = this.relu ? relu(sum, { out: sum }) : sum;
    }
    return this.#y;
  }

  override backward(gy: Tensor, { inputGradient = true }: BackwardOptions = {}): Tensor | undefined {
    const { body, downsample } = this;
    const y = savedBy(this, this.#y);
    if (!this.#isFused && this.relu) reluGrad(gy, y, { out: gy });
    // The gradient of the sum goes both ways, and the body may overwrite the one that it gets.
    const copy = this.#isFused ? undefined : this.buffers.take('gresidual', gy.shape);
    copy?.data.set(gy.data);
    const throughBody = body.backward(gy, { inputGradient: inputGradient || this.#isFused });
    const gresidual = copy ?? body.residualGradient;
    const throughShortcut = downsample ? downsample.backward(gresidual, { inputGradient }) : gresidual;
    return inputGradient ? add(throughBody!, throughShortcut!, { out: throughBody }) : undefined;
  }

  get #activation(): Activation | undefined {
    return this.relu ? reluActivation : undefined;
  }

  /** Whether the body adds the shortcut in its last layer's pass. */
  get #isFused(): boolean {
    return this.body.fuses(this.#activation);
  }

  override lower(builder: GraphBuilder, x: Value): Value {
    this.outputShape(x.shape);
    const sum = builder.add(this.body.lower(builder, x), this.downsample?.lower(builder, x) ?? x);
    return this.relu ? builder.relu(sum) : sum;
  }

  outputShape(input: Shape): Shape {
    const output = this.body.outputShape(input);
    const shortcut = this.downsample?.outputShape(input) ?? input;
    if (shapeText(output) !== shapeText(shortcut))
      throw new AdderNetError(
        'ERR_SHAPE',
        `Residual: the body gives ${shapeText(output)} and the shortcut ${shapeText(shortcut)}, which cannot be added: pass a downsample layer`,
      );
    return output;
  }

  override children(): readonly NamedLayer[] {
    return [...this.body.children(), ...(this.downsample ? [['downsample', this.downsample] as const] : [])];
  }

  /** @internal */
  override config(describe: DescribeChild): LayerConfig {
    const { body, downsample, relu } = this;
    return { body: describe(undefined, body), ...(downsample && { downsample: describe('downsample', downsample) }), relu };
  }

  override elementOrder(before: ElementOrder, reorder: ReorderColumns): ElementOrder {
    let isWide = false;
    const watch: ReorderColumns = (tensor, channels) => {
      isWide = true;
      reorder(tensor, channels);
    };
    const after = this.body.elementOrder(before, watch);
    const shortcut = this.downsample?.elementOrder(before, watch) ?? before;
    if (after.flattened === shortcut.flattened) return after;
    if (isWide)
      throw new AdderNetError(
        'ERR_FORMAT',
        'Residual: this block adds rows of a flattened image to other rows, and their order in a PyTorch file is unknown: reorder the weights before loading them',
      );
    return { channels: after.channels, flattened: false };
  }

  override trace(input: Shape): readonly TracedLayer[] {
    const { downsample } = this;
    const shortcut = downsample && { name: 'downsample', layer: downsample, input, output: downsample.outputShape(input) };
    return [...this.body.trace(input), ...(shortcut ? [shortcut] : [])];
  }
}
