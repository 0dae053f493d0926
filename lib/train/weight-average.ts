// The exponential moving average of a network's weights: each step pulls the network its own way, the average stays in the middle.
import { copyState, type StateDict } from '../layers/state';
import type { Model } from '../models';
import { Tensor } from '../tensor';

/** How the moving average of weights follows them. */
export interface AverageOptions {
  /** Share of the average that a step leaves, such as 0.999: it follows the last 1 / (1 - decay) steps. */
  readonly decay: number;
}

export class WeightAverage {
  readonly #live: StateDict;
  readonly #average: StateDict;
  readonly #decay: number;

  constructor(model: Model, { decay }: AverageOptions) {
    this.#live = model.stateDict();
    this.#average = new Map([...this.#live].map(([name, { data, shape }]) => [name, new Tensor(data.slice(), shape)]));
    this.#decay = decay;
  }

  /** The averages by name, to be stored and loaded. */
  get state(): StateDict {
    return this.#average;
  }

  /**
   * average += (1 - d) * (weight - average), where d is the decay, at first less: (1 + t) / (10 + t) in step t from 0, so that the random
   * start is soon forgotten.
   */
  update(t: number): void {
    const share = 1 - Math.min(this.#decay, (1 + t) / (10 + t));
    for (const [name, { data }] of this.#live) {
      const average = this.#average.get(name)!.data;
      for (let i = 0; i < data.length; i++) average[i]! += share * (data[i]! - average[i]!);
    }
  }

  /** Runs `use` while the network holds the averages, then puts its own weights back. */
  async within<T>(use: () => Promise<T>): Promise<T> {
    this.#swap();
    try {
      return await use();
    } finally {
      this.#swap();
    }
  }

  /** Leaves the network with the averages. */
  install(): void {
    copyState(this.#live, this.#average, true);
  }

  #swap(): void {
    for (const [name, { data }] of this.#live) {
      const average = this.#average.get(name)!.data;
      const own = data.slice();
      data.set(average);
      average.set(own);
    }
  }
}
