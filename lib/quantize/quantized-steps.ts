// The steps of a network in 8 bits and fewer, as plain data: what its numbers mean, to the bit.
//
// A quantised value holds q = 0 ... levels, one byte each, for the numbers s * (q - zero); step s and zero point are one for the whole value.
// Between such values an adder layer needs only integers (AdderNet: x and w share one step and one zero point, so both cancel in x - w):
//
//   acc[co] = - sum_k |xq_k - wq[co,k]|                                        exact, int32
//   y       = scale[co] * float(acc) + shift[co] (+ factor * residual)         float32, each operation rounded, none fused
//   q       = clamp(rne(y), 0, levels)                                         rne: to the nearest integer, half to even
import type { PlanStep } from '../session/steps';

/** From float32 to bytes: q = clamp(rne(x * inverseStep + zero), 0, levels), multiplied, then added. Numbers that are not finite are refused. */
export interface Quantize {
  readonly op: 'quantize';
  readonly x: number;
  readonly output: number;
  readonly inverseStep: number;
  readonly zero: number;
}

/** An adder layer and all that follows it up to the next one. */
export interface QuantizedConvolution {
  readonly op: 'quantized convolution';
  readonly x: number;
  readonly output: number;
  /** [co,kh,kw,ci/groups] */
  readonly filters: Uint8Array;
  /** What padding reads: the zero point of x. */
  readonly padding: number;
  /** [co] each */
  readonly scale: Float32Array;
  readonly shift: Float32Array;
  /** A value of bytes or of floats, as it is stored. */
  readonly residual?: number | undefined;
  readonly factor?: number | undefined;
  /** Of the output. Bytes: q as above; floats: y, or max(0, y). */
  readonly into: 'u8' | 'f32';
  readonly relu: boolean;
  /** Of one image. */
  readonly geometry: Int32Array;
}

/** Steps of float networks work on float values as they do there. */
export type QuantizedStep = Quantize | QuantizedConvolution | PlanStep;

/** How a value is stored in bytes. */
export interface Quantization {
  readonly step: number;
  readonly zero: number;
}

/** The longest filter: float(acc) is exact up to 2^24, and an element adds at most 255. */
export const longestFilter = Math.floor(2 ** 24 / 255);

/** To the nearest integer, half to even, of |x| < 2^52. */
export function roundHalfEven(x: number): number {
  const below = Math.floor(x);
  const over = x - below;
  return over < 0.5 || (over === 0.5 && below % 2 === 0) ? below : below + 1;
}

export const clamp = (x: number, low: number, high: number): number => Math.max(low, Math.min(high, x));
