// Long work on the event loop, in parts: between them, requests and timers have their turn.
import { setImmediate } from 'node:timers/promises';

/** Numbers that are worked on in one part; some milliseconds. */
const chunkSize = 2 ** 17;

/** Work that pauses wherever the event loop may go on, and gives a result at its end. */
export type ChunkedWork<T> = Generator<undefined, T, undefined>;

/** Calls `work` for all of 0 to `count`, a part each time, with pauses between. */
export function* inChunks(count: number, work: (start: number, end: number) => void): ChunkedWork<void> {
  for (let start = 0; start < count; start += chunkSize) {
    if (start > 0) yield;
    work(start, Math.min(count, start + chunkSize));
  }
}

/** The result of work; at each pause the event loop goes on. */
export async function runChunked<T>(work: ChunkedWork<T>): Promise<T> {
  for (;;) {
    const { done, value } = work.next();
    if (done) return value;
    await setImmediate();
  }
}
