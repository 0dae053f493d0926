// addernet/wasm: networks in browsers, workers and edge functions, wherever WebAssembly runs. An ES module without imports.
import { useModule } from '../binding.web';
import type { Layer } from '../layers';
import { type CompileOptions, compile as compileNetwork, type InferenceSession, type QuantizedNetwork } from '../session';
import { loadModule, type ModuleSource } from './module';

export { type CpuInfo, cpuInfo } from '../cpu';
export type { Color, ImageOptions, ImageShape } from '../data/image-options';
export type { ImageSource } from '../data/image-source';
export type { Pixels } from '../data/pixels';
export { AdderNetError, type ErrorCode } from '../errors';
export { load } from '../files/load';
export type { LoadOptions } from '../files/load-options';
export type { FileSource } from '../io/file-source';
export type { ModelMetadata } from '../models/metadata';
export { Model } from '../models/model';
export { QuantizedModel } from '../quantize/quantized-model';
export { type Classification, type ClassifyOptions, type CompileOptions, InferenceSession, type RunOptions } from '../session';
export type { Shape } from '../shape';
export { Tensor } from '../tensor';
export type { ModuleSource } from './module';

/** The latest call of init, as long as it has not failed. */
let ready: Promise<void> | undefined;

/**
 * Loads the WebAssembly module. `compile` does so by itself with the file beside this one; call it to choose another source, or to begin early.
 *
 * @param source the compiled module, as Cloudflare's Workers and other edge functions import it, its bytes, or where it is. Default:
 *   addernet.wasm beside this file
 * @throws {AdderNetError} as a rejection: ERR_NETWORK if it cannot be fetched; ERR_ISA if this runtime has no SIMD in WebAssembly, or what came is
 *   not the module of this package
 */
export function init(source?: ModuleSource): Promise<void> {
  const own = loadModule(source).then((module) => {
    if (ready === own) useModule(module); // a later call may be done already
  });
  ready = own;
  own.catch(() => {
    if (ready === own) ready = undefined; // another call tries again
  });
  return own;
}

/** Compiles a network for inference, as `compile` of the main entry does, for one thread. The module is loaded first. */
export async function compile(model: Layer | QuantizedNetwork, options?: CompileOptions): Promise<InferenceSession> {
  await (ready ?? init());
  return await compileNetwork(model, options);
}
