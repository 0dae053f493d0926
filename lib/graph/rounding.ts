// How numbers become quantized ones.

/** To the nearest integer, half to even, of |x| < 2^52. */
export function roundHalfEven(x: number): number {
  const below = Math.floor(x);
  const over = x - below;
  return over < 0.5 || (over === 0.5 && below % 2 === 0) ? below : below + 1;
}

/** NaN stays NaN, and a zero at `low` 0 is +0. */
export const clamp = (x: number, low: number, high: number): number => Math.max(low, Math.min(high, x));
