// Dynamic batching: images of requests that wait for the same network run together. While a batch runs the next one gathers; a delay lets it
// gather even when the network has nothing to do.
import { Tensor } from '../tensor';
import { Refusal } from './refusal';

export interface BatchingOptions {
  /** Images of a batch; a request of more runs alone. */
  readonly maxBatch: number;
  /** Milliseconds that the first request of a batch waits for others while the network is idle. */
  readonly maxDelay: number;
  /** Images that may wait; a request that comes on top is refused, but never by an empty queue. */
  readonly maxQueue: number;
}

interface Waiting {
  readonly x: Tensor;
  readonly since: number;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (reason: unknown) => void;
}

export interface Answer {
  /** [n, ...] for the n images that were asked about. */
  readonly y: Tensor;
  /** Milliseconds of waiting, and of the batch. */
  readonly queued: number;
  readonly running: number;
}

export class Batcher {
  readonly #run: (x: Tensor) => Promise<Tensor>;
  readonly #options: BatchingOptions;
  readonly #onBatch: (images: number, milliseconds: number) => void;
  readonly #queue: Waiting[] = [];
  #waiting = 0;
  #running = false;
  /** Of the gathering that goes on. */
  #timer: NodeJS.Timeout | NodeJS.Immediate | undefined;

  /**
   * @param run     [n, ...] -> [n, ...], row by row
   * @param onBatch called with the images of each batch that has run, and how long it took
   */
  constructor(
    run: (x: Tensor) => Promise<Tensor>,
    options: BatchingOptions,
    onBatch: (images: number, milliseconds: number) => void = () => {},
  ) {
    this.#run = run;
    this.#options = options;
    this.#onBatch = onBatch;
  }

  /** Images that wait. */
  get waiting(): number {
    return this.#waiting;
  }

  get isFull(): boolean {
    return this.#waiting >= this.#options.maxQueue;
  }

  /**
   * @param x      [n, ...], valid: what one image of a batch throws, all get
   * @param signal takes it out of the queue; what runs, runs
   * @throws {Refusal} as a rejection: 503 if the queue is full; the signal's reason; what `run` throws
   */
  infer(x: Tensor, signal?: AbortSignal): Promise<Answer> {
    const images = x.shape[0]!;
    if (this.#waiting > 0 && this.#waiting + images > this.#options.maxQueue) return Promise.reject(queueIsFull(this.#waiting));
    if (signal?.aborted) return Promise.reject(signal.reason);
    return new Promise((resolve, reject) => {
      const entry: Waiting = { x, since: performance.now(), resolve, reject };
      this.#queue.push(entry);
      this.#waiting += images;
      signal?.addEventListener('abort', () => this.#cancel(entry, signal.reason), { once: true });
      this.#gather();
    });
  }

  #cancel(entry: Waiting, reason: unknown): void {
    const place = this.#queue.indexOf(entry);
    if (place < 0) return;
    this.#queue.splice(place, 1);
    this.#waiting -= entry.x.shape[0]!;
    entry.reject(reason);
  }

  #gather(): void {
    if (this.#running || this.#queue.length === 0) return;
    const { maxBatch, maxDelay } = this.#options;
    if (this.#waiting >= maxBatch) return void this.#runBatch();
    // Even without a delay, requests that arrived in the same turn of the event loop go together.
    this.#timer ??= maxDelay > 0 ? setTimeout(() => this.#runBatch(), maxDelay) : setImmediate(() => this.#runBatch());
  }

  async #runBatch(): Promise<void> {
    clearTimeout(this.#timer as NodeJS.Timeout);
    clearImmediate(this.#timer as NodeJS.Immediate);
    this.#timer = undefined;
    const batch = this.#take();
    if (batch.length === 0) return;
    this.#running = true;
    const began = performance.now();
    try {
      const x = concatenated(batch.map(({ x }) => x));
      const y = await this.#run(x);
      const running = performance.now() - began;
      this.#next();
      this.#onBatch(x.shape[0]!, running);
      let first = 0;
      for (const { x, since, resolve } of batch) {
        const images = x.shape[0]!;
        resolve({ y: rows(y, first, first + images), queued: began - since, running });
        first += images;
      }
    } catch (error) {
      this.#next();
      for (const { reject } of batch) reject(error);
    }
  }

  /** Before the answers go out, so that the network has work while they do: who waited through a batch waits no longer. */
  #next(): void {
    this.#running = false;
    if (this.#queue.length > 0) void this.#runBatch();
  }

  /** The requests that have waited longest, as many as go into a batch, at least one. */
  #take(): Waiting[] {
    let images = 0;
    let count = 0;
    for (const { x } of this.#queue) {
      images += x.shape[0]!;
      if (count > 0 && images > this.#options.maxBatch) break;
      count++;
    }
    const batch = this.#queue.splice(0, count);
    for (const { x } of batch) this.#waiting -= x.shape[0]!;
    return batch;
  }
}

export const queueIsFull = (waiting: number): Refusal => new Refusal(503, `the server is busy: ${waiting} images wait; try again`, 1);

function concatenated(tensors: readonly Tensor[]): Tensor {
  const [first] = tensors as [Tensor, ...Tensor[]];
  if (tensors.length === 1) return first;
  const images = tensors.reduce((sum, { shape }) => sum + shape[0]!, 0);
  const all = Tensor.zeros([images, ...first.shape.slice(1)]);
  let offset = 0;
  for (const { data } of tensors) {
    all.data.set(data, offset);
    offset += data.length;
  }
  return all;
}

function rows(y: Tensor, first: number, end: number): Tensor {
  const [n, ...row] = y.shape as [number, ...number[]];
  const size = y.data.length / n;
  return new Tensor(y.data.subarray(first * size, end * size), [end - first, ...row]);
}
