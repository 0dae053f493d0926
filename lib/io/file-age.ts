// How long ago a file was written, by the clock of its file system: the machines that share one may disagree about the time.
import { open, rm, stat } from 'node:fs/promises';
import { temporaryPath } from './owner';

/** In milliseconds; infinite if there is no such file. */
export async function ageOf(path: string): Promise<number> {
  const probe = temporaryPath(path);
  const file = await open(probe, 'wx');
  try {
    const now = (await file.stat()).mtimeMs;
    return now - (await stat(path)).mtimeMs;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return Number.POSITIVE_INFINITY;
    throw error;
  } finally {
    await file.close();
    await rm(probe, { force: true }).catch(() => undefined);
  }
}
