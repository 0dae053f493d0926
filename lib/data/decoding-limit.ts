// Decoding an image holds one of libuv's threads. Files, DNS and runs of networks wait for the same few, so one at least stays free.
import { availableParallelism } from 'node:os';

/** What libuv takes where UV_THREADPOOL_SIZE says nothing. */
const usualThreads = 4;
const threads = Number.parseInt(process.env.UV_THREADPOOL_SIZE ?? '', 10) || usualThreads;

/** Images that are decoded at the same time, in the whole process. */
export const maxConcurrentDecodes = Math.max(1, Math.min(threads - 1, availableParallelism()));

let free = maxConcurrentDecodes;
const waiting: (() => void)[] = [];

/** Calls `decode` when its turn has come, first come, first served. */
export async function limitDecoding<T>(decode: () => Promise<T>): Promise<T> {
  if (free > 0) free--;
  else await new Promise<void>((resolve) => waiting.push(resolve));
  try {
    return await decode();
  } finally {
    const next = waiting.shift(); // which takes over this turn
    if (next) next();
    else free++;
  }
}
