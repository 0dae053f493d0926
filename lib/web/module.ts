// The module is fetched and compiled: from beside the code that runs, unless it is handed over.
import { AdderNetError } from '../errors';
import { fetchBytes } from '../io/fetch-bytes.web';
import { type CompiledModule, webAssembly } from '../wasm/instance';

/** A compiled module, its bytes, or its URL. */
export type ModuleSource = CompiledModule | ArrayBuffer | Uint8Array | URL | string;

/** Where this code lies: scripts/build-esm.cjs puts import.meta.url there. */
declare const urlOfThisFile: string;

export async function loadModule(source: ModuleSource = new URL('./addernet.wasm', urlOfThisFile)): Promise<CompiledModule> {
  if (source instanceof webAssembly.Module) return source;
  const bytes = typeof source === 'string' || source instanceof URL ? await fetchBytes(source) : (source as Uint8Array);
  try {
    return await webAssembly.compile(bytes);
  } catch (cause) {
    throw new AdderNetError('ERR_ISA', `addernet.wasm: this runtime does not compile it: ${(cause as Error).message}`, { cause });
  }
}
