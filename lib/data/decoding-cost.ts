// Estimates from the first bytes of a file what decoding it takes, so that small images need not wait for large ones, and the memory of those that
// are decoded at a time is bounded.
import { isBmp } from './bmp';
import { jpegMarkers } from './jpeg-markers';
import { isPnm } from './pnm';

export interface DecodingCost {
  /** How many pixels the file says that it has; undefined if it does not say. */
  readonly pixels: number | undefined;
  /** Whether it may take more than some tens of milliseconds. */
  readonly isLarge: boolean;
  /** In bytes, with those of the file. */
  readonly memory: number;
}

/** In pixels, or in bytes of a file. */
const maxSmall = 2 ** 20;
/** A progressive JPEG with more scans takes longer than its pixels say. */
const usualScans = 10;

/**
 * The memory of libvips and its decoders in bytes per pixel, as measured, rounded up. An image that is stored from top to bottom is decoded row by
 * row; one that is refined in passes is kept in memory, in up to four channels of 16 bits; AVIF has several frames of them, TIFF strips and tiles that
 * may be as large as the image, of up to four bytes per channel.
 */
const bytesPerPixel = { rows: 1, canvas: 5, passes: 10, planes: 32 };

interface Header {
  /** NaN if it is unknown. */
  readonly pixels: number;
  readonly pixelBytes: number;
  readonly scans?: number;
}

/** @param maxPixels more are refused before they are decoded; assumed of a file that does not say how many it has */
export function decodingCost(bytes: Uint8Array, maxPixels: number): DecodingCost {
  const header = headerOf(bytes);
  // Refused by its first bytes.
  if (header === undefined) return { pixels: undefined, isLarge: bytes.length > maxSmall, memory: bytes.length };
  const { pixelBytes, scans = 0 } = header;
  const pixels = header.pixels > 0 ? header.pixels : undefined;
  const weight = Math.max(1, scans / usualScans, pixelBytes / bytesPerPixel.passes);
  const isLarge = bytes.length > maxSmall || pixels === undefined || pixels * weight > maxSmall;
  return { pixels, isLarge, memory: bytes.length + pixelBytes * Math.min(pixels ?? maxPixels, maxPixels) };
}

/** The cost of scaling pixels. */
export const scalingCost = (pixels: number, bytes: Uint8Array): DecodingCost => ({
  pixels,
  isLarge: pixels > maxSmall || bytes.length > maxSmall,
  memory: bytes.length + bytesPerPixel.rows * pixels,
});

/** Undefined if it is no image of a format that is read. */
function headerOf(bytes: Uint8Array): Header | undefined {
  if (bytes.length < 32) return undefined;
  const { rows, canvas, passes, planes } = bytesPerPixel;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, 16).toString('latin1');
  const u24 = (at: number): number => view.getUint16(at, true) + 65536 * bytes[at + 2]!;
  if (text.startsWith('\x89PNG')) return { pixels: view.getUint32(16) * view.getUint32(20), pixelBytes: bytes[28] === 0 ? rows : passes };
  if (text.startsWith('GIF8')) return { pixels: view.getUint16(6, true) * view.getUint16(8, true), pixelBytes: canvas };
  if (isBmp(bytes)) return { pixels: Math.abs(view.getInt32(18, true) * view.getInt32(22, true)), pixelBytes: canvas };
  if (isPnm(bytes)) return { pixels: bytes.length, pixelBytes: canvas }; // each pixel has a byte or more
  if (text.startsWith('\xff\xd8\xff')) {
    const { width, height, scans, isProgressive } = jpegMarkers(bytes);
    return { pixels: width * height, scans, pixelBytes: isProgressive || scans > 1 ? passes : rows };
  }
  if (/^(II[*+]\0|MM\0[*+])/.test(text)) return { pixels: tiffPixels(view), pixelBytes: planes };
  if (text.startsWith('ftyp', 4)) return { pixels: avifPixels(bytes), pixelBytes: planes };
  const kind = text.startsWith('WEBP', 8) ? text.slice(12) : '';
  if (kind === 'VP8X') return { pixels: (u24(24) + 1) * (u24(27) + 1), pixelBytes: passes };
  if (kind === 'VP8 ') return { pixels: (view.getUint16(26, true) & 0x3fff) * (view.getUint16(28, true) & 0x3fff), pixelBytes: canvas };
  if (kind !== 'VP8L') return undefined;
  const sides = view.getUint32(21, true);
  return { pixels: ((sides & 0x3fff) + 1) * (((sides >> 14) & 0x3fff) + 1), pixelBytes: canvas };
}

/** Of the first image: 'II' or 'MM' for the order of bytes | 42 u16 | offset of the directory u32 | … | number of entries u16, entries of 12 bytes. */
function tiffPixels(view: DataView): number {
  const isLittle = view.getUint8(0) === 0x49;
  const [magic, directory] = [view.getUint16(2, isLittle), view.getUint32(4, isLittle)];
  if (magic !== 42 || directory + 2 > view.byteLength) return Number.NaN;
  const entries = Math.min(view.getUint16(directory, isLittle), Math.floor((view.byteLength - directory - 2) / 12));
  const [width, height, short] = [256, 257, 3];
  let pixels = 1;
  const missing = new Set([width, height]);
  for (let i = 0; i < entries; i++) {
    const at = directory + 2 + 12 * i;
    if (!missing.delete(view.getUint16(at, isLittle))) continue;
    pixels *= view.getUint16(at + 2, isLittle) === short ? view.getUint16(at + 8, isLittle) : view.getUint32(at + 8, isLittle);
  }
  return missing.size === 0 ? pixels : Number.NaN;
}

/** In bytes: where the boxes are that describe the images of a file, if they come first. */
const maxBoxes = 1 << 16;

/** Of the largest image, because a file also has thumbnails and planes of opacity: 'ispe' | version and flags u32 | width u32 | height u32. */
function avifPixels(bytes: Uint8Array): number {
  const boxes = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, maxBoxes));
  let pixels = Number.NaN;
  for (let at = boxes.indexOf('ispe'); at >= 0 && at + 16 <= boxes.length; at = boxes.indexOf('ispe', at + 16)) {
    const size = boxes.readUInt32BE(at + 8) * boxes.readUInt32BE(at + 12);
    if (!(size <= pixels)) pixels = size;
  }
  return pixels;
}
