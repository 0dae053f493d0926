// Images in BMP, which sharp does not write.

/** 24 bits per pixel, rows from the bottom. `colorOf` gives red, green and blue of the pixel in a column and a row from the top. */
export function bmp(width: number, height: number, colorOf: (x: number, y: number) => readonly [number, number, number]): Buffer {
  const rowBytes = 4 * Math.ceil((3 * width) / 4);
  const bytes = Buffer.alloc(54 + rowBytes * height);
  header(bytes, width, height, 24);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) bytes.set([...colorOf(x, y)].reverse(), 54 + (height - 1 - y) * rowBytes + 3 * x);
  return bytes;
}

interface Bits {
  readonly width: number;
  /** Negative: rows from the top. */
  readonly height: number;
  readonly bits: number;
  readonly compression?: number;
  /** In the palette, where it is not full. */
  readonly colors?: number;
  /** Masks, then the palette. */
  readonly beforePixels?: readonly number[];
  /** Bytes of the header. */
  readonly headerBytes?: number;
}

/** A BMP whose rows are given as they lie in the file. */
export function bmpOf(
  { width, height, bits, compression = 0, colors = 0, beforePixels = [], headerBytes = 40 }: Bits,
  rows: readonly number[],
): Buffer {
  const bytes = Buffer.alloc(54);
  header(bytes, width, height, bits);
  bytes.writeUInt32LE(headerBytes, 14);
  bytes.writeUInt32LE(compression, 30);
  bytes.writeUInt32LE(colors, 46);
  bytes.writeUInt32LE(54 + beforePixels.length, 10);
  return Buffer.concat([bytes, Buffer.from(beforePixels), Buffer.from(rows)]);
}

function header(bytes: Buffer, width: number, height: number, bits: number): void {
  bytes.write('BM');
  bytes.writeUInt32LE(54, 10);
  bytes.writeUInt32LE(40, 14);
  bytes.writeInt32LE(width, 18);
  bytes.writeInt32LE(height, 22);
  bytes.writeUInt16LE(1, 26);
  bytes.writeUInt16LE(bits, 28);
}
