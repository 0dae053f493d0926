// A Sequential runs layers one after the other.
import { AdderNetError } from '../errors';
import type { Shape } from '../shape';
import type { Tensor } from '../tensor';
import type { ElementOrder, ReorderColumns } from './element-order';
import {
  type BackwardOptions,
  type DescribeChild,
  type ForwardOptions,
  Layer,
  type LayerConfig,
  type NamedLayer,
  type TracedLayer,
} from './layer';
import type { Activation, GraphBuilder, Value } from './lowering';
import { nameOf } from './name-of';

/** Layers in forward order; in a list they are named 0, 1, 2 and so on. */
export type SequentialLayers = readonly Layer[] | Readonly<Record<string, Layer>>;

/** Each layer takes the output of the one before it; the state of a layer is named `<name>.<...>`. */
export class Sequential extends Layer {
  /** The layers as they were given: a list, or an object by name. */
  readonly layers: SequentialLayers;
  readonly #layers: readonly NamedLayer[];
  /** What each layer fuses: the layer after it, if that is an activation. */
  readonly #fused: readonly (Activation | undefined)[];

  /**
   * @param layers in forward order; a list is named 0, 1, 2 and so on
   * @throws {AdderNetError} ERR_ARGUMENT if a name is not a plain word, or a value is not a layer
   */
  constructor(layers: SequentialLayers) {
    super();
    if (typeof layers !== 'object' || layers === null)
      throw new AdderNetError('ERR_ARGUMENT', `${this.type}: layers is ${nameOf(layers)}, expected a list or an object of layers`);
    this.#layers = Object.entries(layers);
    for (const [name, layer] of this.#layers)
      if (!(layer instanceof Layer))
        throw new AdderNetError('ERR_ARGUMENT', `${this.type}: '${name}' is ${nameOf(layer)}, expected a layer`);
    // Objects sort integer keys to the front, and a dot would make the dotted names of the state ambiguous.
    const isList = Array.isArray(layers);
    const bad = isList ? undefined : this.#layers.find(([name]) => !/^[A-Za-z_]\w*$/.test(name));
    if (bad)
      throw new AdderNetError(
        'ERR_ARGUMENT',
        `Sequential: '${bad[0]}' is not a valid layer name, expected letters, digits and _, not starting with a digit`,
      );
    this.layers = Object.freeze(isList ? [...layers] : { ...layers });
    this.#fused = fusedActivations(this.#layers.map(([, layer]) => layer));
  }

  /** In training an activation is part of the pass of the layer before it, if that fuses it. */
  forward(x: Tensor, { inPlace = false, training = false, epilogue }: ForwardOptions = {}): Tensor {
    let y = x;
    const last = this.#layers.length - 1;
    for (const [i, [, layer]] of this.#layers.entries())
      if (!training) y = layer.forward(y, { inPlace: inPlace || y.data.buffer !== x.data.buffer });
      else if (!this.#isFused(i)) y = layer.forward(y, { training, epilogue: i === last ? epilogue : { activation: this.#fused[i] } });
    return y;
  }

  override backward(gy: Tensor, { inputGradient = true }: BackwardOptions = {}): Tensor | undefined {
    // Layers below the first trainable one need no gradient, unless the gradient of x is needed.
    const first = inputGradient ? 0 : this.#layers.findIndex(([, layer]) => layer.isTrainable);
    if (first < 0) return undefined;
    let gradient: Tensor | undefined = gy;
    for (let i = this.#layers.length - 1; i >= first; i--)
      if (!this.#isFused(i)) gradient = this.#layers[i]![1].backward(gradient!, { inputGradient: inputGradient || i > first });
    return gradient;
  }

  override lower(builder: GraphBuilder, x: Value): Value {
    return this.#layers.reduce((y, [, layer]) => layer.lower(builder, y), x);
  }

  override fuses(activation: Activation | undefined): boolean {
    const last = this.#layers.length - 1;
    return last >= 0 && !this.#isFused(last) && this.#layers[last]![1].fuses(activation);
  }

  override get residualGradient(): Tensor {
    return this.#layers.at(-1)?.[1].residualGradient ?? super.residualGradient;
  }

  outputShape(input: Shape): Shape {
    return this.trace(input).at(-1)?.output ?? input;
  }

  override children(): readonly NamedLayer[] {
    return this.#layers;
  }

  /** @internal */
  override config(describe: DescribeChild): LayerConfig {
    const layers = this.#layers.map(([name, layer]) => describe(name, layer));
    return Array.isArray(this.layers) ? { layers } : { names: this.#layers.map(([name]) => name), layers };
  }

  override elementOrder(before: ElementOrder, reorder: ReorderColumns): ElementOrder {
    return this.#layers.reduce((order, [, layer]) => layer.elementOrder(order, reorder), before);
  }

  override trace(input: Shape): readonly TracedLayer[] {
    let shape = input;
    return this.#layers.map(([name, layer]) => {
      const step = { name, layer, input: shape, output: layer.outputShape(shape) };
      shape = step.output;
      return step;
    });
  }

  #isFused(i: number): boolean {
    return this.#fused[i - 1] !== undefined;
  }
}

/** For each layer the activation after it, if it fuses that; a layer that is fused itself fuses nothing. */
function fusedActivations(layers: readonly Layer[]): (Activation | undefined)[] {
  const fused: (Activation | undefined)[] = [];
  for (const [i, layer] of layers.entries()) {
    const activation = layers[i + 1]?.activation;
    fused.push(activation && fused[i - 1] === undefined && layer.fuses(activation) ? activation : undefined);
  }
  return fused;
}
