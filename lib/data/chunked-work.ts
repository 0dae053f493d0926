// Splits long work on the event loop into chunks, so that requests and timers can run between them.
import { setImmediate } from 'node:timers/promises';

/** The number of elements in a chunk, which takes less than a millisecond. */
const chunkSize = 2 ** 15;

/** Work that yields wherever the event loop may run, and returns a result. */
export type ChunkedWork<T> = Generator<undefined, T, undefined>;

/** Calls `work` for the range 0 to `count`, chunk by chunk, and yields between them. */
export function* inChunks(count: number, work: (start: number, end: number) => void): ChunkedWork<void> {
  for (let start = 0; start < count; start += chunkSize) {
    if (start > 0) yield;
    work(start, Math.min(count, start + chunkSize));
  }
}

/** Returns the result of work, and lets the event loop run at each yield. */
export async function runChunked<T>(work: ChunkedWork<T>): Promise<T> {
  for (;;) {
    const { done, value } = work.next();
    if (done) return value;
    await setImmediate();
  }
}
