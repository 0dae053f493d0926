// Fits images to the input of a network, from files (JPEG, PNG, WebP, GIF, AVIF, TIFF, BMP, PGM and PPM) and from pixels. sharp is an optional
// package, which is loaded only when it is needed. It reads more formats: vector graphics, which take any time, are recognized and refused first.

import type Sharp from 'sharp';
import { AdderNetError } from '../errors';
import { describeFile, fileKind } from '../io/file-kinds';
import { type FileSource, readSource, sourcePath } from '../io/file-source';
import { packageError } from '../optional-package';
import { checkBuffer, Tensor } from '../tensor';
import { decodeBmp, isBmp } from './bmp';
import { runChunked } from './chunked-work';
import { limitDecoding } from './decoding-limit';
import {
  type Color,
  checkImageOptions,
  checkImageShape,
  defaultMaxPixels,
  type ImageOptions,
  type ImageShape,
  noColor,
} from './image-options';
import { type ImageSource, nameOf } from './image-source';
import { jpegMarkers, maxScans } from './jpeg-markers';
import { checkPixelCount, checkPixels, fits, inverted, isPixels, type SizedPixels, tooLarge } from './pixels';
import { decodePnm, isPnm } from './pnm';
import { isTruncated } from './truncated-image';

/** How the work of reading an image is scheduled. */
export interface Decoding {
  /** Calls `decode` when its turn comes. */
  readonly inTurn: <T>(decode: () => Promise<T>) => Promise<T>;
  /** How many seconds decoding and scaling may take. */
  readonly seconds: number;
  /** For how many pixels there is memory: a file with more is refused, as one that contradicts its first bytes. Default: `maxPixels`. */
  readonly pixels?: number | undefined;
}

const ownDecoding: Decoding = { inTurn: limitDecoding, seconds: 60 };

/**
 * Reads an image and fits it to a network's input: the image is rotated upright, scaled to cover the input, and cropped around its center.
 * Pixels that already fit are not copied and do not need sharp.
 * @param image see {@link ImageSource}
 * @param name  its name in messages. Default: the image, with its path or number of bytes
 * @returns [1, h, w, c], bytes
 * @throws {AdderNetError} ERR_FORMAT if a file is not an image of a supported format; ERR_CORRUPT if it is truncated or damaged; ERR_ARGUMENT if
 *   it does not exist, has too many pixels or scans or an extreme aspect ratio, takes too long, or an option or the number of bytes does not
 *   fit; ERR_DTYPE if pixels are not bytes; ERR_SHAPE if the network has other channels; ERR_PEER_MISSING or ERR_PEER_BROKEN if sharp is needed and does not load
 */
export async function readImage(
  image: ImageSource,
  shape: ImageShape,
  options: ImageOptions = {},
  name = nameOf(image),
  decoding: Decoding = ownDecoding,
): Promise<Tensor<Uint8Array>> {
  const { invert = false } = options;
  const { inTurn, seconds } = decoding;
  checkImageShape('readImage', shape);
  checkImageOptions(options);
  if (!isPixels(image)) return inverted(await inTurn(() => readFile(image, shape, options, name, decoding)), invert);
  const pixels = checkPixels(image, options.maxPixels, name);
  if (fits(pixels, shape)) return inverted(new Tensor(pixels.data, [1, ...shape]), invert);
  return inverted(await inTurn(() => fitPixels(pixels, shape, options, name, seconds)), invert);
}

/** @throws {AdderNetError} ERR_ARGUMENT unless sharp knows the color */
export function checkColorName(background: Color): void {
  onBackground(loadSharp()(), background);
}

async function readFile(
  source: FileSource,
  shape: ImageShape,
  options: ImageOptions,
  name: string,
  { seconds, pixels = Number.POSITIVE_INFINITY }: Decoding,
): Promise<Tensor<Uint8Array>> {
  const bytes = await readSource('image', source).catch((cause) => {
    if (cause instanceof AdderNetError) throw new AdderNetError(cause.code, `${name}: ${cause.message}`, { cause });
    throw new AdderNetError('ERR_ARGUMENT', `cannot read ${name}: ${(cause as Error).message}`, { cause });
  });
  if (sourcePath('image', source) === undefined) checkBuffer(bytes, name);
  const { maxPixels = defaultMaxPixels } = options;
  const checkSize = (width: number, height: number) => checkPixelCount(name, width, height, maxPixels);
  const decode = isBmp(bytes) ? decodeBmp : isPnm(bytes) ? decodePnm : undefined;
  if (decode)
    return await fitPixels(checkPixels(await runChunked(decode(bytes, name, checkSize)), maxPixels, name), shape, options, name, seconds);
  checkFormat(bytes, name);
  const sharp = loadSharp();
  const limitInputPixels = Math.min(maxPixels, pixels);
  try {
    return await fitted(sharp(bytes, { limitInputPixels, failOn: 'warning' }).rotate(), shape, options, seconds);
  } catch (cause) {
    if (cause instanceof AdderNetError) throw cause;
    if (isTimeout(cause as Error)) throw tooSlow(name, seconds, cause);
    const size = await sharp(bytes, { limitInputPixels: maxPixels })
      .metadata()
      .catch(() => undefined);
    if (size && isStretched(size, shape)) throw unscalable(name, size, shape, cause);
    throw unreadable(bytes, name, { maxPixels, pixels }, cause as Error);
  }
}

