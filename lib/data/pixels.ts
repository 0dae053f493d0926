// Images in memory.

/** Pixels of an image, such as a canvas gives (ImageData): rows from the top, of [red, green, blue], of these and opacity, or of one gray. */
export interface Pixels {
  /** Bytes, height x width x 1, 3 or 4. */
  readonly data: Uint8Array | Uint8ClampedArray;
  /** Columns. */
  readonly width: number;
  /** Rows. */
  readonly height: number;
}
