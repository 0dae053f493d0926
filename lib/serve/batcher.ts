// Dynamic batching: images of requests that wait for the same network run together. While one batch runs, the next one fills up; a delay lets
// it fill up even while the network is idle. A batch takes one image of each client in turn, and one of each request of a client, so that
// large requests are split and a small one is in the next batch whatever else waits.
import { AdderNetError } from '../errors';
import { throwIfAborted } from '../session/abort';
import { Tensor } from '../tensor';
import { FairBudget, type Share } from './fair-budget';
import { FairQueue } from './fair-queue';
import { badRequest, HttpError } from './http-error';
import { checkImageCount } from './input-tensor';

export interface BatchingOptions {
  /** The largest number of images in a batch. A request with more images is split. */
  readonly maxBatch: number;
  /** How many milliseconds the first request of a batch waits for others while the network is idle. */
  readonly maxDelay: number;
  /** The largest number of images that may wait. Beyond it, the largest request of the client with the most waiting images is rejected. */
  readonly maxQueue: number;
}

interface PendingRequest {
  readonly client: string;
  readonly x: Tensor;
  /** The part of the queue that its waiting images take. */
  readonly share: Share;
  readonly since: number;
  readonly resolve: (result: BatchResult) => void;
  readonly reject: (reason: unknown) => void;
  /** How many of its images are in batches, and how many have their outputs. */
  taken: number;
  done: number;
  y: Tensor | undefined;
  running: number;
  isSettled: boolean;
}

/** Images `first` to `end` of a request. */
interface Segment {
  readonly request: PendingRequest;
  readonly first: number;
  readonly end: number;
}

interface Output extends Segment {
  readonly y: Tensor;
}

export interface BatchResult {
  /** [n, ...] for the n images of the request. */
  readonly y: Tensor;
  /** How many milliseconds the request waited, and how many its batches ran. */
  readonly queued: number;
  readonly running: number;
}

export class Batcher {
  readonly #run: (x: Tensor) => Promise<Tensor>;
  readonly #options: BatchingOptions;
  readonly #onBatch: (images: number, milliseconds: number) => void;
  readonly #queue = new FairQueue<PendingRequest>();
  readonly #budget: FairBudget;
  #running = false;
  /** Starts the batch that is filling up. */
  #timer: NodeJS.Timeout | NodeJS.Immediate | undefined;

  /**
   * @param run     maps [n, ...] to [n, ...], each row independently of the others
   * @param onBatch called after each run with its number of images and how long it took
   */
  constructor(
    run: (x: Tensor) => Promise<Tensor>,
    options: BatchingOptions,
    onBatch: (images: number, milliseconds: number) => void = () => {},
  ) {
    this.#run = run;
    this.#options = options;
    this.#onBatch = onBatch;
    this.#budget = new FairBudget(options.maxQueue, 'newest');
  }

  /** The number of images in the queue. */
  get queuedImages(): number {
    return this.#budget.used;
  }

  /**
   * Called before a request is read.
   * @throws {HttpError} 503 if the queue is full, and no other client holds more of it
   */
  checkRoom(client: string): void {
    if (!this.#budget.hasRoom(client)) throw queueFull(this.queuedImages);
  }

  /**
   * The outputs of an image are bit-identical in any batch.
   * @param x      [n, ...], n at least 1
   * @param client the key of the client
   * @param signal rejects the request at once. Its images leave the queue; the results of a batch that has started are dropped
   * @throws {HttpError} as a rejection: 503 if the queue is full; 413 if it can never hold the request; 400 if the outputs for an image are not
   *   finite; the signal's reason; what `run` throws for images of this request alone
   */
  async infer(x: Tensor, client: string, signal?: AbortSignal): Promise<BatchResult> {
    const images = x.shape[0]!;
    checkImageCount(images, this.#options.maxQueue);
    throwIfAborted(signal);
    return await new Promise((resolve, reject) => {
      const share = this.#budget.take(client, images, () => this.#fail(request, queueFull(this.queuedImages)));
      if (!share) return reject(queueFull(this.queuedImages));
      const state = { taken: 0, done: 0, y: undefined, running: 0, isSettled: false };
      const request: PendingRequest = { client, x, share, since: performance.now(), resolve, reject, ...state };
      this.#queue.add(client, request);
      signal?.addEventListener('abort', () => this.#fail(request, signal.reason), { once: true });
      this.#gather();
    });
  }

  #fail(request: PendingRequest, reason: unknown): void {
    if (request.isSettled) return;
    request.isSettled = true;
    this.#queue.delete(request.client, request);
    request.share.release();
    request.reject(reason);
  }

  #gather(): void {
    if (this.#running || this.queuedImages === 0) return;
    const { maxBatch, maxDelay } = this.#options;
    if (this.queuedImages >= maxBatch) return void this.#runBatch();
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
    const outputs = await this.#outputs(batch, began);
    this.#startNext();
    this.#deliver(outputs, began);
  }

  /** Runs before results are delivered, so that the network has work meanwhile. Requests that waited through a batch need no further delay. */
  #startNext(): void {
    this.#running = false;
    if (this.queuedImages > 0) void this.#runBatch();
  }

  /** Takes images in turn, as many as fit into a batch. */
  #takeBatch(): Segment[] {
    const counts = new Map<PendingRequest, number>();
    for (let images = 0; images < this.#options.maxBatch; images++) {
      const request = this.#queue.take();
      if (!request) break;
      const count = (counts.get(request) ?? 0) + 1;
      counts.set(request, count);
      if (request.taken + count < request.x.shape[0]!) this.#queue.add(request.client, request);
    }
    return Array.from(counts, ([request, count]) => {
      const first = request.taken;
      request.taken += count;
      if (request.taken < request.x.shape[0]!) request.share.grow(-count);
      else request.share.release();
      return { request, first, end: request.taken };
    });
  }

