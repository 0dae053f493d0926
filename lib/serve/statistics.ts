// What a network has done since it was loaded, as Triton's statistics extension tells it.

/** How often, and how many nanoseconds together. */
export interface Duration {
  count: number;
  ns: number;
}

const none = (): Duration => ({ count: 0, ns: 0 });

function add(duration: Duration, milliseconds: number): void {
  duration.count++;
  duration.ns += Math.round(1e6 * milliseconds);
}

export class ModelStatistics {
  readonly #success = none();
  readonly #fail = none();
  readonly #queue = none();
  readonly #computed = none();
  /** Of batches, by their images. */
  readonly #batches = new Map<number, Duration>();
  #images = 0;
  /** Milliseconds since 1970. */
  #last = 0;

  /** A request that was answered; all times in milliseconds. */
  recordSuccess(images: number, times: { queued: number; running: number; all: number }): void {
    this.#images += images;
    this.#last = Date.now();
    add(this.#success, times.all);
    add(this.#queue, times.queued);
    add(this.#computed, times.running);
  }

  /** One that was not: too many waited, or it waited too long, or its client went. */
  recordFailure(milliseconds: number): void {
    add(this.#fail, milliseconds);
  }

  recordBatch(images: number, milliseconds: number): void {
    const batches = this.#batches.get(images) ?? none();
    this.#batches.set(images, batches);
    add(batches, milliseconds);
  }

  /** In the extension's names. Making the input and the answer is part of `success` alone; there is no cache. */
  report() {
    const batches = [...this.#batches].sort(([a], [b]) => a - b);
    return {
      last_inference: this.#last,
      inference_count: this.#images,
      execution_count: batches.reduce((sum, [, { count }]) => sum + count, 0),
      inference_stats: {
        ...{ success: { ...this.#success }, fail: { ...this.#fail }, queue: { ...this.#queue } },
        ...{ compute_input: none(), compute_infer: { ...this.#computed }, compute_output: none() },
        ...{ cache_hit: none(), cache_miss: none() },
      },
      batch_stats: batches.map(([images, duration]) => ({
        ...{ batch_size: images, compute_input: none(), compute_infer: { ...duration }, compute_output: none() },
      })),
    };
  }
}
