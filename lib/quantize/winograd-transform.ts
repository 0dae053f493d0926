// The transforms of Winograd layers, B^T d B and A^T S A (native/kernels/winograd_kernels.h), on integers.
import type { QuantizedRange } from '../graph';

/** Positions of a tile of 4x4 pixels. */
export const positions = 16;

/** V = B^T d B of the 16 numbers from `at` on, in their place. */
export function transformInput(d: Int32Array, at: number): void {
  for (let j = at; j < at + 4; j++) transformFour(d, j, 4);
  for (let i = at; i < at + positions; i += 4) transformFour(d, i, 1);
}

function transformFour(d: Int32Array, at: number, step: number): void {
  const [a, b, c, e] = [d[at]!, d[at + step]!, d[at + 2 * step]!, d[at + 3 * step]!];
  d[at] = a - c;
  d[at + step] = b + c;
  d[at + 2 * step] = c - b;
  d[at + 3 * step] = b - e;
}

/** V adds up two numbers of a tile and subtracts two at every position but (1,1), where it adds up four. */
const taps = (p: number) => (p === 5 ? { added: 4, subtracted: 0 } : { added: 2, subtracted: 2 });

/** V of a tile of ones at position p. */
export const ofOnes = (p: number): number => taps(p).added - taps(p).subtracted;

export interface Extremes {
  readonly min: number;
  readonly max: number;
}

/** Between which numbers V lies at position p where the tile has numbers of a range. */
export function rangeOfV(p: number, { qmin, qmax }: QuantizedRange): Extremes {
  const { added, subtracted } = taps(p);
  return { min: added * qmin - subtracted * qmax, max: added * qmax - subtracted * qmin };
}

const outputRows = [
  [-1, 1, 1, 0],
  [0, 1, -1, 1],
] as const;

/** Outputs (0,0), (0,1), (1,0) and (1,1) of a tile, A^T S A, for each output channel. @param sums [16][co] @returns [4][co] */
export function transformOutput(sums: Float64Array, co: number): Float64Array {
  const y = new Float64Array(4 * co);
  for (let i = 0; i < 4; i++)
    for (let p = 0; p < positions; p++) {
      const factor = outputRows[i >> 1]![p >> 2]! * outputRows[i % 2]![p % 4]!;
      for (let c = 0; c < co; c++) y[i * co + c]! += factor * sums[p * co + c]!;
    }
  return y;
}
