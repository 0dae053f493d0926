// The module of this package in Node, where no compiled binary fits or ADDERNET_ISA asks for it.
import { readFileSync } from 'node:fs';
import type { Binding } from '../../binding.d.ts';
import { packageFile } from '../package-files';
import { wasmBinding } from './binding';
import { webAssembly } from './instance';

/** Where scripts/build-esm.cjs puts it. */
export const moduleFile = 'dist/wasm/addernet.wasm';

/**
 * @param reason why there is no addon, for errors of what needs one
 * @returns undefined where the module is not there, or this Node compiles no such module
 */
export function wasmFallback(reason: string): Binding | undefined {
  const path = packageFile(moduleFile);
  if (path === undefined) return undefined;
  try {
    return wasmBinding(new webAssembly.Module(readFileSync(path)), reason);
  } catch {
    return undefined; // why there is no addon is what matters then
  }
}
