// The steps of a compiled network, as plain data. A value is written once, by the step whose `output` it is; value 0 is the input.
import type { ProductKind } from '../layers';

/** y = max(0, (x * filters + bias) * scale + shift + residual); what is undefined or false is left out, scale and shift together. */
export interface Convolution {
  readonly op: 'convolution';
  readonly x: number;
  readonly output: number;
  readonly product: ProductKind;
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
  readonly kind: 'max' | 'average';
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
