// A part of a data set, such as the validation images.

import { AdderNetError } from '../errors';
import { shown } from '../quoted';
import { Random } from '../random';
import { elementCount } from '../shape';
import { Tensor } from '../tensor';
import { checkDataset, checkGather, checkRange, type Dataset } from './dataset';

/** The images at given indices of another data set. */
class Subset implements Dataset {
  readonly name: string;
  readonly length: number;
  readonly classes: number;
  readonly classNames?: readonly string[];
  readonly imageShape: readonly [number, number, number];
  readonly #source: Dataset;
  readonly #indices: Int32Array;

  constructor(source: Dataset, indices: Int32Array) {
    this.name = `${source.name} (${indices.length} of ${source.length})`;
    this.length = indices.length;
    this.classes = source.classes;
    if (source.classNames) this.classNames = source.classNames;
    this.imageShape = source.imageShape;
    this.#source = source;
    this.#indices = indices;
  }

  images(start: number, end: number): Tensor<Uint8Array> {
    checkRange(this, start, end);
    const size = elementCount(this.imageShape);
    const bytes = new Uint8Array((end - start) * size);
    this.#indices.subarray(start, end).forEach((index, i) => {
      bytes.set(this.#source.images(index, index + 1).data, i * size);
    });
    return new Tensor(bytes, [end - start, ...this.imageShape]);
  }

  targets(start: number, end: number): Int32Array {
    checkRange(this, start, end);
    return this.#indices.slice(start, end).map((index) => this.#source.targets(index, index + 1)[0]!);
  }

  gather(indices: Int32Array, images: Uint8Array, targets: Int32Array): void | Promise<void> {
    checkGather(this, indices, images, targets);
    return this.#source.gather(
      indices.map((index) => this.#indices[index]!),
      images,
      targets,
    );
  }
}

/**
 * Splits a data set at random. Both parts keep its order, and the same seed gives the same parts.
 * @param fraction the size of `part` relative to the data set, above 0 and below 1, rounded to whole images
 * @param seed     a safe integer
 * @returns the rest and the part
 * @throws {AdderNetError} ERR_ARGUMENT if either would be empty, or the seed is not a safe integer
 */
export function splitDataset(dataset: Dataset, fraction: number, seed: number): [rest: Dataset, part: Dataset] {
  checkDataset('splitDataset', dataset);
  if (!Number.isSafeInteger(seed))
    throw new AdderNetError('ERR_ARGUMENT', `splitDataset: seed is ${shown(seed)}, expected an integer between -2^53 and 2^53`);
  const size = typeof fraction === 'number' ? Math.round(dataset.length * fraction) : Number.NaN;
  if (!(size >= 1 && size < dataset.length))
    throw new AdderNetError(
      'ERR_ARGUMENT',
      `splitDataset: fraction is ${shown(fraction)}, which leaves ${dataset.name} with an empty part: expected a number between 0 and 1 that gives at least one of its ${dataset.length} images, but not all`,
    );
  const indices = Int32Array.from({ length: dataset.length }, (_, i) => i);
  Random.of(seed).shuffle(indices);
  return [new Subset(dataset, indices.slice(size).sort()), new Subset(dataset, indices.slice(0, size).sort())];
}
