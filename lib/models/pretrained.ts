// Trained networks that come with the package: models/<name>.safetensors. A name stands wherever a weights file may.
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { AdderNetError } from '../errors';
import { packageFile, remedyOfBundle } from '../package-files';

const extension = '.safetensors';

/** The name of a float network that comes with the package. */
export type FloatPretrained = 'lenet5-bn-mnist' | 'resnet20-cifar10' | 'resnet20-cifar10-conv';
/** The name of a network in 8 bits that comes with the package. */
export type QuantizedPretrained = 'lenet5-bn-mnist-8bit' | 'resnet20-cifar10-8bit';

/** Every name that the types know; a test compares them with the folder. */
export const pretrainedNames: Readonly<Record<FloatPretrained | QuantizedPretrained, true>> = {
  'lenet5-bn-mnist': true,
  'lenet5-bn-mnist-8bit': true,
  'resnet20-cifar10': true,
  'resnet20-cifar10-8bit': true,
  'resnet20-cifar10-conv': true,
};

/** Names of the trained networks that come with the package, which `load` opens; none in a bundle that runs away from its node_modules. */
export function pretrainedModels(): string[] {
  const folder = packageFile('models');
  if (folder === undefined) return [];
  return readdirSync(folder)
    .filter((file) => file.endsWith(extension))
    .map((file) => file.slice(0, -extension.length))
    .sort();
}

/**
 * The path of the network of this name, or `weights` itself, a path. A file of that very name in the working directory goes first.
 * @throws {AdderNetError} ERR_ARGUMENT if it is a name, and the networks of the package are not there
 */
export function weightsPath(weights: string): string {
  if (statSync(weights, { throwIfNoEntry: false })?.isFile()) return weights;
  const folder = packageFile('models');
  if (folder === undefined && /^[\w-]+$/.test(weights))
    throw new AdderNetError(
      'ERR_ARGUMENT',
      `no file '${weights}', and a bundle leaves the pretrained networks behind. ${remedyOfBundle('deploy node_modules/addernet/models with it')}, or pass the path of a .safetensors file`,
    );
  return folder !== undefined && pretrainedModels().includes(weights) ? join(folder, weights + extension) : weights;
}
