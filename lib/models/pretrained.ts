// Trained networks that come with the package: models/<name>.safetensors. A name stands wherever a weights file may.
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

const folder = join(__dirname, '../../models');
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

/** Names of the trained networks that come with the package, which `load` opens; none in a bundle, which leaves the files behind. */
export function pretrainedModels(): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((file) => file.endsWith(extension))
    .map((file) => file.slice(0, -extension.length))
    .sort();
}

/** The path of the network of this name, or `weights` itself, a path. A file of that very name in the working directory goes first. */
export const weightsPath = (weights: string): string =>
  !existsSync(weights) && pretrainedModels().includes(weights) ? join(folder, weights + extension) : weights;
