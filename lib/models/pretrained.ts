// Pretrained models are bundled with the package: models/<name>.safetensors. Their names are accepted wherever weights files are.
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { AdderNetError } from '../errors';
import { packageFile, remedyOfBundle } from '../package-files';

export type { FloatPretrained, QuantizedPretrained } from './pretrained-names';

const extension = '.safetensors';

/** The names of the pretrained models, which `load` opens. There are none where a bundler's output runs without node_modules. */
export function pretrainedModels(): string[] {
  const folder = packageFile('models');
  if (folder === undefined) return [];
  return readdirSync(folder)
    .filter((file) => file.endsWith(extension))
    .map((file) => file.slice(0, -extension.length))
    .sort();
}

/**
 * Returns the path of the pretrained model of this name, or `weights` itself, a path. A file with the same name in the working directory has
 * precedence.
 * @throws {AdderNetError} ERR_ARGUMENT if it is a name, and the pretrained models are missing
 */
export function weightsPath(weights: string): string {
  if (statSync(weights, { throwIfNoEntry: false })?.isFile()) return weights;
  const folder = packageFile('models');
  if (folder === undefined && /^[\w-]+$/.test(weights))
    throw new AdderNetError(
      'ERR_ARGUMENT',
      `no file '${weights}', and a bundle does not contain the pretrained models. ${remedyOfBundle('deploy node_modules/addernet/models with it')}, or pass the path of a .safetensors file`,
    );
  return folder !== undefined && pretrainedModels().includes(weights) ? join(folder, weights + extension) : weights;
}
