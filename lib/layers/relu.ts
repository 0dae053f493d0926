// The ReLU activation.
import { relu, reluGrad } from '../ops';
import type { Shape } from '../shape';
import type { Tensor } from '../tensor';
import type { ElementOrder } from './element-order';
import { relu as activation } from './epilogue';
import { type ForwardOptions, Layer, type LayerConfig, savedBy } from './layer';
import type { Activation, GraphBuilder, Value } from './lowering';

/** y = max(0, x), of any shape. */
export class Relu extends Layer {
  #y: Tensor | undefined;

  forward(x: Tensor, { inPlace = false, training = false }: ForwardOptions = {}): Tensor {
    if (!training) return relu(x, inPlace ? { out: x } : {});
    this.#y = relu(x, { out: this.buffers.take('y', x.shape) });
    return this.#y;
  }

  override backward(gy: Tensor): Tensor {
    return reluGrad(gy, savedBy(this, this.#y), { out: gy });
  }

  override get activation(): Activation {
    return activation;
  }

  override lower(builder: GraphBuilder, x: Value): Value {
    return builder.relu(x);
  }

  /** @internal */
  override config(): LayerConfig {
    return {};
  }

  override elementOrder(before: ElementOrder): ElementOrder {
    return before;
  }

  outputShape(input: Shape): Shape {
    return input;
  }
}
