// The file that locks a checkpoint or a folder: it is taken over, or refused and left as it is.
import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AdderNetError } from '../../dist/errors';
import { FileLock } from '../../dist/io/file-lock';
import { thisOwner } from '../../dist/io/owner';
import { expect, type Target } from './target';
import { json } from './within';

const holder = (owner: string, host = 'machine') =>
  Buffer.from(JSON.stringify({ id: 'abcdef012345', owner, pid: 1, host, since: '2026-01-01T00:00:00.000Z' }));
/** The same place and another process, which runs no more. */
const deadOwner = () => thisOwner().replace(/-.*/, '-4194305-4194305-1');

function ownerOf(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString()).owner;
  } catch {
    return undefined;
  }
}

let folder: string | undefined;
function lockedPath(): string {
  folder ??= mkdtempSync(join(tmpdir(), 'addernet-fuzz-lock-'));
  return join(folder, 'file');
}

export const lockTarget: Target = {
  name: 'lock file',
  corpus: () => [
    holder(thisOwner()),
    holder(thisOwner(), '\u001b[2J'),
    holder(deadOwner()),
    holder('000000000000000000-1-1-1'),
    Buffer.from('{}'),
  ],
  words: ['"id":', '"owner":', '"host":', '../', '/', '\\u0000', '\\u001b[2J', '-0-0-0', '-4294967297-1-1'],
  within: [json],
  async run(bytes) {
    const path = lockedPath();
    const file = `${path}.lock`;
    writeFileSync(file, bytes);
    let lock: FileLock;
    try {
      lock = await FileLock.acquire('the file', path);
    } catch (error) {
      expect(error instanceof AdderNetError && error.code === 'ERR_LOCKED', String(error));
      expect(readFileSync(file).equals(bytes), 'a lock that is refused was changed');
      throw new AdderNetError('ERR_ARGUMENT', error.message);
    }
    expect(ownerOf(bytes) !== thisOwner(), 'the lock of a thread that runs was taken over');
    await lock.check();
    await lock.release();
    expect(readdirSync(folder!).length === 0, `left over: ${readdirSync(folder!).join()}`);
  },
};
