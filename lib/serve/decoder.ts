// Decoding of images, which occupies libuv's few threads: a few at a time, clients in turn. Large images never take all places, so that a small
// one waits for small ones only. What waits is bounded, and so is the memory of the large ones that are decoded; a small one takes little.
import type { DecodingCost } from '../data/decoding-cost';
import { maxConcurrentDecodes } from '../data/decoding-limit';
import { unlessAborted } from '../session/abort';
import { FairBudget } from './fair-budget';
import { FairQueue } from './fair-queue';
import { HttpError } from './http-error';

interface Waiting {
  readonly cost: DecodingCost;
  start(): void;
}

export class Decoder {
  readonly #budget: FairBudget;
  readonly #maxMemory: number;
  readonly #places: number;
  readonly #small = new FairQueue<Waiting>();
  readonly #large = new FairQueue<Waiting>();
  #running = 0;
  #runningLarge = 0;
  /** In bytes, of the large ones that run. */
  #memory = 0;

  /**
   * @param maxQueue  how many images may wait; beyond it, the client with most of them is rejected
   * @param maxMemory in bytes, of all large images that are decoded at the same time
   * @param places    how many images are decoded at the same time
   */
  constructor(maxQueue: number, maxMemory: number, places: number = maxConcurrentDecodes) {
    this.#budget = new FairBudget(maxQueue, 'newest');
    this.#maxMemory = maxMemory;
    this.#places = places;
  }

  /** The number of images that wait. */
  get waiting(): number {
    return this.#budget.used;
  }

  /**
   * Calls `decode` when its turn comes.
   * @param client the key of the client
   * @param signal ends the wait at once. Decoding that has started keeps its place until it ends
   * @throws {HttpError} as a rejection: 413 if the image alone takes more memory than all may; 503 if too many images wait; the signal's reason;
   *   what `decode` throws
   */
  decode<T>(client: string, cost: DecodingCost, decode: () => Promise<T>, signal: AbortSignal): Promise<T> {
    if (signal.aborted) return Promise.reject(signal.reason);
    if (cost.isLarge && cost.memory > this.#maxMemory) return Promise.reject(tooMuchMemory(cost.memory, this.#maxMemory));
    const queue = cost.isLarge ? this.#large : this.#small;
    let leave = () => {};
    const work = new Promise<T>((resolve, reject) => {
      const tooMany = () => reject(new HttpError(503, `the server is busy: ${this.waiting} images wait to be decoded; try again`, 1));
      const revoked = () => {
        leave();
        tooMany();
      };
      const share = this.#budget.take(client, 1, revoked);
      if (!share) return tooMany();
      const item: Waiting = {
        cost,
        start: () => {
          share.release();
          decode()
            .finally(() => this.#end(item))
            .then(resolve, reject);
        },
      };
      leave = () => {
        share.release();
        queue.delete(client, item);
      };
      queue.add(client, item);
      this.#fill();
    });
    return unlessAborted(work, signal, () => leave());
  }

  #end({ cost }: Waiting): void {
    this.#running--;
    if (cost.isLarge) {
      this.#runningLarge--;
      this.#memory -= cost.memory;
    }
    this.#fill();
  }

  /** Large images go first where they may, so that small ones, which have a place of their own, do not keep them out. */
  #fill(): void {
    while (this.#running < this.#places) {
      const next = this.#nextLarge() ?? this.#small.take();
      if (!next) return;
      this.#running++;
      if (next.cost.isLarge) {
        this.#runningLarge++;
        this.#memory += next.cost.memory;
      }
      next.start();
    }
  }

  /** One for which there is no memory yet is not passed by others, or it might wait for ever. */
  #nextLarge(): Waiting | undefined {
    const next = this.#large.first();
    const hasRoom = next !== undefined && this.#memory + next.cost.memory <= this.#maxMemory;
    return hasRoom && this.#runningLarge < Math.max(1, this.#places - 1) ? this.#large.take() : undefined;
  }
}

const megabytes = (bytes: number): string => `${Math.ceil(bytes / 1e6)} MB`;

const tooMuchMemory = (memory: number, maxMemory: number): HttpError =>
  new HttpError(
    413,
    `the image takes about ${megabytes(memory)} of memory to decode, but at most ${megabytes(maxMemory)} may be used (--max-decoding): ` +
      'make it smaller, or save it as a JPEG or PNG that is neither progressive nor interlaced',
  );
