// Runs of one session take turns. They wait here, and not in native code, so that a run can be canceled before it starts.

/** Runs tasks one after the other, in the order in which they were added. */
export class RunQueue {
  readonly #waiting = new Set<() => void>();
  #isBusy = false;
  #onIdle: (() => void) | undefined;

  /** Whether no run is in progress, so that the next one starts at once. */
  get isIdle(): boolean {
    return !this.#isBusy;
  }

  /**
   * Starts `run` when its turn comes, at once if the queue is idle.
   * @returns a function that removes `run` from the queue, if it has not started
   */
  add(run: () => Promise<void>): () => void {
    const start = () => {
      this.#isBusy = true;
      const next = () => this.#next();
      run().then(next, next);
    };
    if (this.#isBusy) this.#waiting.add(start);
    else start();
    return () => void this.#waiting.delete(start);
  }

  /** Calls `done` when the runs that are in the queue now have ended. */
  whenIdle(done: () => void): void {
    if (this.#isBusy) this.#onIdle = done;
    else done();
  }

  #next(): void {
    const [start] = this.#waiting;
    if (start) {
      this.#waiting.delete(start);
      start();
    } else {
      this.#isBusy = false;
      this.#onIdle?.();
      this.#onIdle = undefined;
    }
  }
}
