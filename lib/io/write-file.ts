// Writes files atomically: the bytes go to a temporary file in the same folder, are flushed to disk, and then the file is renamed.
import { randomBytes } from 'node:crypto';
import { open, rename, rm, writeFile } from 'node:fs/promises';

/**
 * Writes or replaces `path`. After a crash, on a full disk, or if the stream throws, the previous file is still there.
 * Errors of the stream and the file system pass through unchanged, and the temporary file is removed.
 */
export async function writeFileAtomic(path: string, content: Uint8Array | AsyncIterable<Uint8Array>): Promise<void> {
  // In the same folder, because a rename is atomic only within a file system.
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
