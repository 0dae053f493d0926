// The native side in browsers, workers and edge functions: the WebAssembly module, which is there once it was loaded.
import type { Binding } from '../binding.d.ts';
import { AdderNetError } from './errors';
import { wasmBinding } from './wasm/binding';
import type { CompiledModule } from './wasm/instance';

export type { NativePlan, QuantizedArray, Rescaling } from '../binding.d.ts';

let loaded: Binding | undefined;

/** @throws {AdderNetError} ERR_NATIVE_MISSING before a module was taken into use */
export function native(): Binding {
  if (!loaded) throw new AdderNetError('ERR_NATIVE_MISSING', 'the WebAssembly module is not there yet: compile loads it, await it first');
  return loaded;
}

/** Takes a compiled module into use. Sessions of another one stay as they are. */
export function useModule(module: CompiledModule): void {
  loaded = wasmBinding(module, "use 'addernet' in Node for the rest");
}

export const rethrow = <T>(use: () => T): T => use();
