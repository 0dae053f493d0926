// Where the windows of a node lie, as native code takes it, and which shape its output has.
import { windowShape } from '../conv-kind';
import { AdderNetError } from '../errors';
import { symmetricPadShape } from '../ops/symmetric-pad';
import { winogradGeometry } from '../ops/winograd-geometry';
import { type ConvGeometry, convGeometry, elementCount, poolGeometry, type Shape, shapeText } from '../shape';
import type { Conv2d, Conv2dAttributes, GraphNode, Pool, QuantizedConv2d } from './graph';

type Unplaced<Node> = Node extends GraphNode ? Omit<Node, 'output'> : never;
/** A node that has no output yet. */
export type NewNode = Unplaced<GraphNode>;
type Windowed = Unplaced<Conv2d | QuantizedConv2d | Pool>;

/** The geometry for one image. Throws what outputShape throws. */
export function geometryOf(node: Windowed): ConvGeometry {
  const x = [1, ...node.x.shape];
  if (node.op !== 'pool' && node.isSymmetric) return symmetricGeometry(node, x);
  if (node.op === 'pool') return poolGeometry(`${node.mode}Pool`, x, node.attributes);
  if (node.kind === 'adder-winograd') return winogradGeometryOf(node, x);
  return convGeometry(node.op, x, windowShape(node.kind, node.filters.shape), node.attributes);
}

/** That of the padded image. */
function symmetricGeometry({ op, kind, filters, attributes }: Unplaced<Conv2d | QuantizedConv2d>, x: Shape): ConvGeometry {
  if (kind !== 'adder' || !fitsSymmetric(attributes))
    throw new AdderNetError(
      'ERR_ARGUMENT',
      `${op}: isSymmetric is true, expected false: that takes kind adder without other padding, dilation or groups`,
    );
  return convGeometry(op, symmetricPadShape(op, x), filters.shape, attributes);
}

/** Whether symmetric padding can be part of a convolution. */
export const fitsSymmetric = ({ padding, dilation, groups }: Conv2dAttributes): boolean =>
  [...dilation, groups].every((size) => size === 1) && padding.every((side) => side === 0);

function winogradGeometryOf({ op, filters, attributes }: Unplaced<Conv2d | QuantizedConv2d>, x: Shape): ConvGeometry {
  const { stride, padding, dilation, groups } = attributes;
  if ([...stride, ...dilation, groups].some((size) => size !== 1))
    throw new AdderNetError(
      'ERR_ARGUMENT',
      `${op}: stride is [${stride}], dilation [${dilation}] and groups ${groups}, expected 1 each: kind adder-winograd has no others`,
    );
  return winogradGeometry(op, x, filters.shape, { padding });
}

/**
 * The shape of what a node computes for one image.
 * @throws {AdderNetError} ERR_SHAPE if operands do not fit each other, ERR_ARGUMENT if an attribute is out of range
 */
export function outputShape(node: NewNode): Shape {
  if (node.op === 'add' && elementCount(node.a.shape) !== elementCount(node.b.shape))
    throw new AdderNetError('ERR_SHAPE', `add: shapes are ${shapeText(node.a.shape)} and ${shapeText(node.b.shape)}, expected the same`);
  if (node.op === 'add') return node.a.shape;
  if (node.op === 'symmetricPad') return symmetricPadShape(node.op, [1, ...node.x.shape]).slice(1);
  return node.op === 'conv2d' || node.op === 'quantizedConv2d' || node.op === 'pool' ? geometryOf(node).output.slice(1) : node.x.shape;
}
