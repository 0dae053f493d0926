// Numbers of quantized networks. The steps that use them, and what they mean bit-exactly, stand in lib/session/steps.ts.

/** How a value is stored in bytes: as step * (q - zero). */
export interface Quantization {
  readonly step: number;
  readonly zero: number;
}

/** The largest sum of integers that a float holds exactly. */
export const largestSum = 2 ** 24;

/** To the nearest integer, half to even, of |x| < 2^52. */
export function roundHalfEven(x: number): number {
  const below = Math.floor(x);
  const over = x - below;
  return over < 0.5 || (over === 0.5 && below % 2 === 0) ? below : below + 1;
}

export const clamp = (x: number, low: number, high: number): number => Math.max(low, Math.min(high, x));
