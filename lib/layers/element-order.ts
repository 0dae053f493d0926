// A Flatten makes rows of images: here in the order height, width, channels, in PyTorch channels, height, width. What follows has a weight for
// each element of a row, so weights that PyTorch trained are put into this order as they are loaded. The shapes are the same in both.
import { AdderNetError } from '../errors';
import type { Tensor } from '../tensor';

/** What is known of the elements that flow from one layer to the next. */
export interface ElementOrder {
  /** Of the images, or elements of the rows where there were no images; undefined if unknown. */
  readonly channels?: number | undefined;
  /** Whether a Flatten made rows of images. */
  readonly flattened: boolean;
}

/** Called with each tensor whose last axis runs over the elements of flattened images of so many channels. */
export type ReorderColumns = (tensor: Tensor, channels: number | undefined) => void;

/** Of a layer that gives elements of its own, `channels` of them at each place. */
export const freshChannels = (channels: number): ElementOrder => ({ channels, flattened: false });

/** Reports `tensors`, which have a column for each element of a row, unless the rows are as PyTorch has them: images of one pixel are. */
export function reorderRows({ channels, flattened }: ElementOrder, tensors: readonly Tensor[], reorder: ReorderColumns): void {
  if (flattened) for (const tensor of tensors) if (tensor.shape.at(-1) !== channels) reorder(tensor, channels);
}

/** @throws {AdderNetError} ERR_ARGUMENT if the channels are unknown, ERR_SHAPE if they do not divide the columns of the tensor */
export function checkReordered(name: string, { shape }: Tensor, channels: number | undefined): void {
  const columns = shape.at(-1)!;
  if (channels === undefined)
    throw new AdderNetError(
      'ERR_ARGUMENT',
      `loadStateDict: ${name} follows a Flatten of images whose channels are unknown, and PyTorch has its columns in another order: give { inputShape: [h,w,c] }, or define elementOrder() in your own layers`,
    );
  if (columns % channels !== 0)
    throw new AdderNetError(
      'ERR_SHAPE',
      `loadStateDict: ${name} has ${columns} columns, expected a multiple of the ${channels} channels that are flattened before it`,
    );
}

/** to[r, p * channels + c] = from[r, c * pixels + p], with pixels * channels = `columns` in a row */
export function copyReordered(to: Float32Array, from: Float32Array, columns: number, channels: number): void {
  const pixels = columns / channels;
  for (let row = 0; row < to.length; row += columns)
    for (let p = 0; p < pixels; p++) for (let c = 0; c < channels; c++) to[row + p * channels + c] = from[row + c * pixels + p]!;
}
