// Preloaded into a process (node --require), it lets the n-th change of the file system, from 1, and all later ones fail:
//   ADDERNET_FAIL_AT    n; without it, nothing fails
//   ADDERNET_FAIL_WITH  the code of the error, such as ENOSPC, which lets files still be removed, or kill: the process ends at once;
//                       half of a write is done before
//   ADDERNET_FAIL_COUNT a file that gets all changes, a line each, such as `rename log.jsonl`
import { appendFileSync } from 'node:fs';
import promises, { type FileHandle } from 'node:fs/promises';
import { basename } from 'node:path';

const { ADDERNET_FAIL_AT: at, ADDERNET_FAIL_WITH: code = 'ENOSPC', ADDERNET_FAIL_COUNT: counted } = process.env;
let changes = 0;

/** What to do before a change; it throws where the change fails. */
async function before(what: string, path: string, half: () => Promise<void> = async () => {}): Promise<void> {
  changes++;
  const change = `${what} ${basename(path)}`;
  if (counted) appendFileSync(counted, `${change}\n`);
  if (at === undefined || changes < Number(at)) return;
  await half();
  if (code === 'kill') process.kill(process.pid, 'SIGKILL');
  if (code === 'ENOSPC' && what === 'rm') return;
  throw Object.assign(new Error(`${code}: this test fails it, ${change}`), { code });
}

for (const name of ['rename', 'link', 'mkdir', 'copyFile', 'rm'] as const) {
  const original = promises[name] as (...args: unknown[]) => Promise<unknown>;
  Object.assign(promises, {
    [name]: async (...args: unknown[]) => {
      await before(name, String(typeof args[1] === 'string' ? args[1] : args[0]));
      return await original(...args);
    },
  });
}

const paths = new WeakMap<FileHandle, string>();
const { open, writeFile } = promises;
Object.assign(promises, {
  async open(path: string, flags: string, ...rest: number[]): Promise<FileHandle> {
    if (flags === 'wx') await before('open', path);
    const file = await open(path, flags, ...rest);
    paths.set(file, path);
    const { sync, close } = file;
    file.sync = async () => {
      await before('sync', path);
      await sync.call(file);
    };
    if (flags === 'wx')
      file.close = async () => {
        await close.call(file); // as on a network: closing reports that a write failed
        await before('close', path);
      };
    return file;
  },
  async writeFile(file: FileHandle, content: string | Uint8Array): Promise<void> {
    const bytes = typeof content === 'string' ? Buffer.from(content) : content;
    await before('write', paths.get(file)!, () => writeFile(file, bytes.subarray(0, Math.floor(bytes.length / 2))));
    await writeFile(file, bytes);
  },
});
