// The steps of a compiled network, as plain data. A value is written once, by the step whose `output` it is; value 0 is the input.
import type { ConvKind } from '../conv-kind';
import type { Labels } from './classification';

/** y = max(0, (x * filters + bias) * scale + shift + residual); what is undefined or false is left out, scale and shift together. */
export interface Convolution {
  readonly op: 'convolution';
  readonly x: number;
  readonly output: number;
  readonly kind: ConvKind;
  readonly filters: Float32Array;
  readonly bias?: Float32Array | undefined;
  readonly scale?: Float32Array;
  readonly shift?: Float32Array;
  readonly residual?: number;
  readonly relu?: boolean;
  /** Of one image. */
  readonly geometry: Int32Array;
}

/** y = max(0, (x - mean) * scale + shift + residual), the same. */
export interface Normalize {
  readonly op: 'normalize';
  readonly x: number;
  readonly output: number;
  readonly mean: Float32Array;
  readonly scale: Float32Array;
  readonly shift: Float32Array;
  readonly residual?: number;
  readonly relu?: boolean;
}

export interface Pool {
  readonly op: 'pool';
  readonly mode: 'max' | 'average';
  readonly x: number;
  readonly output: number;
  /** Of one image. */
  readonly geometry: Int32Array;
}

export interface Relu {
  readonly op: 'relu';
  readonly x: number;
  readonly output: number;
}

/** y = x + residual */
export interface Add {
  readonly op: 'add';
  readonly x: number;
  readonly residual: number;
  readonly output: number;
}

export type PlanStep = Convolution | Normalize | Pool | Relu | Add;

// Steps of networks in 8 bits and fewer, bit-exactly. A quantized value holds q = 0 ... most, one byte each, for the numbers
// step * (q - zero); step and zero point are one for the whole value. Between such values an adder layer needs only integers, since x and w
// share one step and one zero point, which cancel in x - w. float32, each operation rounded by itself, none fused; rne rounds to the nearest
// integer, half to even.

/** From floats to bytes: q = clamp(rne(x / step + zero), 0, most). Numbers that are not finite are refused. */
export interface Quantize {
  readonly op: 'quantize';
  readonly x: number;
  readonly output: number;
  readonly step: number;
  readonly zero: number;
}

/**
 * A layer of bytes and all that follows it up to the next one. Its sum is - sum |x - w| of uint8 filters, an adder layer, or sum x * w of int8
 * filters, an ordinary one: v = scale[co] * float(sum) + shift[co], then + residualScale * float(residual) of bytes, or + residual of floats;
 * then q = clamp(rne(v), 0, most), bytes, or v, or max(0, v), floats.
 */
export interface QuantizedConvolution {
  readonly op: 'quantized convolution';
  readonly x: number;
  readonly output: number;
  /** [co,kh,kw,ci/groups] */
  readonly filters: Uint8Array | Int8Array;
  /** What padding reads: the zero point of x. */
  readonly padding: number;
  /** [co] each */
  readonly scale: Float32Array;
  readonly shift: Float32Array;
  readonly residual?: number | undefined;
  readonly residualScale?: number | undefined;
  readonly into: 'u8' | 'f32';
  /** Of floats. */
  readonly relu: boolean;
  /** Of one image. */
  readonly geometry: Int32Array;
}

export type QuantizedStep = Quantize | QuantizedConvolution | PlanStep;

/** A network in 8 bits or fewer, as lib/quantize makes it. */
export interface QuantizedNetwork {
  readonly bits: number;
  readonly inputShape: readonly [number, number, number];
  readonly classes: number;
  readonly metadata?: Labels;
  /** In an order that can be run; value 0 is the input. */
  readonly steps: readonly QuantizedStep[];
  /** The value that is the result. */
  readonly output: number;
}
