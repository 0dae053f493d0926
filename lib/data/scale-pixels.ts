// Scales pixels to cover a network's input, and crops them around the center, each axis by itself. An image that becomes smaller is filtered by a Lanczos
// kernel of three lobes, widened; one that becomes larger is interpolated by cubics. So has libvips it, which sharp calls, and in the same places: to
// networks, a shift of half a pixel is another image.
import type { ImageShape } from './image-options';

const lobes = 3;
const sinc = (x: number): number => (x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x));
/** Of Catmull and Rom. */
const cubic = (x: number): number => {
  const d = Math.abs(x);
  return d < 1 ? (1.5 * d - 2.5) * d * d + 1 : d < 2 ? ((2.5 - 0.5 * d) * d - 4) * d + 2 : 0;
};
const lanczos = (x: number): number => (Math.abs(x) < lobes ? sinc(x) * sinc(x / lobes) : 0);

/** What an output element is a weighted sum of: elements from `first` on. */
interface Taps {
  readonly first: number;
  readonly weights: Float64Array;
}

/** Of `size` elements in the middle of `from * scale` ones. */
function tapsOf(from: number, scale: number, size: number): Taps[] {
  const [kernel, reach] = scale > 1 ? [cubic, 2] : [lanczos, lobes / scale];
  const widened = Math.max(1, 1 / scale);
  // Whole elements are cropped. What becomes smaller lies in the middle of them, what becomes larger half an element further.
  const covered = Math.round(from * scale);
  const offset = Math.floor((covered - size + 1) / 2) + (scale > 1 ? -0.5 : (from * scale - covered) / 2);
  return Array.from({ length: size }, (_, i) => {
    const center = (i + offset + 0.5) / scale - 0.5;
    const first = Math.max(0, Math.ceil(center - reach));
    const last = Math.min(from - 1, Math.floor(center + reach));
    const weights = new Float64Array(last - first + 1);
    // Beyond the edge, its elements are repeated.
    for (let at = Math.ceil(center - reach); at <= center + reach; at++)
      weights[Math.min(last, Math.max(first, at)) - first]! += kernel((at - center) / widened);
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
  // Without the rows that are cropped: of a narrow and long image they are most.
  const top = rows[0]!.first;
  const count = rows.at(-1)!.first + rows.at(-1)!.weights.length - top;
  const narrow = new Float32Array(count * w * channels);
  for (let y = 0; y < count; y++)
    for (let x = 0; x < w; x++) {
      const { first, weights } = columns[x]!;
      for (let c = 0; c < channels; c++) {
        let sum = 0;
        for (let j = 0; j < weights.length; j++) sum += weights[j]! * data[((top + y) * width + first + j) * channels + c]!;
        narrow[(y * w + x) * channels + c] = sum;
      }
    }
  const rowLength = w * channels;
  const result = new Float32Array(h * rowLength);
  for (let y = 0; y < h; y++) {
    const { first, weights } = rows[y]!;
    for (let j = 0; j < weights.length; j++)
      for (let i = 0; i < rowLength; i++) result[y * rowLength + i]! += weights[j]! * narrow[(first - top + j) * rowLength + i]!;
  }
  return result;
}
