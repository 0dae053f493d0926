// Trained networks that come with the package: models/<name>.safetensors. A name stands wherever a weights file may.
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

const folder = join(__dirname, '../../models');
const extension = '.safetensors';

/** Their names; none in a bundle, which leaves the files behind. */
export function shippedModels(): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((file) => file.endsWith(extension))
    .map((file) => file.slice(0, -extension.length))
    .sort();
}

/** The path of the network of this name, or `weights` itself, a path. A file of that very name in the working directory goes first. */
export const weightsPath = (weights: string): string =>
  !existsSync(weights) && shippedModels().includes(weights) ? join(folder, weights + extension) : weights;
