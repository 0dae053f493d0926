// Locks that processes share: a file beside what is locked names the owner. A lock whose owner was killed is taken over.
import { randomBytes } from 'node:crypto';
import { constants, readFileSync, unlinkSync } from 'node:fs';
import { copyFile, link, readdir, readFile, rename, rm } from 'node:fs/promises';
import { hostname } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { AdderNetError } from '../errors';
import { ownerState, thisOwner } from './owner';
import { removeLeftovers, writeError, writeTemporary } from './write-file';

/** The content of a lock file. */
interface Holder {
  readonly id: string;
  readonly owner: string;
  /** These are for people: */
  readonly pid: number;
  readonly host: string;
  readonly since: string;
}

export class FileLock {
  readonly #what: string;
  readonly #path: string;
  readonly #text: string;

  private constructor(what: string, path: string, text: string) {
    this.#what = what;
    this.#path = path;
    this.#text = text;
    heldLocks.set(path, text);
    if (heldLocks.size === 1) process.on('exit', removeAll);
  }

  /**
   * Locks `path`.
   * @param what what is locked, for messages, such as `the checkpoint`
   * @param file the lock file, in a folder that exists
   * @throws {AdderNetError} ERR_LOCKED, with the owner, if it is locked already; ERR_ARGUMENT if the lock cannot be written
   */
  static async acquire(what: string, path: string, file = `${path}.lock`): Promise<FileLock> {
    await removeLeftovers(dirname(file));
    const { pid } = process;
    const holder: Holder = { id: newId(), owner: thisOwner(), pid, host: hostname(), since: new Date().toISOString() };
    const text = JSON.stringify(holder);
    const other = await take(`the lock of ${what}`, file, text).catch((cause) => {
      throw cause instanceof AdderNetError ? cause : writeError(`lock ${what}`, path, cause);
    });
    if (other) throw lockedError(what, path, file, other);
    await removeGuards(file).catch(() => undefined); // the lock is held whether or not they go
    return new FileLock(what, file, text);
  }

  /** @throws {AdderNetError} ERR_LOCKED if the lock file was deleted or belongs to another process by now */
  async check(): Promise<void> {
    const text = await readFile(this.#path, 'utf8').catch(() => undefined);
    if (text !== this.#text)
      throw new AdderNetError(
        'ERR_LOCKED',
        `${this.#what} is no longer locked: '${this.#path}' was deleted or replaced while it was in use`,
      );
  }

  async release(): Promise<void> {
    heldLocks.delete(this.#path);
    if (heldLocks.size === 0) process.removeListener('exit', removeAll);
    if ((await readFile(this.#path, 'utf8').catch(() => undefined)) === this.#text)
      await rm(this.#path, { force: true }).catch(() => undefined);
  }
}

const newId = (): string => randomBytes(6).toString('hex');

/** Locks of this thread, which are removed where the process exits without releasing them. */
const heldLocks = new Map<string, string>();

function removeAll(): void {
  for (const [path, text] of heldLocks)
    try {
      if (readFileSync(path, 'utf8') === text) unlinkSync(path);
    } catch {
      // the next process takes it over
    }
}

/**
 * Creates the lock file, or replaces that of a dead owner.
 * @returns who has it instead
 */
async function take(what: string, path: string, text: string): Promise<Partial<Holder> | undefined> {
  for (;;) {
    if (await create(what, path, text)) return undefined;
    const found = await holderOf(path);
    if (!found) continue; // released meanwhile
    if (found.id === undefined || found.owner === undefined || ownerState(found.owner) !== 'dead') return found;
    // Two processes may have found the same dead owner. Only the one that also creates the guard replaces the lock; a guard is a lock itself.
    const guard = `${path}.${found.id}`;
    const other = await take(what, guard, text);
    if (other) return other;
    try {
      if ((await holderOf(path))?.id !== found.id) continue;
      const temporary = await writeTemporary(path, text, what);
      await rename(temporary, path);
      return undefined;
    } finally {
      await rm(guard, { force: true });
    }
  }
}

/** Whole or not at all. @returns false if the file exists */
async function create(what: string, path: string, text: string): Promise<boolean> {
  const temporary = await writeTemporary(path, text, what);
  try {
    await link(temporary, path).catch((error) => {
      if (['EEXIST', 'ENOENT', 'ENOSPC', 'EROFS'].includes(error.code)) throw error;
      return copyFile(temporary, path, constants.COPYFILE_EXCL); // a file system without links, such as FAT
    });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  } finally {
    await rm(temporary, { force: true }).catch(() => undefined);
  }
}

/** Undefined if there is no such file; without fields if it is damaged. */
async function holderOf(path: string): Promise<Partial<Holder> | undefined> {
  try {
    const holder: Partial<Holder> | null = JSON.parse(await readFile(path, 'utf8'));
    return /^[0-9a-f]{12}$/.test(String(holder?.id)) ? holder! : {};
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    if (error instanceof SyntaxError) return {};
    throw error;
  }
}

/** Guards of locks that are no more: a process that still holds one finds the lock replaced, and gives up. */
async function removeGuards(path: string): Promise<void> {
  const guard = /\.lock(\.[0-9a-f]{12})+$/;
  const start = `${basename(path)}.`;
  for (const name of await readdir(dirname(path)))
    if (name.startsWith(start) && guard.test(name)) await rm(join(dirname(path), name), { force: true });
}

function lockedError(what: string, path: string, file: string, { pid, host, since, owner }: Partial<Holder>): AdderNetError {
  const who = pid === undefined ? 'an unknown process' : `process ${pid} on ${host} since ${since}`;
  const remedy =
    owner !== undefined && ownerState(owner) === 'alive'
      ? 'wait until that has ended, or use another one'
      : `if that has ended, which cannot be seen from here, delete ${file}`;
  return new AdderNetError('ERR_LOCKED', `${what} '${path}' is in use by ${who}: ${remedy}`);
}
