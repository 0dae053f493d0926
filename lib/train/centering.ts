// Plain adder layers are trained as centered ones at first: the distance of a window from everything, which all filters share, drowns what tells
// them apart. What is measured and saved is the network without it.
import { AdderConv2d, type Layer } from '../layers';

/** Sets what plain adder layers of a network are centered by in training. */
export class Centering {
  readonly #layers: readonly AdderConv2d[];
  readonly #epochs: number;

  /** @param epochs after which nothing is left of it; 0 for no centering */
  constructor(network: Layer, epochs: number) {
    this.#layers = epochs > 0 ? [...plainAdders(network)] : [];
    this.#epochs = epochs;
  }

  /** Before a step: the part is 1 at first, and falls to 0. */
  at(epoch: number): void {
    this.#set(Math.max(0, 1 - epoch / this.#epochs));
  }

  off(): void {
    this.#set(0);
  }

  #set(part: number): void {
    for (const layer of this.#layers) layer.trainingCenter = part;
  }
}

function* plainAdders(layer: Layer): Generator<AdderConv2d> {
  if (layer instanceof AdderConv2d && !layer.center) yield layer;
  for (const [, child] of layer.children()) yield* plainAdders(child);
}
