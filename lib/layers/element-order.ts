// A Flatten turns images into rows: here in the order height, width, channels, in PyTorch channels, height, width. The layers after it have a
// weight for each element of a row, so weights from PyTorch are reordered when they are loaded. The shapes are the same in both.
import { AdderNetError } from '../errors';
import type { Tensor } from '../tensor';

/** What is known of the elements that flow from one layer to the next. */
export interface ElementOrder {
  /** Channels of the images, or elements of a row where there were no images; undefined if unknown. */
  readonly channels?: number | undefined;
  /** Whether a Flatten has turned images into rows. */
  readonly flattened: boolean;
}

/** Is called with each tensor whose last axis runs over the elements of flattened images with that many channels. */
export type ReorderColumns = (tensor: Tensor, channels: number | undefined) => void;

/** The order after a layer that computes new elements, `channels` of them at each position. */
export const freshChannels = (channels: number): ElementOrder => ({ channels, flattened: false });

/** Reports `tensors`, which have a column for each element of a row, unless the rows already are in PyTorch's order, as those of 1x1 images. */
export function reorderRows({ channels, flattened }: ElementOrder, tensors: readonly Tensor[], reorder: ReorderColumns): void {
  if (flattened) for (const tensor of tensors) if (tensor.shape.at(-1) !== channels) reorder(tensor, channels);
}

/** @throws {AdderNetError} ERR_ARGUMENT if the channels are unknown, ERR_SHAPE if they do not divide the columns of the tensor */
export function checkReordered(name: string, { shape }: Tensor, channels: number | undefined): void {
  const columns = shape.at(-1)!;
  if (channels === undefined)
    throw new AdderNetError(
      'ERR_ARGUMENT',
      `loadStateDict: ${name} follows a Flatten of images whose channels are unknown, and PyTorch orders its columns differently: pass { inputShape: [h,w,c] }, or define elementOrder() in your custom layers`,
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
