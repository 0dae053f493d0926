// Reads BMP, which sharp does not read:
//   'BM' | file size u32 | 0 u32 | offset of the pixels u32 | header: its size u32, width i32, height i32 (negative: rows from the top),
//   planes u16, bits per pixel u16, compression u32, ... | channel masks | palette, [blue, green, red, 0] each | rows, padded to 4 bytes,
//   from the bottom
// Supported are uncompressed pixels of 1, 4 or 8 bits with a palette, of 24 bits, and of 32 bits in any byte order.
import { AdderNetError } from '../errors';
import { ByteReader } from '../io/byte-reader';
import { type ChunkedWork, inChunks } from './chunked-work';
import type { Pixels } from './pixels';

const fileHeaderBytes = 14;
/** The size of BITMAPINFOHEADER. The older header of OS/2 is smaller and has another layout. */
const minHeaderBytes = 40;
/** Headers of at least this size have an alpha mask. */
const alphaHeaderBytes = 56;
const compressions = { none: 0, masks: 3, masksWithAlpha: 6 };
/** The byte of blue, green, red and alpha in a pixel; -1 for none. */
type Order = readonly [blue: number, green: number, red: number, alpha: number];

/** Whether a file starts like a BMP. */
export const isBmp = (bytes: Uint8Array): boolean => bytes[0] === 0x42 && bytes[1] === 0x4d && bytes.length > fileHeaderBytes;

/**
 * Decodes a BMP.
 * @param name       the file, for messages
 * @param checkSize  called with width and height before memory is allocated; its errors pass through
 * @returns [red, green, blue] or [red, green, blue, alpha] of each pixel
 * @throws {AdderNetError} ERR_CORRUPT if the file is truncated or contradicts itself; ERR_FORMAT if it is compressed or has another depth
 */
export function* decodeBmp(bytes: Uint8Array, name: string, checkSize: (width: number, height: number) => void): ChunkedWork<Pixels> {
  const reader = new ByteReader(bytes, name);
  reader.take(10);
  const start = reader.u32();
  const headerBytes = reader.u32();
  if (headerBytes < minHeaderBytes) throw new AdderNetError('ERR_FORMAT', `${name} is an OS/2 BMP; ${remedy}`);
  const [width, signedHeight] = [reader.i32(), reader.i32()];
  const height = Math.abs(signedHeight);
  if (width < 1 || height < 1) throw new AdderNetError('ERR_CORRUPT', `${name}: the BMP has ${width} x ${height} pixels`);
  checkSize(width, height);
  reader.u16();
  const bits = reader.u16();
  const compression = reader.u32();
  const isMasked = bits === 32 && (compression === compressions.masks || compression === compressions.masksWithAlpha);
  if (!(compression === compressions.none || isMasked) || ![1, 4, 8, 24, 32].includes(bits))
    throw new AdderNetError('ERR_FORMAT', `${name} is a BMP with ${bits} bits per pixel and compression ${compression}; ${remedy}`);
  reader.take(12);
  const colors = reader.u32();
  reader.u32();
  const order: Order = isMasked
    ? maskedOrder(reader, name, headerBytes >= alphaHeaderBytes || compression === compressions.masksWithAlpha)
    : [0, 1, 2, -1];
  const rowBytes = Math.ceil((width * bits) / 32) * 4;
  if (start + rowBytes * height > bytes.length)
    throw new AdderNetError(
      'ERR_CORRUPT',
      `${name}: the BMP is truncated: it has ${bytes.length} bytes, expected ${start + rowBytes * height}`,
    );
  const paletteStart = fileHeaderBytes + headerBytes;
  const palette = bits <= 8 ? bytes.subarray(paletteStart, paletteStart + 4 * (colors || 2 ** bits)) : undefined;
  const row = (y: number) => bytes.subarray(start + (signedHeight < 0 ? y : height - 1 - y) * rowBytes);
  return { data: yield* pixelsOf(row, { width, height, bits, order, palette, name }), width, height };
}

const remedy = 'only uncompressed BMPs with 1, 4, 8, 24 or 32 bits are read: save it as PNG';

interface Layout {
  readonly width: number;
  readonly height: number;
  readonly bits: number;
  readonly order: Order;
  readonly palette: Uint8Array | undefined;
  readonly name: string;
}

function* pixelsOf(row: (y: number) => Uint8Array, { width, height, bits, order, palette, name }: Layout): ChunkedWork<Uint8Array> {
  const [blue, green, red, alpha] = order;
  const channels = alpha < 0 ? 3 : 4;
  const data = new Uint8Array(width * height * channels);
  yield* inChunks(width * height, (start, end) => {
    let x = start % width;
    let y = Math.floor(start / width);
    let from = row(y);
    for (let i = start, to = start * channels; i < end; i++, x++, to += channels) {
      if (x === width) {
        x = 0;
        from = row(++y);
      }
      const pixel = palette ? 4 * indexAt(from, x, bits) : (x * bits) / 8;
      const source = palette ?? from;
      if (palette && pixel + 4 > palette.length)
        throw new AdderNetError('ERR_CORRUPT', `${name}: a pixel of the BMP has a color that is not in its palette`);
      data[to] = source[pixel + red]!;
      data[to + 1] = source[pixel + green]!;
      data[to + 2] = source[pixel + blue]!;
      if (channels === 4) data[to + 3] = source[pixel + alpha]!;
    }
  });
  return data;
}

/** The palette index of pixel x in a row with 1, 4 or 8 bits per pixel; the first pixel is in the highest bits of a byte. */
function indexAt(row: Uint8Array, x: number, bits: number): number {
  const shift = bits === 1 ? 3 : bits === 4 ? 1 : 0; // a byte holds 1 << shift pixels
  const place = x & ((1 << shift) - 1);
  return (row[x >> shift]! >> (8 - bits - place * bits)) & ((1 << bits) - 1);
}

function maskedOrder(reader: ByteReader, name: string, hasAlpha: boolean): Order {
  const byteOf = (mask: number): number => {
    const place = [0xff, 0xff00, 0xff0000, 0xff000000].indexOf(mask);
    if (place < 0) throw new AdderNetError('ERR_FORMAT', `${name}: the channels of the BMP are not whole bytes; ${remedy}`);
    return place;
  };
  const [red, green, blue] = [byteOf(reader.u32()), byteOf(reader.u32()), byteOf(reader.u32())];
  const alpha = hasAlpha ? reader.u32() : 0;
  return [blue, green, red, alpha === 0 ? -1 : byteOf(alpha)];
}
