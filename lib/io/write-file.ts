// A file appears whole or not at all: bytes go to a temporary file beside it, reach the disk, and take its name in one step.
import { randomBytes } from 'node:crypto';
import { open, rename, rm, writeFile } from 'node:fs/promises';

/**
 * Writes or replaces `path`; a crash or a full disk leaves what was there before, and so does a stream that throws.
 * Its errors and those of the file system pass through as they are; the temporary file is removed.
 */
export async function writeFileAtomic(path: string, content: Uint8Array | AsyncIterable<Uint8Array>): Promise<void> {
  // The same folder, because a rename is one step only within a file system.
  const temporary = `${path}.${randomBytes(6).toString('hex')}.tmp`;
  const file = await open(temporary, 'wx');
  try {
    try {
      await writeFile(file, content);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}
