// The package as npm would install it, outside of this repository: with the dependencies named, and whatever else is wanted left out.
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Test } from 'tap';
import { repository } from './repository';

const dependencies = ['cli-progress', 'commander', 'fflate', 'node-gyp-build'];

/**
 * The folder of a copy that lasts as long as the test.
 * @param wasm whether the WebAssembly module comes along, where it was built. Default false
 */
export function installedCopy(t: Test, { binary, wasm = false }: { binary: boolean; wasm?: boolean }): string {
  // Not in the test's own folder: that lies in the repository, whose node_modules would be found.
  const root = mkdtempSync(join(tmpdir(), 'addernet-'));
  t.teardown(() => rmSync(root, { recursive: true }));
  const copy = join(root, 'node_modules', 'addernet');
  mkdirSync(copy, { recursive: true });
  for (const part of ['dist', 'package.json', ...(binary ? ['build/Release/addernet.node'] : [])])
    cpSync(join(repository, part), join(copy, part), { recursive: true });
  if (!wasm) rmSync(join(copy, 'dist/wasm/addernet.wasm'), { force: true });
  for (const name of dependencies) symlinkSync(join(repository, 'node_modules', name), join(root, 'node_modules', name), 'junction');
  return copy;
}
