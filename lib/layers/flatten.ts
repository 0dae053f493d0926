// Images become rows of features. Their order is that in memory: height, width, channels. PyTorch has channels first.
import { AdderNetError } from '../errors';
import { elementCount, type Shape } from '../shape';
import type { Tensor } from '../tensor';
import type { ElementOrder } from './element-order';
import { type ForwardOptions, Layer, type LayerConfig, savedBy } from './layer';
import type { GraphBuilder, Value } from './lowering';

/** x [n,...] -> the same memory as [n,k]. */
export class Flatten extends Layer {
  #input: Shape | undefined;

  forward(x: Tensor, { training = false }: ForwardOptions = {}): Tensor {
    if (training) this.#input = x.shape;
    return x.reshape(this.outputShape(x.shape));
  }

  override backward(gy: Tensor): Tensor {
    return gy.reshape(savedBy(this, this.#input));
  }

  override lower(builder: GraphBuilder, x: Value): Value {
    return builder.reshape(x, this.outputShape(x.shape));
  }

  /** @internal */
  override config(): LayerConfig {
    return {};
  }

  override elementOrder({ channels }: ElementOrder): ElementOrder {
    return { channels, flattened: true };
  }

  outputShape(input: Shape): Shape {
    const [n, ...rest] = input;
    if (n === undefined) throw new AdderNetError('ERR_SHAPE', 'Flatten: x has shape [], expected rank 1 or more, [n,...]');
    return [n, elementCount(rest)];
  }
}
