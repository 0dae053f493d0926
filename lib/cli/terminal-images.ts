// Draws images in a terminal. A Braille character shows 2x4 dots, a half block shows two colored pixels.
import type { Tensor } from '../tensor';
import { printable } from './printable';

/** The bit of each dot, by row and column, in the Braille characters from U+2800. */
const dotBits = [
  [0x01, 0x08],
  [0x02, 0x10],
  [0x04, 0x20],
  [0x40, 0x80],
];

/** Draws a gray image [h,w,1] as one line of text for four rows, with a dot where a pixel is brighter than `threshold`. */
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

/** Draws an image [h,w,3] as one line of text for two rows: foreground and background of a character are the upper and lower pixel. */
export function colorLines({ data, shape }: Tensor<Uint8Array>): string[] {
  const [h, w] = shape as [number, number, number];
  const color = (row: number, column: number) => data.subarray((row * w + column) * 3, (row * w + column) * 3 + 3).join(';');
  return Array.from({ length: h >> 1 }, (_, line) => {
    const characters = Array.from({ length: w }, (_, x) => `\x1b[38;2;${color(2 * line, x)};48;2;${color(2 * line + 1, x)}m▀`);
    return `${characters.join('')}\x1b[0m`;
  });
}

/** How many images of `width` characters fit side by side on the terminal, at most five. */
export const imagesPerRow = (width: number, columns = process.stdout.columns ?? 80): number =>
  Math.max(1, Math.min(5, Math.floor((columns + 2) / (width + 2))));

/** Joins images of `width` characters side by side, each with its caption below. */
export function sideBySide(images: readonly string[][], captions: readonly string[], width: number): string {
  const rows = (images[0] ?? []).map((_, line) => images.map((image) => image[line]).join('  '));
  const centered = captions.map(printable).map((text) => text.padStart((width + text.length) >> 1).padEnd(width));
  return [...rows, centered.join('  ').trimEnd()].join('\n');
}