/**
 * Recognizes what sharp may see by its first bytes, because sharp would recognize more.
 * @throws {AdderNetError} ERR_FORMAT unless it is an image of a format that is read; ERR_ARGUMENT if it is a JPEG with too many scans
 */
function checkFormat(bytes: Uint8Array, name: string): void {
  if (!fileKind(bytes)?.isImage) {
    const what = describeFile(bytes);
    const formats = 'expected a JPEG, PNG, WebP, GIF, AVIF, TIFF, BMP, PGM or PPM';
    const hint = name.endsWith('in memory') ? '; pixels need their width and height' : '';
    throw new AdderNetError(
      'ERR_FORMAT',
      `cannot read ${name}: ${what === undefined ? 'its format is not known' : `it is ${what}`}; ${formats}${hint}`,
    );
  }
  if (bytes[0] === 0xff && jpegMarkers(bytes).scans > maxScans)
    throw new AdderNetError('ERR_ARGUMENT', `${name} is a progressive JPEG with more than ${maxScans} scans: save it again`);
}

const isTimeout = ({ message }: Error): boolean => message.includes('timeout:');

const tooSlow = (name: string, seconds: number, cause: unknown): AdderNetError =>
  new AdderNetError('ERR_ARGUMENT', `${name} takes longer to decode than ${seconds} s: make it smaller, or save it in another format`, {
    cause,
  });

/** The longest side, in pixels, to which libvips scales. */
const maxScaledSide = 1e7;

/** Whether an image scaled to cover the network's input would be longer than that. libvips' own message may belong to another image. */
const isStretched = ({ width, height }: { width: number; height: number }, [h, w]: ImageShape): boolean =>
  (Math.max(width, height) / Math.min(width, height)) * Math.min(h, w) > maxScaledSide;

const unscalable = (name: string, size: { width: number; height: number }, [h, w]: ImageShape, cause: unknown): AdderNetError =>
  new AdderNetError(
    'ERR_ARGUMENT',
    `${name} of ${size.width} x ${size.height} pixels cannot be scaled to cover ${w} x ${h} (${(cause as Error).message}): crop it first`,
    { cause },
  );

async function fitPixels(
  pixels: SizedPixels,
  shape: ImageShape,
  options: ImageOptions,
  name: string,
  seconds: number,
): Promise<Tensor<Uint8Array>> {
  if (fits(pixels, shape)) return new Tensor(pixels.data, [1, ...shape]);
  const { data, width, height, channels } = pixels;
  const image = loadSharp()(data, { raw: { width, height, channels }, limitInputPixels: false });
  return await fitted(image, shape, options, seconds).catch((cause) => {
    if (cause instanceof AdderNetError) throw cause;
    throw isTimeout(cause) ? tooSlow(name, seconds, cause) : unscalable(name, { width, height }, shape, cause);
  });
}

async function fitted(
  image: Sharp.Sharp,
  [height, width, channels]: ImageShape,
  { invert = false, background = invert ? 'black' : 'white' }: ImageOptions,
  seconds: number,
): Promise<Tensor<Uint8Array>> {
  const pixels = await onBackground(image.timeout({ seconds }), background)
    .toColourspace(channels === 1 ? 'b-w' : 'srgb')
    .resize(width, height, { fit: 'cover' })
    .raw()
    .toBuffer();
  return new Tensor(new Uint8Array(pixels), [1, height, width, channels]);
}

function onBackground(image: Sharp.Sharp, background: Color): Sharp.Sharp {
  const [r, g, b] = background as readonly [number, number, number];
  try {
    return image.flatten({ background: typeof background === 'string' ? background : { r, g, b } });
  } catch {
    throw noColor(background);
  }
}

function unreadable(
  bytes: Uint8Array,
  name: string,
  { maxPixels, pixels }: { maxPixels: number; pixels: number },
  cause: Error,
): AdderNetError {
  if (cause.message.includes('exceeds pixel limit'))
    return pixels < maxPixels
      ? new AdderNetError('ERR_CORRUPT', `cannot read ${name}: it has more pixels than the ${pixels} of its header`, { cause })
      : tooLarge(name, maxPixels, 'it has');
  const [reason = ''] = cause.message.split('\n');
  return new AdderNetError(
    'ERR_CORRUPT',
    `cannot read ${name}: the file is ${isTruncated(bytes) ? 'truncated' : 'damaged or truncated'} (${reason})`,
    { cause },
  );
}

let keepsImages = true;

/** From now on, libvips keeps no decoded images for later calls, in the whole process. It would keep up to 100 of them, however large. */
export function keepNoImages(): void {
  keepsImages = false;
}

function loadSharp(): typeof Sharp {
  try {
    const sharp = require('sharp') as typeof Sharp;
    if (!keepsImages) sharp.cache(false);
    return sharp;
  } catch (cause) {
    throw packageError('sharp', 'reading and resizing images', cause);
  }
}
