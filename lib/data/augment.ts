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
  /** Mirrors half of the images, left to right. Default false. */
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

/** Draws dy, dx and mirror for each of n images; offsets are uniform from -crop to crop. */
export function drawWindows(n: number, { crop = 0, flip = false }: Augmentation, random: Random): Int32Array {
  const windows = new Int32Array(n * windowNumbers);
  for (let i = 0; i < windows.length; i += windowNumbers) {
    windows[i] = random.integer(2 * crop + 1) - crop;
    windows[i + 1] = random.integer(2 * crop + 1) - crop;
    windows[i + 2] = flip ? random.integer(2) : 0;
  }
  return windows;
}
