// A weights file is read by its URL, or its bytes. Of the formats only safetensors, the one that this package writes: others cost more than the
// rest of the code, and `addernet convert` makes safetensors of them.
import { type FileSource, readSource, sourceName } from '../io/file-source';
import { safetensorsFile } from '../io/safetensors-file';
import type { TensorFile } from '../io/tensor-file';

/** @throws {AdderNetError} ERR_NETWORK if it cannot be fetched; ERR_FORMAT or ERR_CORRUPT if it is no safetensors, or a damaged one */
export async function readWeights(source: FileSource, _options?: { readonly key?: string | undefined }): Promise<TensorFile> {
  return safetensorsFile(await readSource('load', source), sourceName(source));
}
