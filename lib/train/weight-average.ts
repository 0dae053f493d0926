// The exponential moving average of a network's weights, which smooths out the noise of single steps.
import { copyState, type StateDict } from '../layers/state';
import type { Model } from '../models';
import { Tensor } from '../tensor';

/** Options of the moving average of the weights. */
export interface AverageOptions {
  /** Factor of the average in each step, such as 0.999: it spans about the last 1 / (1 - decay) steps. */
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

  /** The averages by name, for a checkpoint. */
  get state(): StateDict {
    return this.#average;
  }

  /**
   * average += (1 - d) * (weight - average), where d is the decay, but at most (1 + t) / (10 + t) in step t from 0, so that the random initial
   * weights are soon forgotten.
   */
  update(t: number): void {
    const weight = 1 - Math.min(this.#decay, (1 + t) / (10 + t));
    for (const [name, { data }] of this.#live) {
      const average = this.#average.get(name)!.data;
      for (let i = 0; i < data.length; i++) average[i]! += weight * (data[i]! - average[i]!);
    }
  }

  /** Runs `use` while the network holds the averages, then restores its weights. */
  async within<T>(use: () => Promise<T>): Promise<T> {
    this.#swap();
    try {
      return await use();
    } finally {
      this.#swap();
    }
  }

  /** Replaces the weights of the network by the averages. */
  install(): void {
    copyState(this.#live, this.#average, true);
  }

  #swap(): void {
    for (const [name, { data }] of this.#live) {
      const average = this.#average.get(name)!.data;
      const weights = data.slice();
      data.set(average);
      average.set(weights);
    }
  }
}
