// Numbers of quantised networks. The steps that use them, and what they mean to the bit, stand in lib/session/steps.ts.

/** How a value is stored in bytes: as step * (q - zero). */
export interface Quantization {
  readonly step: number;
  readonly zero: number;
}

/** The longest filter: float(sum) is exact up to 2^24, and an element adds at most 255. */
export const longestFilter = Math.floor(2 ** 24 / 255);

/** To the nearest integer, half to even, of |x| < 2^52. */
export function roundHalfEven(x: number): number {
  const below = Math.floor(x);
  const over = x - below;
  return over < 0.5 || (over === 0.5 && below % 2 === 0) ? below : below + 1;
}

export const clamp = (x: number, low: number, high: number): number => Math.max(low, Math.min(high, x));
