// A weights file is read by its path, its bytes, or the name of a pretrained model.
import { AdderNetError } from '../errors';
import { type FileSource, sourceName } from '../io/file-source';
import { type ReadTensorsOptions, readTensors } from '../io/read-tensors';
import type { TensorFile } from '../io/tensor-file';
import { pretrainedModels, weightsPath } from '../models/pretrained';

/** @throws {AdderNetError} ERR_ARGUMENT if there is no such file, or nothing at `key`; ERR_FORMAT or ERR_CORRUPT if it cannot be read */
export async function readWeights(source: FileSource, { key }: ReadTensorsOptions = {}): Promise<TensorFile> {
  try {
    return await readTensors(typeof source === 'string' ? weightsPath(source) : source, { key });
  } catch (cause) {
    const system = systemError(cause);
    if (!system) throw cause;
    const names = `pretrained models: ${pretrainedModels().join(', ') || 'none here'}`;
    throw new AdderNetError('ERR_ARGUMENT', `cannot read the weights file '${sourceName(source)}': ${system.message} (${names})`, {
      cause: system,
    });
  }
}

/** The error of the file system: the error itself, or its cause. */
function systemError(error: unknown): Error | undefined {
  const candidates = [error, (error as Error | undefined)?.cause];
  return candidates.find((candidate): candidate is Error => typeof (candidate as NodeJS.ErrnoException | undefined)?.syscall === 'string');
}
