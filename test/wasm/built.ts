// addernet/wasm as it was built, and what runs it.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type * as Wasm from '../../dist/web';
import { library } from '../support/repository';

export const folder = join(library, 'wasm');
export const entryFile = join(folder, 'index.mjs');
export const moduleFile = join(folder, 'addernet.wasm');
export const missingModule = !existsSync(moduleFile) && 'the WebAssembly module is not built: npm run build:wasm';

let entries = 0;
/** The entry as if it were imported for the first time. */
export const freshEntry = (): Promise<typeof Wasm> => import(`${pathToFileURL(entryFile)}?${entries++}`);

export interface Runtime {
  readonly program: string;
  /** Why it cannot run; false if it can. */
  readonly missing: string | false;
}

/** A program of a package that is of one platform: their installation scripts, which do not run here, only put it elsewhere. */
function runtime(name: string, file: string): Runtime {
  const suffix = process.platform === 'win32' ? '.exe' : '';
  let program: string;
  try {
    program = require.resolve(`${file}${suffix}`);
  } catch {
    return { program: '', missing: `${name} has no package for this platform, or it is not installed: ${file}` };
  }
  const { status, error, stdout } = spawnSync(program, ['--version'], { encoding: 'utf8' });
  return { program, missing: status !== 0 && `${name} does not run here: ${error?.message ?? stdout}` };
}

const { platform, arch } = process;
const system = platform === 'win32' ? 'windows' : platform;
export const deno = runtime('deno', `@deno/${platform}-${arch}${platform === 'linux' ? '-glibc' : ''}/deno`);
export const bun = runtime('bun', `@oven/bun-${system}-${arch.replace('arm64', 'aarch64')}/bin/bun`);
export const workerd = runtime('workerd', `@cloudflare/workerd-${system}-${arch.replace('x64', '64')}/bin/workerd`);
