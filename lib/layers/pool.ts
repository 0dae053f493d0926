// Pooling takes the maximum or the mean of each window, or of the whole image, channel by channel.
import { AdderNetError } from '../errors';
import { averagePool2d, averagePool2dGrad, globalAveragePool2d, globalAveragePool2dGrad, maxPool2d, maxPool2dGrad } from '../ops';
import { checkOptions, optionNames } from '../options';
import { type Padding, type Pair, pair, poolGeometry, type Shape, shapeText, shortPadding } from '../shape';
import type { Tensor } from '../tensor';
import type { ElementOrder } from './element-order';
import { type ForwardOptions, Layer, type LayerConfig, savedBy } from './layer';
import type { GraphBuilder, Value } from './lowering';

/** Options of pooling. */
export interface PoolOptions {
  /** Size of the window: one number, or [height, width]. */
  kernel: Pair;
  /** Distance between two windows in pixels. Default: the kernel, so that windows touch and do not overlap. */
  stride?: Pair;
  /** Rows and columns added on each side, [top, left, bottom, right] where the sides differ. Default 0. */
  padding?: Padding;
}

const names = optionNames<PoolOptions>({ kernel: true, stride: true, padding: true });

/** x [n,h,w,c] -> y [n,ho,wo,c]. */
abstract class WindowPool extends Layer {
  /** Kernel, stride and padding. */
  readonly options: Readonly<Required<PoolOptions>>;

  /** @throws {AdderNetError} ERR_ARGUMENT if an option is unknown or out of range */
  constructor(options: PoolOptions) {
    super();
    checkOptions(this.type, options, names);
    const { kernel, stride = kernel, padding = 0 } = options;
    this.options = {
      kernel: pair(`${this.type}: kernel`, kernel, 1),
      stride: pair(`${this.type}: stride`, stride, 1),
      padding: shortPadding(`${this.type}: padding`, padding),
    };
  }

  /** @internal */
  override config(): LayerConfig {
    return { ...this.options };
  }

  override elementOrder(before: ElementOrder): ElementOrder {
    return before;
  }

  outputShape(input: Shape): Shape {
    return poolGeometry(this.type, input, this.options).output;
  }
}

/** The maximum of each window. Padding never is the maximum. */
export class MaxPool2d extends WindowPool {
  #x: Tensor | undefined;

  forward(x: Tensor, { training = false }: ForwardOptions = {}): Tensor {
    if (!training) return maxPool2d(x, this.options);
    this.#x = x;
    return maxPool2d(x, { ...this.options, out: this.buffers.take('y', this.outputShape(x.shape)) });
  }

  override backward(gy: Tensor): Tensor {
    const x = savedBy(this, this.#x);
    return maxPool2dGrad(gy, x, { ...this.options, out: this.buffers.take('gx', x.shape) });
  }

  override lower(builder: GraphBuilder, x: Value): Value {
    return builder.maxPool(x, this.options);
  }
}

/** The mean of each window. */
export class AveragePool2d extends WindowPool {
  #input: Shape | undefined;

  forward(x: Tensor, { training = false }: ForwardOptions = {}): Tensor {
    if (!training) return averagePool2d(x, this.options);
    this.#input = x.shape;
    return averagePool2d(x, { ...this.options, out: this.buffers.take('y', this.outputShape(x.shape)) });
  }

  override backward(gy: Tensor): Tensor {
    const input = savedBy(this, this.#input);
    return averagePool2dGrad(gy, input, { ...this.options, out: this.buffers.take('gx', input) });
  }

  override lower(builder: GraphBuilder, x: Value): Value {
    return builder.averagePool(x, this.options);
  }
}

/** The mean of the whole image: x [n,h,w,c] -> y [n,1,1,c]. */
export class GlobalAveragePool2d extends Layer {
  #input: Shape | undefined;

  forward(x: Tensor, { training = false }: ForwardOptions = {}): Tensor {
    if (!training) return globalAveragePool2d(x);
    this.#input = x.shape;
    return globalAveragePool2d(x, { out: this.buffers.take('y', this.outputShape(x.shape)) });
  }

  override backward(gy: Tensor): Tensor {
    const input = savedBy(this, this.#input);
    return globalAveragePool2dGrad(gy, input, { out: this.buffers.take('gx', input) });
  }

  override lower(builder: GraphBuilder, x: Value): Value {
    this.outputShape(x.shape);
    return builder.averagePool(x, { kernel: [x.shape[1]!, x.shape[2]!] });
  }

  /** @internal */
  override config(): LayerConfig {
    return {};
  }

  override elementOrder(before: ElementOrder): ElementOrder {
    return before;
  }

  outputShape(input: Shape): Shape {
    if (input.length !== 4)
      throw new AdderNetError('ERR_SHAPE', `GlobalAveragePool2d: x has shape ${shapeText(input)}, expected rank 4, [n,h,w,c]`);
    return [input[0]!, 1, 1, input[3]!];
  }
}