  /**
   * Runs images together. If that fails, they are run in halves, down to the images at fault, whose requests fail; the others get their outputs.
   * Where k of n images are at fault, this runs at most n (1 + log2 n) images, and less than 3 n if k is 1.
   */
  async #outputs(batch: readonly Segment[], began: number): Promise<Output[]> {
    const segments = batch.filter(({ request }) => !request.isSettled);
    const images = segments.reduce((sum, { first, end }) => sum + end - first, 0);
    if (images === 0) return [];
    try {
      const runBegan = performance.now();
      const y = await this.#run(concatenate(segments, images));
      this.#onBatch(images, performance.now() - runBegan);
      let row = 0;
      return segments.map(({ request, first, end }) => {
        const from = row;
        row += end - first;
        return { request, first, end, y: sliceRows(y, from, row) };
      });
    } catch (error) {
      if (images === 1) {
        const [{ request, first }] = segments as [Segment];
        this.#fail(request, error instanceof AdderNetError && error.code === 'ERR_ARGUMENT' ? outOfRange(first) : error);
        return [];
      }
      const [left, right] = halves(segments, images);
      this.#deliver(await this.#outputs(left, began), began);
      return await this.#outputs(right, began);
    }
  }

  #deliver(outputs: readonly Output[], began: number): void {
    const now = performance.now();
    for (const { request, first, end, y } of outputs) {
      if (request.isSettled) continue;
      const rowSize = y.data.length / (end - first);
      const wrong = y.data.findIndex((value) => !Number.isFinite(value));
      if (wrong >= 0) {
        this.#fail(request, outOfRange(first + Math.floor(wrong / rowSize)));
        continue;
      }
      const images = request.x.shape[0]!;
      request.running += now - began;
      request.done += end - first;
      if (end - first === images) request.y = y;
      else {
        request.y ??= Tensor.zeros([images, ...y.shape.slice(1)]);
        request.y.data.set(y.data, first * rowSize);
      }
      if (request.done < images) continue;
      request.isSettled = true;
      const { running } = request;
      request.resolve({ y: request.y, queued: now - request.since - running, running });
    }
  }
}

const queueFull = (waiting: number): HttpError => new HttpError(503, `the server is busy: ${waiting} images wait; try again`, 1);

const outOfRange = (image: number): HttpError =>
  badRequest(`image ${image} of the request is out of range: the outputs of the network for it are not finite numbers`);

function concatenate(segments: readonly Segment[], images: number): Tensor {
  const [{ request }] = segments as [Segment];
  if (images === request.x.shape[0] && segments.length === 1) return request.x;
  const [, ...shape] = request.x.shape;
  const all = Tensor.zeros([images, ...shape]);
  const size = all.data.length / images;
  let row = 0;
  for (const { request, first, end } of segments) {
    all.data.set(request.x.data.subarray(first * size, end * size), row * size);
    row += end - first;
  }
  return all;
}

/** Splits `images` images in two, in the middle of a segment where need be. */
function halves(segments: readonly Segment[], images: number): [Segment[], Segment[]] {
  const [left, right]: [Segment[], Segment[]] = [[], []];
  let rest = images >> 1;
  for (const { request, first, end } of segments) {
    const middle = Math.min(end, first + rest);
    if (first < middle) left.push({ request, first, end: middle });
    if (middle < end) right.push({ request, first: middle, end });
    rest -= middle - first;
  }
  return [left, right];
}

function sliceRows(y: Tensor, first: number, end: number): Tensor {
  const [n, ...row] = y.shape as [number, ...number[]];
  const size = y.data.length / n;
  return new Tensor(y.data.subarray(first * size, end * size), [end - first, ...row]);
}
