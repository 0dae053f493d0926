// Writes files atomically and durably: the bytes go to a temporary file in the same folder, are flushed to disk, the file is renamed, and the
// folder, which holds the name, is flushed too. All that the package writes goes through here.
import { mkdir, open, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { AdderNetError } from '../errors';
import { permissionRemedy } from '../node-permissions';
import { ageOf } from './file-age';
import { ownerOfTemporary, ownerState, temporaryPath } from './owner';

export type Content = string | Uint8Array | AsyncIterable<Uint8Array>;

/**
 * Writes or replaces `path`. After a crash, on a full disk, or if the stream throws, the previous file is still there; once the call returns,
 * the new one is there even after a loss of power, if the process may read the folder. What processes that were killed left there is removed.
 * @param what what is written, for messages, such as `the checkpoint`
 * @throws {AdderNetError} ERR_ARGUMENT if the file cannot be written; errors of the stream pass through unchanged
 */
export async function writeFileAtomic(path: string, content: Content, what = 'the file'): Promise<void> {
  await removeLeftovers(dirname(path));
  const temporary = await writeTemporary(path, content, what);
  try {
    await rename(temporary, path);
    await flushFolder(dirname(path));
  } catch (cause) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw writeError(`write ${what}`, path, cause as NodeJS.ErrnoException);
  }
}

/**
 * Writes and flushes a temporary file beside `path`, or leaves none. It throws what writeFileAtomic does.
 * @returns its path
 */
export async function writeTemporary(path: string, content: Content, what: string): Promise<string> {
  const coded = <T>(work: Promise<T>): Promise<T> =>
    work.catch((cause) => {
      throw writeError(`write ${what}`, path, cause);
    });
  const temporary = temporaryPath(path);
  const file = await coded(open(temporary, 'wx'));
  try {
    try {
      if (typeof content === 'string' || ArrayBuffer.isView(content)) await coded(writeFile(file, content));
      else for await (const chunk of content) await coded(writeFile(file, chunk));
      await coded(file.sync());
    } finally {
      await coded(file.close());
    }
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined); // the first error says why
    throw error;
  }
  return temporary;
}

/**
 * Creates a folder, and those above it that are missing, durably.
 * @throws {AdderNetError} ERR_ARGUMENT if it cannot be created
 */
export async function createFolder(path: string): Promise<void> {
  try {
    const first = await mkdir(path, { recursive: true });
    if (first === undefined) return;
    for (let created = resolve(path); created.length >= resolve(first).length; created = dirname(created))
      await flushFolder(dirname(created));
  } catch (cause) {
    throw writeError('create the folder', path, cause as NodeJS.ErrnoException);
  }
}

/** On Windows a folder cannot be opened, and renames are durable without. Nor can one be that this process may not read, but only write to. */
async function flushFolder(path: string): Promise<void> {
  if (process.platform === 'win32') return;
  const folder = await open(path, 'r').catch((error) => {
    if (['EACCES', 'EPERM'].includes(error.code)) return undefined;
    throw error;
  });
  if (!folder) return;
  try {
    await folder.sync();
  } catch (error) {
    if (!['EINVAL', 'ENOTSUP'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error; // file systems of networks
  } finally {
    await folder.close();
  }
}

const cleaned = new Set<string>();

/** Once per folder. */
export async function removeLeftovers(folder: string): Promise<void> {
  if (cleaned.has(resolve(folder))) return;
  cleaned.add(resolve(folder));
  for (const name of await readdir(folder).catch(() => [])) {
    const path = join(folder, name);
    if (await isLeftover(path).catch(() => false)) await rm(path, { force: true }).catch(() => undefined);
  }
}

/** A process that cannot be seen from here may be stopped for a while in the middle of a file, as a machine is that sleeps. */
const leftAfter = 3_600_000; // ms

async function isLeftover(path: string): Promise<boolean> {
  const owner = ownerOfTemporary(path);
  if (owner === undefined) return false;
  const state = ownerState(owner);
  return state === 'dead' || (state === 'unknown' && (await ageOf(path)) > leftAfter);
}

const remedies: Readonly<Record<string, string>> = {
  ENOSPC: 'free some space and try again',
  EDQUOT: 'free some space and try again',
  EROFS: 'choose a folder on a file system that can be written to',
  EACCES: 'choose a folder that you may write to',
  ENOENT: 'create its folder first',
  EPERM: 'choose a folder that you may write to',
};

export function writeError(action: string, path: string, cause: NodeJS.ErrnoException): AdderNetError {
  const remedy = permissionRemedy(cause) ?? remedies[cause.code ?? ''];
  return new AdderNetError('ERR_ARGUMENT', `cannot ${action} '${path}': ${cause.message}${remedy ? `; ${remedy}` : ''}`, { cause });
}
