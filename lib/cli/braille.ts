// Pictures in a terminal: a Braille character is 2x4 dots.
import type { Tensor } from '../tensor';

/** Bit of each dot in a character from U+2800 on, by row and column. */
const dotBits = [
  [0x01, 0x08],
  [0x02, 0x10],
  [0x04, 0x20],
  [0x40, 0x80],
];

/** One line of text for four rows of a grey image [h,w,1]: a dot where it is brighter than `threshold`. */
export function brailleLines({ data, shape }: Tensor<Uint8Array>, threshold = 96): string[] {
  const [h, w] = shape as [number, number];
  const isBright = (row: number, column: number) => row < h && column < w && data[row * w + column]! > threshold;
  return Array.from({ length: Math.ceil(h / 4) }, (_, line) =>
    Array.from({ length: Math.ceil(w / 2) }, (_, character) => {
      const bits = dotBits.flatMap((columns, y) => columns.filter((_, x) => isBright(4 * line + y, 2 * character + x)));
      return String.fromCodePoint(0x2800 + bits.reduce((sum, bit) => sum + bit, 0));
    }).join(''),
  );
}
