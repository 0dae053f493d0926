// A network between its layers and what runs it: which value is computed from which, as immutable plain data.
import type { ConvKind } from '../conv-kind';
import type { Activation } from '../layers';
import type { QuantizedArray, QuantizedDType } from '../ops';
import type { Shape, Sides } from '../shape';
import type { Tensor } from '../tensor';

/** What flows between nodes. It is written once: as an input of the graph or as the output of a node. */
export interface Value {
  /** Unique among the values of a graph. */
  readonly id: number;
  /** Shape for one image. A node may read a value in another shape than it was written in: the same elements in the same order. */
  readonly shape: Shape;
  readonly dtype: 'f32' | QuantizedDType;
}

/** A value of n images, [n, ...shape], of floats or of quantized numbers by its dtype. */
export type ValueTensor = Tensor | Tensor<QuantizedArray>;

/** Height and width. */
export type Size = readonly [height: number, width: number];

export interface Conv2dAttributes {
  readonly stride: Size;
  readonly padding: Sides;
  readonly dilation: Size;
  readonly groups: number;
}

export interface PoolAttributes {
  readonly kernel: Size;
  readonly stride: Size;
  readonly padding: Sides;
}

/**
 * y = activation((x * filters + bias) * scale + shift + residual); what is undefined is left out, scale and shift together. If it is centered,
 * x * filters is less the mean over the channels of its pixel. If it is symmetric, x is what `symmetricPad2d` gives of x.
 */
export interface Conv2d {
  readonly op: 'conv2d';
  readonly kind: ConvKind;
  /** Only of kind adder. Default false. */
  readonly isCentered?: boolean | undefined;
  /** Only of kind adder, without other padding, dilation or groups. Default false. */
  readonly isSymmetric?: boolean | undefined;
  readonly x: Value;
  readonly output: Value;
  /** [co,kh,kw,ci/groups] */
  readonly filters: Tensor;
  /** [co], as scale and shift */
  readonly bias?: Tensor | undefined;
  readonly scale?: Tensor;
  readonly shift?: Tensor;
  readonly residual?: Value;
  readonly activation?: Activation;
  readonly attributes: Conv2dAttributes;
}

/** y = activation((x - mean) * scale + shift + residual), channels on the last axis. */
export interface Normalize {
  readonly op: 'normalize';
  readonly x: Value;
  readonly output: Value;
  /** [c], as scale and shift */
  readonly mean: Tensor;
  readonly scale: Tensor;
  readonly shift: Tensor;
  readonly residual?: Value;
  readonly activation?: Activation;
}

/**
 * The maximum of each window, which padding never is, or its mean, in which padding counts as zeros. The maximum may be of bytes, 0 where a
 * window is all padding.
 */
export interface Pool {
  readonly op: 'pool';
  readonly mode: 'max' | 'average';
  readonly x: Value;
  readonly output: Value;
  readonly attributes: PoolAttributes;
}

/** What `symmetricPad2d` gives. */
export interface SymmetricPad {
  readonly op: 'symmetricPad';
  readonly x: Value;
  readonly output: Value;
}

/** y = min(max(x, activation.min), activation.max) */
export interface Activate {
  readonly op: 'activate';
  readonly x: Value;
  readonly output: Value;
  readonly activation: Activation;
}

/** y = a + b */
export interface Add {
  readonly op: 'add';
  readonly a: Value;
  readonly b: Value;
  readonly output: Value;
}

export type FloatNode = Conv2d | Normalize | Pool | SymmetricPad | Activate | Add;

// Networks in 16 bits and fewer, bit-exactly. A quantized value holds integers q = qmin ... qmax, uint8 of up to 8 bits and int16 of more
// (quantized-range.ts), which stand for the numbers scale * (q - zeroPoint); scale and zero point are one for the whole value. Between such
// values an adder layer needs only integers, since x and w share one scale and one zero point, which cancels in x - w. float32, each operation
// rounded by itself, none fused; rne rounds to the nearest integer, half to even. float(sum) is rounded so, too, where a sum exceeds 2^24.

/** From floats to quantized numbers: q = clamp(rne(x / scale + zeroPoint), qmin, qmax). Numbers that are not finite are refused. */
export interface Quantize {
  readonly op: 'quantize';
  readonly x: Value;
  readonly output: Value;
  readonly scale: number;
  readonly zeroPoint: number;
  /** Default 0. */
  readonly qmin?: number;
  readonly qmax: number;
}

/**
 * A convolution of quantized numbers and all that follows it up to the next one. Its sum is -sum |x - w| of filters of the dtype of x where
 * its kind is adder, what `winogradAdderConv2d` of integers gives where it is adder-winograd, and sum x * w of uint8 and int8 filters where it
 * is conv: v = scale[co] * float(sum) + shift[co], then + residualScale * float(residual) of one of the dtype of x, or + residual of floats;
 * then q = clamp(rne(v), qmin, qmax) if the output is of the dtype of x, or activation(v) if it is of floats.
 */
export interface QuantizedConv2d {
  readonly op: 'quantizedConv2d';
  readonly kind: 'adder' | 'adder-winograd' | 'conv';
  /** Whether the sum is less the mean over the channels of its pixel, floor(sum of the sums / co + 1/2); only of kind adder. Default false. */
  readonly isCentered?: boolean | undefined;
  /** As of Conv2d, with padValue where that has 0. Default false. */
  readonly isSymmetric?: boolean | undefined;
  /** Of int16 and kind adder-winograd it has 13 bits and sign at most. */
  readonly x: Value;
  readonly output: Value;
  /** [co,kh,kw,ci/groups]; [4,4,co,ci] of kind adder-winograd */
  readonly filters: Tensor<QuantizedArray> | Tensor<Int8Array>;
  /** What padding reads: the zero point of x. */
  readonly padValue: number;
  /** How the 16 positions of Winograd become bytes, [16], as shifts: of kind adder-winograd where x is of bytes, and of no other. */
  readonly offsets?: Tensor<Int16Array>;
  readonly shifts?: Tensor<Uint8Array>;
  /** Added to the outputs of a tile, [4,co]; of kind adder-winograd alone. */
  readonly constants?: Tensor<Int32Array>;
  /** [co], as shift */
  readonly scale: Tensor;
  readonly shift: Tensor;
  readonly residual?: Value;
  /** Scale of a quantized residual. Default 1. */
  readonly residualScale?: number;
  /** Least integer of a quantized output. Default 0. */
  readonly qmin?: number;
  /** Largest integer of a quantized output; absent otherwise. */
  readonly qmax?: number;
  /** Only where the output is of floats. */
  readonly activation?: Activation;
  readonly attributes: Conv2dAttributes;
}

export type GraphNode = FloatNode | Quantize | QuantizedConv2d;

export interface Graph<Node extends GraphNode = GraphNode> {
  /** In an order that can be run. */
  readonly nodes: readonly Node[];
  readonly inputs: readonly Value[];
  readonly outputs: readonly Value[];
}

/** The values that a node reads. */
export function operandsOf(node: GraphNode): Value[] {
  if (node.op === 'add') return [node.a, node.b];
  return 'residual' in node && node.residual ? [node.x, node.residual] : [node.x];
}

/** How often each value is read, by its id; the outputs are read from outside. */
export function countReaders({ nodes, outputs }: Graph): Map<number, number> {
  const readers = new Map<number, number>();
  for (const { id } of [...nodes.flatMap(operandsOf), ...outputs]) readers.set(id, (readers.get(id) ?? 0) + 1);
  return readers;
}
