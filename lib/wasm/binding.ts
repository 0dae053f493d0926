// The native side where there is no addon: networks in WebAssembly, and nothing else.
import type { Binding } from '../../binding.d.ts';
import { AdderNetError } from '../errors';
import { type CompiledModule, WasmInstance } from './instance';
import { WasmPlan } from './plan';

/** The name of the only kernel table, as ADDERNET_ISA gives it. */
export const wasmIsa = 'wasm_simd128';

/**
 * @param module the compiled module
 * @param reason why there is no addon, with a remedy: whole sentences, for errors of what needs one
 */
export function wasmBinding(module: CompiledModule, reason: string): Binding {
  let instance = new WasmInstance(module);
  const usable = (): WasmInstance => {
    if (instance.isBroken) instance = new WasmInstance(module);
    return instance;
  };
  const own: Partial<Binding> = {
    cpuInfo: () => ({ isa: wasmIsa, supported: [wasmIsa], byteAdder: 'max_add', byteAdders: ['max_add'], threads: 1 }),
    setThreads: () => {},
    freeArray: () => {},
    Plan: class extends WasmPlan {
      constructor(inputElements: number) {
        super(usable(), inputElements);
      }
    },
  };
  const missing = (name: string) => () => {
    throw new AdderNetError('ERR_NATIVE_MISSING', `${name} needs the compiled addon, WebAssembly runs compiled networks alone: ${reason}`);
  };
  return new Proxy(own as Binding, { get: (_, name) => own[name as keyof Binding] ?? missing(String(name)) });
}
