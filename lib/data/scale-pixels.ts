// Scales pixels to cover a network's input, and crops them around the center: each axis by itself, by a Lanczos kernel of three lobes, which is
// widened where an image becomes smaller.
import type { ImageShape } from './image-options';

const lobes = 3;
const sinc = (x: number): number => (x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x));
const lanczos = (x: number): number => (Math.abs(x) < lobes ? sinc(x) * sinc(x / lobes) : 0);

/** What an output element is a weighted sum of: elements from `first` on. */
interface Taps {
  readonly first: number;
  readonly weights: Float64Array;
}

/** Of `size` elements in the middle of `from * scale` ones. */
function tapsOf(from: number, scale: number, size: number): Taps[] {
  const widened = Math.max(1, 1 / scale);
  const offset = (from * scale - size) / 2;
  return Array.from({ length: size }, (_, i) => {
    const center = (i + offset + 0.5) / scale - 0.5;
    const first = Math.max(0, Math.ceil(center - lobes * widened));
    const last = Math.min(from - 1, Math.floor(center + lobes * widened));
    const weights = Float64Array.from({ length: last - first + 1 }, (_, j) => lanczos((first + j - center) / widened));
    const sum = weights.reduce((a, b) => a + b, 0);
    return { first, weights: weights.map((weight) => weight / sum) };
  });
}

/**
 * @param data [height][width][channels], floats
 * @returns    [h][w][channels] of the shape; values may lie a little beyond those of data
 */
export function scaleToCover(data: Float32Array, width: number, height: number, [h, w, channels]: ImageShape): Float32Array {
  const scale = Math.max(h / height, w / width);
  const columns = tapsOf(width, scale, w);
  const rows = tapsOf(height, scale, h);
  const narrow = new Float32Array(height * w * channels);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < w; x++) {
      const { first, weights } = columns[x]!;
      for (let c = 0; c < channels; c++) {
        let sum = 0;
        for (let j = 0; j < weights.length; j++) sum += weights[j]! * data[(y * width + first + j) * channels + c]!;
        narrow[(y * w + x) * channels + c] = sum;
      }
    }
  const rowLength = w * channels;
  const result = new Float32Array(h * rowLength);
  for (let y = 0; y < h; y++) {
    const { first, weights } = rows[y]!;
    for (let j = 0; j < weights.length; j++)
      for (let i = 0; i < rowLength; i++) result[y * rowLength + i]! += weights[j]! * narrow[(first + j) * rowLength + i]!;
  }
  return result;
}
