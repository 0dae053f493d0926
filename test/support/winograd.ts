// Winograd's transforms on doubles, as their definition reads, and how far a float32 result may lie from its definition.
import type { Padding, Tensor } from '../../dist';
import { convGeometry, type Shape } from '../../dist/shape';

export type Matrix = readonly (readonly number[])[];

export const bt: Matrix = [
  [1, 0, -1, 0],
  [0, 1, 1, 0],
  [0, -1, 1, 0],
  [0, 1, 0, -1],
];
export const at: Matrix = [
  [-1, 1, 1, 0],
  [0, 1, -1, 1],
];

export const transposed = (m: Matrix): Matrix => m[0]!.map((_, column) => m.map((row) => row[column]!));
const absolute = (m: Matrix): Matrix => m.map((row) => row.map(Math.abs));
const times = (a: Matrix, b: Matrix): Matrix =>
  a.map((row) => b[0]!.map((_, column) => row.reduce((sum, v, k) => (v === 0 ? sum : sum + v * b[k]![column]!), 0)));
/** l m l^T */
export const sandwich = (l: Matrix, m: Matrix): Matrix => times(times(l, m), transposed(l));

/** The geometry of the 3x3 windows over x for filters [4,4,co,ci]. */
export const windows = (x: Shape, filters: Shape, padding: Padding) =>
  convGeometry('test', x, [filters[2]!, 3, 3, filters[3]!], { padding });

/** use(image, row, column): the first output of each tile. */
export function eachTile([n, ho, wo]: Shape, use: (image: number, row: number, column: number) => void): void {
  for (let image = 0; image < n!; image++)
    for (let row = 0; row < ho!; row += 2) for (let column = 0; column < wo!; column += 2) use(image, row, column);
}

/** size x size pixels from (row, column) on, by what `of` makes of one's channels; zeros beyond the image. */
export function patch(
  [, h, w, c]: Shape,
  size: number,
  image: number,
  row: number,
  column: number,
  of: (first: number, end: number) => number,
): Matrix {
  const at = (r: number, s: number) => {
    if (r < 0 || r >= h! || s < 0 || s >= w!) return 0;
    const first = ((image * h! + r) * w! + s) * c!;
    return of(first, first + c!);
  };
  return Array.from({ length: size }, (_, r) => Array.from({ length: size }, (_, s) => at(row + r, column + s)));
}

/** Less the mean of the channels of a pixel, which `round` makes an integer of integers. */
export function centered(y: Float64Array, channels: number, round = (mean: number) => mean): Float64Array {
  return y.map((v, i) => {
    const first = i - (i % channels);
    return v - round(y.subarray(first, first + channels).reduce((a, b) => a + b) / channels);
  });
}
/** The same of bounds: a number and the mean may err in opposite directions. */
const boundsCentered = (y: Float64Array, channels: number) => centered(y, channels, (mean) => -mean);

interface Operands {
  readonly x: Tensor;
  /** U */
  readonly filters: Tensor;
  readonly padding: Padding;
}
interface Pass extends Operands {
  readonly gy: Tensor;
}

const magnitude = (data: Float32Array) => (first: number, end: number) => {
  let sum = 0;
  for (let i = first; i < end; i++) if (Number.isFinite(data[i]!)) sum += Math.abs(data[i]!);
  return sum;
};
const largest = (data: Float32Array) => (first: number, end: number) =>
  data.subarray(first, end).reduce((most, v) => (Number.isFinite(v) ? Math.max(most, Math.abs(v)) : most), 0);
const flat = (m: Matrix) => m.flat();

/** The sum of the magnitudes of all that is added up for each output. */
export function forwardMagnitudes({ x, filters, padding }: Operands): Float64Array {
  const { output, packed } = windows(x.shape, filters.shape, padding);
  const [, ho, wo, co] = output;
  const [top, left] = [packed[9]!, packed[10]!];
  const [, , , ci] = filters.shape;
  const ofFilter = magnitude(filters.data);
  const ofU = Array.from({ length: 16 * co }, (_, i) => ofFilter(i * ci!, (i + 1) * ci!));
  const y = new Float64Array(output.reduce((a, b) => a * b));
  eachTile(output, (image, row, column) => {
    const v = flat(sandwich(absolute(bt), patch(x.shape, 4, image, row - top, column - left, magnitude(x.data))));
    for (let c = 0; c < co; c++) {
      const s = Array.from({ length: 4 }, (_, i) => Array.from({ length: 4 }, (_, j) => v[4 * i + j]! + ofU[(4 * i + j) * co + c]!));
      sandwich(absolute(at), s).forEach((line, a) => {
        line.forEach((sum, b) => {
          if (row + a < ho && column + b < wo) y[((image * ho + row + a) * wo + column + b) * co + c] = sum;
        });
      });
    }
  });
  return boundsCentered(y, co);
}

/** A bound of centered gy and of V at each position of a tile. */
function eachBound(
  { x, gy, padding, filters }: Pass,
  use: (gs: number[][], v: number[], image: number, row: number, column: number) => void,
) {
  const { output, packed } = windows(x.shape, filters.shape, padding);
  const [top, left] = [packed[9]!, packed[10]!];
  const co = output[3];
  const bounds = boundsCentered(Float64Array.from(gy.data, Math.abs), co);
  eachTile(output, (image, row, column) => {
    const gs = Array.from({ length: co }, (_, c) =>
      flat(
        sandwich(
          transposed(absolute(at)),
          patch(gy.shape, 2, image, row, column, (first) => bounds[first + c]!),
        ),
      ),
    );
    const v = flat(sandwich(absolute(bt), patch(x.shape, 4, image, row - top, column - left, largest(x.data))));
    use(gs, v, image, row - top, column - left);
  });
}

/** A bound of the same for each element of the gradient to the filters. */
export function filterGradMagnitudes(pass: Pass): Float64Array {
  const { filters } = pass;
  const [, , co, ci] = filters.shape as [number, number, number, number];
  const [ofGs, ofProducts] = [new Float64Array(16 * co), new Float64Array(16 * co)];
  eachBound(pass, (gs, v) => {
    for (let c = 0; c < co; c++)
      for (let p = 0; p < 16; p++) {
        ofGs[p * co + c]! += gs[c]![p]!;
        ofProducts[p * co + c]! += gs[c]![p]! * v[p]!;
      }
  });
  return Float64Array.from(filters.data, (u, i) => ofProducts[Math.floor(i / ci)]! + Math.abs(u) * ofGs[Math.floor(i / ci)]!);
}

/** And to the input: the hardtanh of float32 differences, whose operands are rounded. */
export function inputGradMagnitudes(pass: Pass): Float64Array {
  const [, h, w, ci] = pass.x.shape as [number, number, number, number];
  const gx = new Float64Array(pass.x.size);
  eachBound(pass, (gs, v, image, row, column) => {
    const gv = Array.from({ length: 4 }, (_, i) =>
      Array.from({ length: 4 }, (_, j) => gs.reduce((sum, g) => sum + g[4 * i + j]!, 0) * (1 + v[4 * i + j]!)),
    );
    sandwich(transposed(absolute(bt)), gv).forEach((line, r) => {
      line.forEach((sum, s) => {
        const [at, inRow] = [row + r, column + s];
        if (at < 0 || at >= h || inRow < 0 || inRow >= w) return;
        for (let c = 0; c < ci; c++) gx[((image * h + at) * w + inRow) * ci + c]! += sum;
      });
    });
  });
  return gx;
}
