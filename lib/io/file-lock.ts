// Locks that processes share: a file beside what is locked names the owner, who renews it. The lock of an owner that was killed is taken over:
// at once where the system shows that it runs no more, otherwise when it has not been renewed for a while.
import { createHash, randomBytes } from 'node:crypto';
import { constants, readFileSync, unlinkSync } from 'node:fs';
import { copyFile, link, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { hostname } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { clearInterval, setInterval } from 'node:timers';
import { AdderNetError } from '../errors';
import { escapeControls } from '../quoted';
import { integer, objectWith, text as shortText } from '../schema';
import { ageOf } from './file-age';
import { ownerState, thisOwner } from './owner';
import { removeLeftovers, writeError, writeTemporary } from './write-file';

const [renewedEvery, abandonedAfter] = [20_000, 120_000]; // ms

/** The content of a lock file. */
interface Holder {
  /** Random: a thread that locks again is another holder. */
  readonly id: string;
  readonly owner: string;
  /** These are for people: */
  readonly pid: number;
  readonly host: string;
  readonly since: string;
}

const holderRule = objectWith({ id: shortText(12), owner: shortText(100), pid: integer(), host: shortText(255), since: shortText(24) });

interface FoundLock {
  /** Of the bytes of its file. */
  readonly digest: string;
  /** Undefined if the file is damaged. */
  readonly holder: Holder | undefined;
}

export class FileLock {
  readonly #what: string;
  readonly #path: string;
  readonly #text: string;
  readonly #renewal: NodeJS.Timeout;

  private constructor(what: string, path: string, text: string) {
    this.#what = what;
    this.#path = path;
    this.#text = text;
    this.#renewal = setInterval(() => this.#renew().catch(() => undefined), renewedEvery).unref();
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
    const holder: Holder = {
      id: randomBytes(6).toString('hex'),
      owner: thisOwner(),
      pid,
      host: hostname(),
      since: new Date().toISOString(),
    };
    const text = JSON.stringify(holder);
    const other = await take(`the lock of ${what}`, file, text).catch((cause) => {
      throw cause instanceof AdderNetError ? cause : writeError(`lock ${what}`, path, cause);
    });
    if (other) throw await lockedError(what, path, file, other);
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

  /** Writes the same bytes again, so that the file system notes the time; not into the file of another owner, which may be there by now. */
  async #renew(): Promise<void> {
    const file = await open(this.#path, 'r+');
    try {
      if ((await file.readFile('utf8')) !== this.#text) return;
      await file.write(this.#text, 0);
      await file.sync(); // a file system of a network notes it only then
    } finally {
      await file.close();
    }
  }

  async release(): Promise<void> {
    clearInterval(this.#renewal);
    heldLocks.delete(this.#path);
    if (heldLocks.size === 0) process.removeListener('exit', removeAll);
    if ((await readFile(this.#path, 'utf8').catch(() => undefined)) === this.#text)
      await rm(this.#path, { force: true }).catch(() => undefined);
  }
}

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
 * Creates the lock file, or replaces an abandoned one.
 * @returns who has it instead
 */
async function take(what: string, path: string, text: string): Promise<FoundLock | undefined> {
  for (;;) {
    if (await create(what, path, text)) return undefined;
    const found = await find(path);
    if (!found) continue; // released meanwhile
    if (!(await isAbandoned(path, found))) return found;
    // Two processes may have found it abandoned. Only the one that also creates the guard replaces the lock; a guard is a lock itself.
    const guard = `${path}.${found.digest}`;
    const other = await take(what, guard, text);
    if (other) return other;
    try {
      if ((await find(path))?.digest !== found.digest || !(await isAbandoned(path, found))) continue;
      const temporary = await writeTemporary(path, text, what);
      await rename(temporary, path);
      return undefined;
    } finally {
      await rm(guard, { force: true }).catch(() => undefined); // who has the lock removes guards as well
    }
  }
}

const stateOf = ({ holder }: FoundLock) => (holder ? ownerState(holder.owner) : 'unknown');

async function isAbandoned(path: string, found: FoundLock): Promise<boolean> {
  const state = stateOf(found);
  return state === 'dead' || (state === 'unknown' && (await ageOf(path)) > abandonedAfter);
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

/** Undefined if there is no such file. */
async function find(path: string): Promise<FoundLock | undefined> {
  try {
    const bytes = await readFile(path);
    return { digest: createHash('sha256').update(bytes).digest('hex').slice(0, 12), holder: parseHolder(bytes) };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

function parseHolder(bytes: Buffer): Holder | undefined {
  try {
    const holder = JSON.parse(bytes.toString());
    return holderRule(holder) === undefined ? holder : undefined;
  } catch {
    return undefined;
  }
}

/** Guards of locks that are no more: a process that still holds one finds the lock replaced, and gives up. */
async function removeGuards(path: string): Promise<void> {
  const guard = /\.lock(\.[0-9a-f]{12})+$/;
  const start = `${basename(path)}.`;
  for (const name of await readdir(dirname(path)))
    if (name.startsWith(start) && guard.test(name)) await rm(join(dirname(path), name), { force: true });
}

async function lockedError(what: string, path: string, file: string, found: FoundLock): Promise<AdderNetError> {
  const { holder } = found;
  const who = holder ? escapeControls(`process ${holder.pid} on ${holder.host} since ${holder.since}`) : 'an unknown process';
  const remedy = ['wait until that has ended, or use another one'];
  if (stateOf(found) === 'unknown') {
    const seconds = Math.ceil((abandonedAfter - (await ageOf(file).catch(() => 0))) / 1000);
    remedy.push(`if it was killed, this works in ${Math.max(seconds, 1)} s, or once ${file} is deleted`);
  }
  return new AdderNetError('ERR_LOCKED', `${what} '${path}' is in use by ${who}: ${remedy.join('; ')}`);
}
