// Fusion: padding before a convolution of adders, and what follows a convolution or a batch norm, become part of its node, where nothing else reads
// the value between them.
//
//   symmetricPad -> conv2d
//   conv2d -> normalize             bias minus mean, scale, shift
//   conv2d, normalize -> add        the other addend as residual; the node moves to where both are known
//   conv2d, normalize -> activate
import { windowShape } from '../conv-kind';
import { Tensor } from '../tensor';
import { fitsSymmetric } from './geometry';
import { type Conv2d, countReaders, type FloatNode, type Graph, type Normalize, operandsOf } from './graph';

/** A graph with the same outputs that has fewer nodes. */
export function fuse(graph: Graph<FloatNode>): Graph<FloatNode> {
  const readers = countReaders(graph);
  const fused = new Map<number, FloatNode>(); // by the value that they write, in order
  for (const node of graph.nodes) {
    let merged: FloatNode | undefined;
    for (const { id } of operandsOf(node)) {
      const before = readers.get(id) === 1 ? fused.get(id) : undefined;
      merged = before && absorb(before, node);
      if (!merged) continue;
      fused.delete(id);
      break;
    }
    fused.set(node.output.id, merged ?? node);
  }
  return { ...graph, nodes: [...fused.values()] };
}

/** Both as one node, or undefined if they cannot be. */
function absorb(before: FloatNode, node: FloatNode): Conv2d | Normalize | undefined {
  if (before.op === 'symmetricPad')
    return node.op === 'conv2d' && node.x.id === before.output.id && node.kind === 'adder' && fitsSymmetric(node.attributes)
      ? { ...node, isSymmetric: true, x: before.x }
      : undefined;
  if ((before.op !== 'conv2d' && before.op !== 'normalize') || before.activation) return undefined;
  const { output } = node;
  if (node.op === 'activate') return { ...before, activation: node.activation, output };
  if (before.residual) return undefined;
  if (node.op === 'add') return { ...before, residual: node.a.id === before.output.id ? node.b : node.a, output };
  if (node.op === 'normalize' && before.op === 'conv2d') return normalized(before, node);
  return undefined;
}

/** A convolution that ends in a batch norm over its output channels, which that of a flattened image is not. */
function normalized(conv: Conv2d, { mean, scale, shift, output }: Normalize): Conv2d | undefined {
  const [co] = windowShape(conv.kind, conv.filters.shape) as [number];
  if (conv.scale || mean.size !== co) return undefined;
  const bias = mean.data.map((m, c) => (conv.bias?.data[c] ?? 0) - m);
  return { ...conv, bias: new Tensor(bias, [co]), scale, shift, output };
}
