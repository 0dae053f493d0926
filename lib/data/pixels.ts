// An image in memory.
import { AdderNetError } from '../errors';
import { typeName } from '../io/source-bytes';
import { shown } from '../quoted';
import { checkBuffer, Tensor, typedArrayName } from '../tensor';
import { defaultMaxPixels, type ImageShape } from './image-options';

/** The pixels of an image, such as the ImageData of a canvas: rows from the top; a pixel is [red, green, blue], [red, green, blue, alpha] or [gray]. */
export interface Pixels {
  /** Bytes, height x width x 1, 3 or 4. */
  readonly data: Uint8Array | Uint8ClampedArray;
  /** The number of columns. */
  readonly width: number;
  /** The number of rows. */
  readonly height: number;
}

/** Whether an image is given by its pixels. */
export const isPixels = (image: unknown): image is Pixels =>
  typeof image === 'object' && image !== null && 'data' in image && 'width' in image && 'height' in image;

/** Pixels that were checked. */
export interface SizedPixels extends Pixels {
  readonly data: Uint8Array;
  readonly channels: 1 | 3 | 4;
}

/** @throws {AdderNetError} ERR_ARGUMENT if sizes and bytes do not fit each other, or there are too many; ERR_DTYPE */
export function checkPixels({ data, width, height }: Pixels, maxPixels: number | undefined, name: string): SizedPixels {
  for (const [side, value] of Object.entries({ width, height }))
    if (!Number.isSafeInteger(value) || value < 1)
      throw new AdderNetError('ERR_ARGUMENT', `${side} of ${name} is ${shown(value)}, expected a positive number of pixels`);
  const type = typedArrayName(data);
  if (type !== 'Uint8Array' && type !== 'Uint8ClampedArray')
    throw new AdderNetError('ERR_DTYPE', `pixels are ${type ?? typeName(data)}, expected a Uint8Array or Uint8ClampedArray`);
  checkBuffer(data as Uint8Array, `the data of ${name}`);
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.length);
  checkPixelCount(name, width, height, maxPixels);
  const channels = bytes.length / width / height;
  if (channels !== 1 && channels !== 3 && channels !== 4)
    throw new AdderNetError(
      'ERR_ARGUMENT',
      `${name} has ${bytes.length} bytes, expected ${height} x ${width} pixels of 3 (red, green, blue), 4 (with opacity) or 1 (gray)`,
    );
  return { data: bytes, width, height, channels };
}

/** @throws {AdderNetError} ERR_ARGUMENT */
export function checkPixelCount(name: string, width: number, height: number, maxPixels = defaultMaxPixels): void {
  if (width * height > maxPixels) throw tooLarge(name, maxPixels, `${width} x ${height} are`);
}

export const tooLarge = (name: string, maxPixels: number, what: string): AdderNetError =>
  new AdderNetError('ERR_ARGUMENT', `${name} is too large: ${what} more than ${maxPixels} pixels (option maxPixels)`);

/** Whether a network takes them as they are. */
export const fits = ({ width, height, channels }: SizedPixels, [h, w, c]: ImageShape): boolean =>
  h === height && w === width && c === channels;

/** The image, or its negative. */
export function inverted(image: Tensor<Uint8Array>, invert: boolean): Tensor<Uint8Array> {
  return invert
    ? new Tensor(
        image.data.map((v) => 255 - v),
        image.shape,
      )
    : image;
}
