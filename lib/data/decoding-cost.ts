// Estimates from the first bytes of a file whether decoding it may take long, so that small images need not wait for large ones.
import { isBmp } from './bmp';
import { jpegMarkers } from './jpeg-markers';
import { isPnm } from './pnm';

/** Decoding this many pixels, or a file of this many bytes, takes some tens of milliseconds. */
const maxSmall = 2 ** 20;
/** A progressive JPEG with more scans takes longer than its pixels say. */
const usualScans = 10;

export const isLargeImage = (pixels: number): boolean => pixels > maxSmall;

/** Formats whose size is not in their first bytes count as large, and so do files that contradict themselves. */
export const isLargeFile = (bytes: Uint8Array): boolean => bytes.length > maxSmall || !(pixelsOf(bytes) <= maxSmall);

/** The number of pixels that the header claims; NaN if it is unknown. */
function pixelsOf(bytes: Uint8Array): number {
  if (bytes.length < 32) return bytes.length;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, 16).toString('latin1');
  const u24 = (at: number): number => view.getUint16(at, true) + 65536 * bytes[at + 2]!;
  if (text.startsWith('\x89PNG')) return view.getUint32(16) * view.getUint32(20);
  if (text.startsWith('GIF8')) return view.getUint16(6, true) * view.getUint16(8, true);
  if (isBmp(bytes)) return Math.abs(view.getInt32(18, true) * view.getInt32(22, true));
  if (isPnm(bytes)) return bytes.length; // each pixel has a byte or more
  if (text.startsWith('\xff\xd8\xff')) {
    const { width, height, scans } = jpegMarkers(bytes);
    return width * height * Math.max(1, scans / usualScans) || Number.NaN;
  }
  const kind = text.startsWith('WEBP', 8) ? text.slice(12) : '';
  if (kind === 'VP8X') return (u24(24) + 1) * (u24(27) + 1);
  if (kind === 'VP8 ') return (view.getUint16(26, true) & 0x3fff) * (view.getUint16(28, true) & 0x3fff);
  if (kind === 'VP8L') return ((view.getUint32(21, true) & 0x3fff) + 1) * (((view.getUint32(21, true) >> 14) & 0x3fff) + 1);
  return Number.NaN;
}
