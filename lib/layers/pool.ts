// Pooling: the maximum or the mean of each window, or of the whole image, channel by channel.
import { AdderNetError } from '../errors';
import { averagePool2d, globalAveragePool2d, maxPool2d } from '../ops';
import { type Pair, pair, poolGeometry, type Shape, shapeText } from '../shape';
import type { Tensor } from '../tensor';
import { Layer } from './layer';

export interface PoolOptions {
  /** Size of the window, one number or [height, width]. */
  kernel: Pair;
  /** Pixels between two windows. Default: the kernel, so that windows touch and do not overlap. */
  stride?: Pair;
  /** Rows and columns added on each side. Default 0. */
  padding?: Pair;
}

/** x [n,h,w,c] -> y [n,ho,wo,c]. */
abstract class WindowPool extends Layer {
  readonly options: Readonly<Required<PoolOptions>>;

  /** @throws {AdderNetError} ERR_ARGUMENT if a number is out of range */
  constructor({ kernel, stride = kernel, padding = 0 }: PoolOptions) {
    super();
    this.options = {
      kernel: pair(`${this.type}: kernel`, kernel, 1),
      stride: pair(`${this.type}: stride`, stride, 1),
      padding: pair(`${this.type}: padding`, padding, 0),
    };
  }

  outputShape(input: Shape): Shape {
    return poolGeometry(this.type, input, this.options).output;
  }
}

/** The maximum of each window; padding never wins. */
export class MaxPool2d extends WindowPool {
  forward(x: Tensor): Tensor {
    return maxPool2d(x, this.options);
  }
}

/** The mean of each window. */
export class AveragePool2d extends WindowPool {
  forward(x: Tensor): Tensor {
    return averagePool2d(x, this.options);
  }
}

/** The mean of the whole image: x [n,h,w,c] -> y [n,1,1,c]. */
export class GlobalAveragePool2d extends Layer {
  forward(x: Tensor): Tensor {
    return globalAveragePool2d(x);
  }

  outputShape(input: Shape): Shape {
    if (input.length !== 4)
      throw new AdderNetError('ERR_SHAPE', `GlobalAveragePool2d: x has shape ${shapeText(input)}, expected rank 4, [n,h,w,c]`);
    return [input[0]!, 1, 1, input[3]!];
  }
}
