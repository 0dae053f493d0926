// The integers of quantized values.
import type { QuantizedDType } from '../ops';

/** The dtype of quantized values, and the least and the largest integer that they hold. */
export interface QuantizedRange {
  readonly dtype: QuantizedDType;
  readonly qmin: number;
  readonly qmax: number;
}

/** Bits of quantized values. */
export const [minBits, maxBits] = [2, 16] as const;

/** 2^bits integers: from 0 on, but those of 16 bits are what int16 holds. */
export function quantizedRange(bits: number): QuantizedRange {
  const qmin = bits === 16 ? -(2 ** 15) : 0;
  return { dtype: bits > 8 ? 'i16' : 'u8', qmin, qmax: qmin + 2 ** bits - 1 };
}

/** The dtype that the nodes of a graph compute in: that of its quantized values, if there are any. */
export const dtypeOfNodes = (nodes: readonly { readonly output: { readonly dtype: 'f32' | QuantizedDType } }[]): 'f32' | QuantizedDType =>
  nodes.find(({ output }) => output.dtype !== 'f32')?.output.dtype ?? 'f32';
