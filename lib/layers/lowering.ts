// What a layer says of itself to a compiler: the steps it takes at inference. lib/session/ listens.
import type { ConvKind } from '../conv-kind';
import type { ConvOptions, PoolWindow, Shape } from '../shape';
import type { Tensor } from '../tensor';

/** What flows between two steps. */
export interface Value {
  /** With n = 1. */
  readonly shape: Shape;
}

/** A convolution as compilers see it. */
export interface ConvolutionStep extends Required<ConvOptions> {
  readonly kind: ConvKind;
  /** [co,kh,kw,ci/groups] */
  readonly filters: Tensor;
  /** [co] */
  readonly bias: Tensor | undefined;
}

/** Of a batch norm, [c] each. */
export interface Statistics {
  readonly mean: Tensor;
  readonly variance: Tensor;
  readonly gamma: Tensor;
  readonly beta: Tensor;
  readonly epsilon: number;
}

/**
 * Takes the steps of a network in forward order; each gives a new value and leaves its inputs as they were. Tensors are read when the
 * network is compiled, and copied. Steps are fused where the values between them have no other reader.
 */
export interface PlanBuilder {
  convolution(x: Value, step: ConvolutionStep): Value;
  maxPool(x: Value, window: PoolWindow): Value;
  averagePool(x: Value, window: PoolWindow): Value;
  /** Channels on the last axis. */
  batchNorm(x: Value, statistics: Statistics): Value;
  relu(x: Value): Value;
  add(a: Value, b: Value): Value;
  /** The same elements with another shape: no step. */
  reshape(x: Value, shape: Shape): Value;
}
