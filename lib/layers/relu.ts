// The rectifier.
import { relu } from '../ops';
import type { Shape } from '../shape';
import type { Tensor } from '../tensor';
import { type ForwardOptions, Layer } from './layer';

/** y = max(0, x), of any shape. */
export class Relu extends Layer {
  forward(x: Tensor, { inPlace = false }: ForwardOptions = {}): Tensor {
    return relu(x, inPlace ? { out: x } : {});
  }

  outputShape(input: Shape): Shape {
    return input;
  }
}
