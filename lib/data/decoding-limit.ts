// Decoding an image occupies one of libuv's few threads, which files and DNS need as well, so at least one thread stays free.
import { availableParallelism } from 'node:os';

/** libuv's default if UV_THREADPOOL_SIZE is not set. */
const defaultThreads = 4;
/** libuv's threads, which files, DNS and sharp share. */
const libuvThreads = Number.parseInt(process.env.UV_THREADPOOL_SIZE ?? '', 10) || defaultThreads;

/** How many images the process decodes at the same time. With two, a small image passes a large one even on a single core. */
export const maxConcurrentDecodes = Math.max(1, Math.min(libuvThreads - 1, Math.max(2, availableParallelism())));

let free = maxConcurrentDecodes;
const waiting: (() => void)[] = [];

/** Calls `decode` when its turn comes, first come, first served. */
export async function limitDecoding<T>(decode: () => Promise<T>): Promise<T> {
  if (free > 0) free--;
  else await new Promise<void>((resolve) => waiting.push(resolve));
  try {
    return await decode();
  } finally {
    const next = waiting.shift(); // takes over this slot
    if (next) next();
    else free++;
  }
}
