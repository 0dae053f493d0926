// Reads PGM and PPM, which sharp does not read: 'P2' or 'P5' (gray), 'P3' or 'P6' (red, green, blue) | width | height | largest value, all
// decimal and separated by whitespace and comments | one whitespace | samples: decimal (P2, P3), one byte each, or two bytes, big-endian.
import { AdderNetError } from '../errors';
import { type ChunkedWork, inChunks } from './chunked-work';
import type { Pixels } from './pixels';

/** Whether a file starts like a PGM or PPM. */
export const isPnm = (bytes: Uint8Array): boolean => bytes[0] === 0x50 && /^[2356]\s$/.test(String.fromCharCode(bytes[1]!, bytes[2]!));

/**
 * Decodes a PGM or PPM.
 * @param name      the file, for messages
 * @param checkSize called with width and height before memory is allocated; its errors pass through
 * @returns [gray] or [red, green, blue] of each pixel
 * @throws {AdderNetError} ERR_CORRUPT if the file is truncated or contradicts itself
 */
export function* decodePnm(bytes: Uint8Array, name: string, checkSize: (width: number, height: number) => void): ChunkedWork<Pixels> {
  const corrupt = (what: string) => new AdderNetError('ERR_CORRUPT', `${name}: the PGM or PPM ${what}`);
  let at = 2;
  const isSpace = (byte: number | undefined) => byte === 0x20 || (byte !== undefined && byte >= 0x09 && byte <= 0x0d);
  const number = (): number => {
    while (isSpace(bytes[at]) || bytes[at] === 0x23)
      if (bytes[at] === 0x23) while (at < bytes.length && bytes[at] !== 0x0a) at++;
      else at++;
    const from = at;
    let value = 0;
    for (; bytes[at]! >= 0x30 && bytes[at]! <= 0x39; at++) value = 10 * value + bytes[at]! - 0x30;
    if (at === from) throw corrupt(at >= bytes.length ? 'is truncated' : `has no number at byte ${at}`);
    return value;
  };
  const [width, height, largest] = [number(), number(), number()];
  const isText = bytes[1] === 0x32 || bytes[1] === 0x33;
  const channels = bytes[1] === 0x32 || bytes[1] === 0x35 ? 1 : 3;
  if (!(width >= 1 && height >= 1 && largest >= 1 && largest < 2 ** 16))
    throw corrupt(`has ${width} x ${height} pixels with values up to ${largest}`);
  checkSize(width, height);
  const samples = width * height * channels;
  const sampleBytes = largest > 255 ? 2 : 1;
  if (!isText) at++;
  if (at + samples * (isText ? 2 : sampleBytes) > bytes.length + (isText ? 1 : 0)) throw corrupt('is truncated');
  const next = isText ? number : sampleBytes === 1 ? () => bytes[at++]! : () => 256 * bytes[at++]! + bytes[at++]!;
  const data = new Uint8Array(samples);
  yield* inChunks(samples, (start, end) => {
    for (let i = start; i < end; i++) {
      const value = next();
      if (value > largest) throw corrupt(`has the value ${value}, expected at most ${largest}`);
      data[i] = Math.round((255 * value) / largest);
    }
  });
  return { data, width, height };
}
