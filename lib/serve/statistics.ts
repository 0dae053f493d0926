// Statistics of a network since it was loaded, in the terms of Triton's statistics extension.

/** A number of events and their total duration in nanoseconds. */
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
  /** Durations of batches by their number of images. */
  readonly #batches = new Map<number, Duration>();
  #images = 0;
  /** When the last request was answered, in milliseconds since 1970. */
  #last = 0;

  /** Records a successful request. All times are in milliseconds. */
  recordSuccess(images: number, times: { queued: number; running: number; all: number }): void {
    this.#images += images;
    this.#last = Date.now();
    add(this.#success, times.all);
    add(this.#queue, times.queued);
    add(this.#computed, times.running);
  }

  /** Records a failed request: the queue was full, it timed out, the client disconnected, or an image was damaged or out of range. */
  recordFailure(milliseconds: number): void {
    add(this.#fail, milliseconds);
  }

  recordBatch(images: number, milliseconds: number): void {
    const batches = this.#batches.get(images) ?? none();
    this.#batches.set(images, batches);
    add(batches, milliseconds);
  }

  /** The report in the extension's format. Preparing the input and the response counts only toward `success`; there is no cache. */
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
