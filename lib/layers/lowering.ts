// How a layer describes itself to a compiler: by the nodes that it computes at inference. lib/graph/trace.ts writes them down.
import type { ConvKind } from '../conv-kind';
import type { ConvOptions, PoolWindow, Shape } from '../shape';
import type { Tensor } from '../tensor';

/** What flows between two nodes. */
export interface Value {
  /** With n = 1. */
  readonly shape: Shape;
}

/** The range that an activation clips to: 0 and Infinity for ReLU, 0 and 6 for ReLU6. */
export interface Activation {
  readonly min: number;
  readonly max: number;
}

/** A convolution as compilers see it. */
export interface Conv2dSpec extends ConvOptions {
  readonly kind: ConvKind;
  /** [co,kh,kw,ci/groups] */
  readonly filters: Tensor;
  /** [co] */
  readonly bias?: Tensor | undefined;
  /** Whether the mean over the channels of a pixel is taken off before the bias; of kind adder alone. Default false. */
  readonly isCentered?: boolean | undefined;
}

/** The tensors of a batch norm, [c] each. */
export interface Statistics {
  readonly mean: Tensor;
  readonly variance: Tensor;
  readonly gamma: Tensor;
  readonly beta: Tensor;
  readonly epsilon: number;
}

/**
 * Takes the nodes of a network in forward order; each gives a new value and leaves its inputs as they were. Tensors are read when the
 * network is compiled, and copied. Nodes are fused where nothing else reads the values between them.
 */
export interface GraphBuilder {
  conv2d(x: Value, spec: Conv2dSpec): Value;
  maxPool(x: Value, window: PoolWindow): Value;
  averagePool(x: Value, window: PoolWindow): Value;
  /** Of the layer SymmetricPad2d. */
  symmetricPad(x: Value): Value;
  /** Channels on the last axis. */
  batchNorm(x: Value, statistics: Statistics): Value;
  relu(x: Value): Value;
  /** y = min(max(x, activation.min), activation.max) */
  activate(x: Value, activation: Activation): Value;
  add(a: Value, b: Value): Value;
  /** The same elements with another shape: no node. */
  reshape(x: Value, shape: Shape): Value;
}
