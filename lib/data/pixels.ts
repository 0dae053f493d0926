// An image in memory.

/** The pixels of an image, such as the ImageData of a canvas: rows from the top; a pixel is [red, green, blue], [red, green, blue, alpha] or [gray]. */
export interface Pixels {
  /** Bytes, height x width x 1, 3 or 4. */
  readonly data: Uint8Array | Uint8ClampedArray;
  /** The number of columns. */
  readonly width: number;
  /** The number of rows. */
  readonly height: number;
}
