// Decoding of images, which occupies libuv's few threads: a few at a time, clients in turn. Large images never take all places, so that a small
// one waits for small ones only, and what waits is bounded.
import { availableParallelism } from 'node:os';
import { libuvThreads } from '../data/decoding-limit';
import { unlessAborted } from '../session/abort';
import { FairBudget } from './fair-budget';
import { FairQueue } from './fair-queue';
import { HttpError } from './http-error';

/** One thread stays free for files and DNS. Two places let a small image pass a large one even on a single core. */
const defaultPlaces = Math.max(1, Math.min(libuvThreads - 1, Math.max(2, availableParallelism())));

interface Waiting {
  readonly isLarge: boolean;
  start(): void;
}

export class Decoder {
  readonly #budget: FairBudget;
  readonly #places: number;
  readonly #small = new FairQueue<Waiting>();
  readonly #large = new FairQueue<Waiting>();
  #running = 0;
  #runningLarge = 0;

  /**
   * @param maxQueue how many images may wait; beyond it, the client with most of them is rejected
   * @param places   how many images are decoded at the same time
   */
  constructor(maxQueue: number, places: number = defaultPlaces) {
    this.#budget = new FairBudget(maxQueue, 'newest');
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
   * @throws {HttpError} as a rejection: 503 if too many images wait; the signal's reason; what `decode` throws
   */
  decode<T>(client: string, isLarge: boolean, decode: () => Promise<T>, signal: AbortSignal): Promise<T> {
    if (signal.aborted) return Promise.reject(signal.reason);
    const queue = isLarge ? this.#large : this.#small;
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
        isLarge,
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

  #end({ isLarge }: Waiting): void {
    this.#running--;
    if (isLarge) this.#runningLarge--;
    this.#fill();
  }

  /** Large images go first where they may, so that small ones, which have a place of their own, do not keep them out. */
  #fill(): void {
    while (this.#running < this.#places) {
      const largePlaces = Math.max(1, this.#places - 1);
      const next = (this.#runningLarge < largePlaces ? this.#large.take() : undefined) ?? this.#small.take();
      if (!next) return;
      this.#running++;
      if (next.isLarge) this.#runningLarge++;
      next.start();
    }
  }
}
