// Dynamic batching: images of requests that wait for the same network run together. While one batch runs, the next one fills up; a delay lets
// it fill up even while the network is idle.
import { Tensor } from '../tensor';
import { HttpError } from './http-error';

export interface BatchingOptions {
  /** The largest number of images in a batch. A request with more images runs alone. */
  readonly maxBatch: number;
  /** How many milliseconds the first request of a batch waits for others while the network is idle. */
  readonly maxDelay: number;
  /** The largest number of images that may wait. A request that would exceed it is rejected, unless the queue is empty. */
  readonly maxQueue: number;
}

interface PendingRequest {
  readonly x: Tensor;
  readonly since: number;
  readonly resolve: (result: BatchResult) => void;
  readonly reject: (reason: unknown) => void;
}

export interface BatchResult {
  /** [n, ...] for the n images of the request. */
  readonly y: Tensor;
  /** How many milliseconds the request waited, and how many its batch ran. */
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
  /** Starts the batch that is filling up. */
  #timer: NodeJS.Timeout | NodeJS.Immediate | undefined;

  /**
   * @param run     maps [n, ...] to [n, ...], each row independently
   * @param onBatch called after each batch with its number of images and how long it ran
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

  /** The number of images in the queue. */
  get queuedImages(): number {
    return this.#queuedImages;
  }

  get isFull(): boolean {
    return this.#queuedImages >= this.#options.maxQueue;
  }

  /**
   * @param x      [n, ...], already validated: an error of one image fails its whole batch
   * @param signal takes the request out of the queue; a batch that has started is not interrupted
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
    const index = this.#queue.indexOf(entry);
    if (index < 0) return;
    this.#queue.splice(index, 1);
    this.#queuedImages -= entry.x.shape[0]!;
    entry.reject(reason);
  }

  #gather(): void {
    if (this.#running || this.#queue.length === 0) return;
    const { maxBatch, maxDelay } = this.#options;
    if (this.#queuedImages >= maxBatch) return void this.#runBatch();
    // Even without a delay, requests that arrive in the same turn of the event loop share a batch.
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

  /** Runs before results are delivered, so that the network has work meanwhile. Requests that waited through a batch need no further delay. */
  #startNext(): void {
    this.#running = false;
    if (this.#queue.length > 0) void this.#runBatch();
  }

  /** Takes the requests that have waited longest, as many as fit into a batch, but at least one. */
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
