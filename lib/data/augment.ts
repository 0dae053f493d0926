// Random variations of training images, which keep a network from memorizing them.

import { AdderNetError } from '../errors';
import { windowNumbers } from '../ops/crop-mirror-normalize';
import { checkOptions, optionNames } from '../options';
import { shown } from '../quoted';
import type { Random } from '../random';
import type { Tensor } from '../tensor';

/** The usual augmentation of small images; for CIFAR `{ crop: 4, flip: true }`. */
export interface Augmentation {
  /**
   * How many rows and columns of zeros to add on each side before a window of the original size is cut at a random place: less than height and
   * width. Default: none.
   */
  crop?: number | undefined;
  /**
   * Mirrors each image, left to right, in every other epoch, half of them in the first: random choices would show many images the same way
   * several times in a row (Jordan, 2024, arXiv 2404.00498). Default false.
   */
  flip?: boolean | undefined;
}

const names = optionNames<Augmentation>({ crop: true, flip: true });

/**
 * A custom augmentation of bytes. It gets a copy of the images [n,h,w,c], which it may change, and returns these or other images of the same
 * shape. It must take random numbers from `random`, so that training can be repeated.
 */
export type Transform = (images: Tensor<Uint8Array>, random: Random) => Tensor<Uint8Array>;

/**
 * @param op the caller, for messages
 * @throws {AdderNetError} ERR_ARGUMENT unless crop is a positive integer less than height and width, and flip a boolean
 */
export function checkAugmentation(op: string, augmentation: Augmentation, [h, w]: readonly [number, number, number]): void {
  checkOptions(`${op}: augment`, augmentation, names);
  const { crop, flip } = augmentation;
  if (crop !== undefined && !(Number.isInteger(crop) && crop > 0 && crop < Math.min(h, w)))
    throw new AdderNetError(
      'ERR_ARGUMENT',
      `${op}: crop is ${shown(crop)}, expected a positive integer less than the ${h}x${w} pixels of an image; leave it out for none`,
    );
  if (flip !== undefined && typeof flip !== 'boolean')
    throw new AdderNetError('ERR_ARGUMENT', `${op}: flip is ${shown(flip)}, expected true or false`);
}

/** Which of `count` images are mirrored in even epochs; the others are in odd ones. */
export const drawMirrored = (count: number, random: Random): Uint8Array => Uint8Array.from({ length: count }, () => random.integer(2));

/**
 * Draws the offsets dy, dx of each image of a batch, uniform from -crop to crop. The third number is 1 where it is mirrored.
 * @param mirrored whether each image of the batch is; undefined if none is
 */
export function drawWindows(n: number, crop: number, random: Random, mirrored?: Uint8Array): Int32Array {
  const windows = new Int32Array(n * windowNumbers);
  for (let i = 0; i < n; i++) {
    windows[windowNumbers * i] = random.integer(2 * crop + 1) - crop;
    windows[windowNumbers * i + 1] = random.integer(2 * crop + 1) - crop;
    windows[windowNumbers * i + 2] = mirrored?.[i] ?? 0;
  }
  return windows;
}
