// Pictures that fit a network's input, from files (PNG, JPEG, WebP and whatever else sharp reads) and from bytes. sharp is an optional package,
// loaded where there is something for it to do.
import type Sharp from 'sharp';
import { AdderNetError } from '../errors';
import { Tensor } from '../tensor';

/** [h, w, c], where c is 3 for colours or 1 for grey. */
type PictureShape = readonly [number, number, number];

/** Pixels of a picture, rows from the top, of [red, green, blue], of these and opacity, or of one grey. */
export interface Pixels {
  readonly data: Uint8Array;
  readonly width: number;
  readonly height: number;
}

export interface ReadOptions {
  /** A file of more is refused before it is decoded. Default: sharp's limit, 268 million. */
  readonly maxPixels?: number | undefined;
}

/**
 * Reads a picture and fits it to a network's input: turned upright, scaled to cover it, the rest cut off evenly.
 * @param file its path, or the bytes of the file
 * @returns [1, h, w, c], bytes
 * @throws {AdderNetError} ERR_PEER_MISSING if sharp is not installed; ERR_FORMAT if the file is no picture; ERR_DTYPE if it is neither; ERR_SHAPE at other channels
 */
export async function readPicture(
  file: string | Uint8Array,
  shape: PictureShape,
  { maxPixels }: ReadOptions = {},
): Promise<Tensor<Uint8Array>> {
  checkChannels(shape);
  if (typeof file !== 'string' && !(file instanceof Uint8Array))
    throw new AdderNetError(
      'ERR_DTYPE',
      `the picture is ${Object.prototype.toString.call(file)}, expected the path or the bytes of a file`,
    );
  const sharp = await loadSharp();
  try {
    return await fitted(sharp(file, { limitInputPixels: maxPixels ?? true }).rotate(), shape);
  } catch (cause) {
    throw new AdderNetError(
      'ERR_FORMAT',
      `cannot read the picture${typeof file === 'string' ? ` '${file}'` : ''}: ${(cause as Error).message}`,
      { cause },
    );
  }
}

/**
 * The same from pixels. Those that fit as they are are not copied.
 * @returns [1, h, w, c], bytes
 * @throws {AdderNetError} ERR_PEER_MISSING if sharp is needed and not installed; ERR_ARGUMENT if width, height and the number of bytes do not
 *   fit together; ERR_DTYPE if they are not bytes; ERR_SHAPE at other channels
 */
export async function fitPicture({ data, width, height }: Pixels, shape: PictureShape): Promise<Tensor<Uint8Array>> {
  checkChannels(shape);
  if (!(data instanceof Uint8Array))
    throw new AdderNetError('ERR_DTYPE', `pixels are ${Object.prototype.toString.call(data)}, expected a Uint8Array`);
  for (const [name, value] of Object.entries({ width, height }))
    if (!Number.isSafeInteger(value) || value < 1)
      throw new AdderNetError('ERR_ARGUMENT', `${name} of the picture is ${value}, expected the number of its pixels`);
  const channels = data.length / width / height;
  if (channels !== 1 && channels !== 3 && channels !== 4)
    throw new AdderNetError(
      'ERR_ARGUMENT',
      `the picture has ${data.length} bytes, expected ${height} x ${width} pixels of 3 (red, green, blue), 4 (with opacity) or 1 (grey)`,
    );
  const [h, w, c] = shape;
  if (h === height && w === width && c === channels) return new Tensor(data, [1, h, w, c]);
  const sharp = await loadSharp();
  return await fitted(sharp(data, { raw: { width, height, channels } }), shape);
}

async function fitted(picture: Sharp.Sharp, [height, width, channels]: PictureShape): Promise<Tensor<Uint8Array>> {
  const pixels = await picture
    .flatten({ background: 'white' })
    .toColourspace(channels === 1 ? 'b-w' : 'srgb')
    .resize(width, height, { fit: 'cover' })
    .raw()
    .toBuffer();
  return new Tensor(new Uint8Array(pixels), [1, height, width, channels]);
}

function checkChannels([, , channels]: PictureShape): void {
  if (channels !== 1 && channels !== 3)
    throw new AdderNetError('ERR_SHAPE', `the network takes ${channels} channels, but a picture has 3 or, in grey, 1`);
}

async function loadSharp(): Promise<typeof Sharp> {
  try {
    return (await import('sharp')).default;
  } catch (cause) {
    throw new AdderNetError('ERR_PEER_MISSING', 'reading and resizing pictures needs the package sharp: npm i sharp', { cause });
  }
}
