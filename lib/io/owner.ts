// Which thread of which process a lock or a temporary file belongs to, in characters of a file name, so that other processes can tell
// whether it still runs.
import { createHash } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import { threadId } from 'node:worker_threads';

/** `dead`: it certainly runs no more; `unknown`: this process cannot see, because of another host or container, or a system that shows too little. */
export type OwnerState = 'alive' | 'dead' | 'unknown';

/** Host, boot, namespace of process ids, process, thread, and when the thread started. What the system does not show is 0. */
const pattern = /^([0-9a-f]{6})([0-9a-f]{6})([0-9a-f]{6})-(\d+)-(\d+)-(\d+)$/;

let own: string | undefined;

export function thisOwner(): string {
  own ??= describeThread();
  return own;
}

function describeThread(): string {
  const boot = read(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8'));
  const namespace = read(() => readlinkSync('/proc/self/ns/pid'));
  const place = [hostname(), boot, namespace].map(digits).join('');
  const task = read(() => readlinkSync('/proc/thread-self')).split('/')[2] ?? String(threadId);
  return `${place}-${process.pid}-${task}-${taskStatus(process.pid, task)?.started ?? 0}`;
}

const notShown = '000000';
const digits = (text: string): string => (text === '' ? notShown : createHash('sha256').update(text).digest('hex').slice(0, 6));

let files = 0;

/** A name for a temporary file that belongs to this thread. It is in the same folder, because a rename is atomic only within a file system. */
export const temporaryPath = (path: string): string => `${path}.${thisOwner()}-${files++}.tmp`;

/** Undefined for any other file. */
export const ownerOfTemporary = (name: string): string | undefined => /\.([0-9a-f]{18}-\d+-\d+-\d+)-\d+\.tmp$/.exec(name)?.[1];

export function ownerState(owner: string): OwnerState {
  const theirs = pattern.exec(owner);
  if (!theirs) return 'unknown';
  const [, host, boot, namespace] = pattern.exec(thisOwner())!;
  if (theirs[1] !== host) return 'unknown';
  if (theirs[2] !== boot) return [theirs[2], boot].includes(notShown) ? 'unknown' : 'dead';
  if (theirs[3] !== namespace) return 'unknown';
  const [pid, task, started] = [Number(theirs[4]), theirs[5]!, theirs[6]!];
  if (!isRunning(pid)) return 'dead';
  // A process id is reused, a thread may end before its process, and a zombie still has its id.
  if (started === '0' || !taskStatus(pid, String(pid))) return 'unknown';
  const found = taskStatus(pid, task);
  return found?.started === started && !'ZX'.includes(found.state) ? 'alive' : 'dead';
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'; // of another user
  }
}

/** Fields 3 and 22 of the thread's status; the name in field 2 may contain anything. */
function taskStatus(pid: number, task: string): { state: string; started: string } | undefined {
  const text = read(() => readFileSync(`/proc/${pid}/task/${task}/stat`, 'utf8'));
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const [state, started] = [fields[0], fields[19]];
  return state && started ? { state, started } : undefined;
}

/** Empty where the system has no such file, or denies it. */
function read(from: () => string): string {
  try {
    return from();
  } catch {
    return '';
  }
}
