// Padding for windows of even size.
import { symmetricPad2d, symmetricPad2dGrad } from '../ops';
import { symmetricPadShape } from '../ops/symmetric-pad';
import type { Shape } from '../shape';
import type { Tensor } from '../tensor';
import type { ElementOrder } from './element-order';
import { type ForwardOptions, Layer, type LayerConfig, savedBy } from './layer';
import type { GraphBuilder, Value } from './lowering';

/**
 * Adds a row and a column of zeros, for each quarter of the channels at another corner of the image: `symmetricPad2d`. What follows is a
 * convolution with 2x2 windows and no padding: 4 pairs of an input and a weight where a 3x3 window has 9. x [n,h,w,c] -> y [n,h+1,w+1,c].
 */
export class SymmetricPad2d extends Layer {
  #input: Shape | undefined;

  forward(x: Tensor, { training = false }: ForwardOptions = {}): Tensor {
    if (!training) return symmetricPad2d(x);
    this.#input = x.shape;
    return symmetricPad2d(x, { out: this.buffers.take('y', this.outputShape(x.shape)) });
  }

  override backward(gy: Tensor): Tensor {
    const input = savedBy(this, this.#input);
    return symmetricPad2dGrad(gy, input, { out: this.buffers.take('gx', input) });
  }

  override lower(builder: GraphBuilder, x: Value): Value {
    return builder.symmetricPad(x);
  }

  /** @internal */
  override config(): LayerConfig {
    return {};
  }

  override elementOrder(before: ElementOrder): ElementOrder {
    return before;
  }

  outputShape(input: Shape): Shape {
    return symmetricPadShape(this.type, input);
  }
}
