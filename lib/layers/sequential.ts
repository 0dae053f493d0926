// Layers one after the other.
import { AdderNetError } from '../errors';
import type { Shape } from '../shape';
import type { Tensor } from '../tensor';
import { type ForwardOptions, Layer, type NamedLayer, type Step } from './layer';

/** Each layer takes what the one before it gives; the state of a layer is named `<name>.<...>`. */
export class Sequential extends Layer {
  readonly #layers: readonly NamedLayer[];

  /**
   * @param layers in forward order; a list is named 0, 1, 2 and so on
   * @throws {AdderNetError} ERR_ARGUMENT if a name is not a plain word
   */
  constructor(layers: readonly Layer[] | Readonly<Record<string, Layer>>) {
    super();
    this.#layers = Object.entries(layers);
    // Objects sort names that are integers to the front, and a dot would blur the dotted names of the state.
    const bad = Array.isArray(layers) ? undefined : this.#layers.find(([name]) => !/^[A-Za-z_]\w*$/.test(name));
    if (bad)
      throw new AdderNetError(
        'ERR_ARGUMENT',
        `Sequential: '${bad[0]}' is not a name for a layer, expected letters, digits and _, no digit first`,
      );
  }

  forward(x: Tensor, { inPlace = false }: ForwardOptions = {}): Tensor {
    let y = x;
    for (const [, layer] of this.#layers) y = layer.forward(y, { inPlace: inPlace || y.data.buffer !== x.data.buffer });
    return y;
  }

  outputShape(input: Shape): Shape {
    return this.trace(input).at(-1)?.output ?? input;
  }

  override children(): readonly NamedLayer[] {
    return this.#layers;
  }

  override trace(input: Shape): readonly Step[] {
    let shape = input;
    return this.#layers.map(([name, layer]) => {
      const step = { name, layer, input: shape, output: layer.outputShape(shape) };
      shape = step.output;
      return step;
    });
  }
}
