// Adder layers are trained as something easier at first. What is measured and saved is the network as it will be.
import { AdderNetError } from '../errors';
import { AdderConv2d, type Layer } from '../layers';

/** For how many epochs adder layers are something else in training. */
export interface AdderStartOptions {
  /** See FitOptions. Default 0. */
  productEpochs?: number | undefined;
  /** See FitOptions. Default 0. */
  centeredEpochs?: number | undefined;
}

/** Sets what the adder layers of a network are in training. */
export class AdderStart {
  readonly #layers: readonly AdderConv2d[];
  readonly #productEpochs: number;
  readonly #centeredEpochs: number;

  /** @throws {AdderNetError} ERR_ARGUMENT if there is no layer that they are for */
  constructor(network: Layer, { productEpochs = 0, centeredEpochs = 0 }: AdderStartOptions) {
    this.#layers = [...adders(network)];
    if (productEpochs > 0 && this.#layers.length === 0)
      throw new AdderNetError('ERR_ARGUMENT', `fit: productEpochs is ${productEpochs}, but the network has no AdderConv2d: leave it out`);
    if (centeredEpochs > 0 && this.#layers.every(({ center }) => center))
      throw new AdderNetError(
        'ERR_ARGUMENT',
        `fit: centeredEpochs is ${centeredEpochs}, but the network has no AdderConv2d that is not centered in any case: leave it out`,
      );
    this.#productEpochs = productEpochs;
    this.#centeredEpochs = centeredEpochs;
  }

  /** Before a step. */
  at(epoch: number): void {
    const center = epoch < this.#centeredEpochs ? 1 - epoch / this.#centeredEpochs : 0;
    this.#set(epoch < this.#productEpochs, center);
  }

  off(): void {
    this.#set(false, 0);
  }

  #set(product: boolean, center: number): void {
    for (const layer of this.#layers) {
      layer.trainingProduct = product;
      layer.trainingCenter = center;
    }
  }
}

function* adders(layer: Layer): Generator<AdderConv2d> {
  if (layer instanceof AdderConv2d) yield layer;
  for (const [, child] of layer.children()) yield* adders(child);
}
