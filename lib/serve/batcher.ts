// Dynamic batching: images of requests that wait for the same network run together. While a batch runs the next one gathers; a delay lets it
// gather even when the network has nothing to do.
import { Tensor } from '../tensor';
import { HttpError } from './http-error';

export interface BatchingOptions {
  /** Images of a batch; a request of more runs alone. */
  readonly maxBatch: number;
  /** Milliseconds that the first request of a batch waits for others while the network is idle. */
  readonly maxDelay: number;
  /** Images that may wait; a request that comes on top is refused, but never by an empty queue. */
  readonly maxQueue: number;
}

interface PendingRequest {
  readonly x: Tensor;
  readonly since: number;
  readonly resolve: (answer: BatchResult) => void;
  readonly reject: (reason: unknown) => void;
}

export interface BatchResult {
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
  readonly #queue: PendingRequest[] = [];
  #queuedImages = 0;
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
  get queuedImages(): number {
    return this.#queuedImages;
  }

  get isFull(): boolean {
    return this.#queuedImages >= this.#options.maxQueue;
  }

  /**
   * @param x      [n, ...], valid: what one image of a batch throws, all get
   * @param signal takes it out of the queue; what runs, runs
   * @throws {HttpError} as a rejection: 503 if the queue is full; the signal's reason; what `run` throws
   */
  infer(x: Tensor, signal?: AbortSignal): Promise<BatchResult> {
    const images = x.shape[0]!;
    if (this.#queuedImages > 0 && this.#queuedImages + images > this.#options.maxQueue)
      return Promise.reject(queueFull(this.#queuedImages));
    if (signal?.aborted) return Promise.reject(signal.reason);
    return new Promise((resolve, reject) => {
      const entry: PendingRequest = { x, since: performance.now(), resolve, reject };
      this.#queue.push(entry);
      this.#queuedImages += images;
      signal?.addEventListener('abort', () => this.#cancel(entry, signal.reason), { once: true });
      this.#gather();
    });
  }

  #cancel(entry: PendingRequest, reason: unknown): void {
    const place = this.#queue.indexOf(entry);
    if (place < 0) return;
    this.#queue.splice(place, 1);
    this.#queuedImages -= entry.x.shape[0]!;
    entry.reject(reason);
  }

  #gather(): void {
    if (this.#running || this.#queue.length === 0) return;
    const { maxBatch, maxDelay } = this.#options;
    if (this.#queuedImages >= maxBatch) return void this.#runBatch();
    // Even without a delay, requests that arrived in the same turn of the event loop go together.
    this.#timer ??= maxDelay > 0 ? setTimeout(() => this.#runBatch(), maxDelay) : setImmediate(() => this.#runBatch());
  }

  async #runBatch(): Promise<void> {
    clearTimeout(this.#timer as NodeJS.Timeout);
    clearImmediate(this.#timer as NodeJS.Immediate);
    this.#timer = undefined;
    const batch = this.#takeBatch();
    if (batch.length === 0) return;
    this.#running = true;
    const began = performance.now();
    try {
      const x = concatenate(batch.map(({ x }) => x));
      const y = await this.#run(x);
      const running = performance.now() - began;
      this.#startNext();
      this.#onBatch(x.shape[0]!, running);
      let first = 0;
      for (const { x, since, resolve } of batch) {
        const images = x.shape[0]!;
        resolve({ y: sliceRows(y, first, first + images), queued: began - since, running });
        first += images;
      }
    } catch (error) {
      this.#startNext();
      for (const { reject } of batch) reject(error);
    }
  }

  /** Before the answers go out, so that the network has work while they do: who waited through a batch waits no longer. */
  #startNext(): void {
    this.#running = false;
    if (this.#queue.length > 0) void this.#runBatch();
  }

  /** The requests that have waited longest, as many as go into a batch, at least one. */
  #takeBatch(): PendingRequest[] {
    let images = 0;
    let count = 0;
    for (const { x } of this.#queue) {
      images += x.shape[0]!;
      if (count > 0 && images > this.#options.maxBatch) break;
      count++;
    }
    const batch = this.#queue.splice(0, count);
    for (const { x } of batch) this.#queuedImages -= x.shape[0]!;
    return batch;
  }
}

export const queueFull = (waiting: number): HttpError => new HttpError(503, `the server is busy: ${waiting} images wait; try again`, 1);

function concatenate(tensors: readonly Tensor[]): Tensor {
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

function sliceRows(y: Tensor, first: number, end: number): Tensor {
  const [n, ...row] = y.shape as [number, ...number[]];
  const size = y.data.length / n;
  return new Tensor(y.data.subarray(first * size, end * size), [end - first, ...row]);
}
