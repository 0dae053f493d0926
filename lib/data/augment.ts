// Training images varied at random, so that a network is trained by what they show and does not memorize them.

import { AdderNetError } from '../errors';
import { windowNumbers } from '../ops/crop-mirror-normalize';
import { checkOptions, optionNames } from '../options';
import { shown } from '../quoted';
import type { Random } from '../random';
import type { Tensor } from '../tensor';

/** What is customary for small images; of CIFAR `{ crop: 4, flip: true }`. */
export interface Augmentation {
  /** Rows and columns of zeros added on each side, before a window of the old size is cut at random: less than height and width. Default: none. */
  crop?: number | undefined;
  /** Mirrors half of the images, left to right. Default false. */
  flip?: boolean | undefined;
}

const names = optionNames<Augmentation>({ crop: true, flip: true });

/**
 * Any other way, on bytes: it gets a copy of images, [n,h,w,c], which it may change, and returns them or others of the same shape. Whatever
 * it draws comes from `random`, so that training can be repeated.
 */
export type Transform = (images: Tensor<Uint8Array>, random: Random) => Tensor<Uint8Array>;

/**
 * @param op for messages
 * @throws {AdderNetError} ERR_ARGUMENT if crop is no positive integer less than height and width, or flip no boolean
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

/** dy, dx, mirror of each of n images: offsets from -crop to crop, each as likely as another. */
export function drawWindows(n: number, { crop = 0, flip = false }: Augmentation, random: Random): Int32Array {
  const windows = new Int32Array(n * windowNumbers);
  for (let i = 0; i < windows.length; i += windowNumbers) {
    windows[i] = random.integer(2 * crop + 1) - crop;
    windows[i + 1] = random.integer(2 * crop + 1) - crop;
    windows[i + 2] = flip ? random.integer(2) : 0;
  }
  return windows;
}
