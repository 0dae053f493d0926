// A graph of ordinary convolutions as an ONNX graph in NCHW, batch norms folded into filters and biases as any exporter does. Residual and
// ReLU are nodes of their own: onnxruntime fuses what it can.
import type { Conv2d, FloatNode, Value } from '../../dist/graph';
import { type OnnxGraph, windowAttributes } from './onnx';

/** The name of a float value. */
export const nameOf = ({ id }: Value): string => `v${id}`;

/** Adds the nodes. @returns the names of all values that they write, in order */
export function addFloatNodes(graph: OnnxGraph, nodes: readonly FloatNode[]): string[] {
  return nodes.flatMap((node) => {
    const y = nameOf(node.output);
    if (node.op === 'conv2d') return addConv2d(graph, node, y);
    if (node.op === 'activate') graph.node('Relu', [nameOf(node.x)], y);
    else if (node.op === 'add') graph.node('Add', [nameOf(node.a), nameOf(node.b)], y);
    else if (node.op === 'pool')
      graph.node(
        node.mode === 'max' ? 'MaxPool' : 'AveragePool',
        [nameOf(node.x)],
        y,
        windowAttributes(node.attributes, node.attributes.kernel),
      );
    else throw new Error(`onnxruntime is compared on ordinary convolutions, not on ${node.op}`);
    return [y];
  });
}

function addConv2d(graph: OnnxGraph, node: Conv2d, y: string): string[] {
  const ends: [string, string[]][] = [];
  if (node.residual) ends.push(['Add', [nameOf(node.residual)]]);
  if (node.activation) ends.push(['Relu', []]);
  const outputs = [`${y}.conv`, `${y}.sum`].slice(0, ends.length).concat(y);
  const { weights, biases, dims } = foldedFilters(node);
  const inputs = [nameOf(node.x), graph.constant(`${y}.w`, weights, dims), graph.constant(`${y}.b`, biases, [dims[0]])];
  graph.node('Conv', inputs, outputs[0]!, conv2dAttributes(node));
  for (const [i, [op, others]] of ends.entries()) graph.node(op, [outputs[i]!, ...others], outputs[i + 1]!);
  return outputs;
}

export function conv2dAttributes({ filters, attributes }: Conv2d) {
  return { ...windowAttributes(attributes, filters.shape.slice(1, 3)), dilations: attributes.dilation };
}

/** Filters [co,ci,kh,kw] and biases [co] with the batch norm's scale and shift in them. */
export function foldedFilters({ kind, filters, bias, scale, shift }: Conv2d) {
  if (kind !== 'conv') throw new Error(`onnxruntime is compared on ordinary convolutions, not on ${kind}`);
  const [co, kh, kw, inputs] = filters.shape as [number, number, number, number];
  const k = kh * kw;
  const [weights, biases] = [new Float32Array(filters.size), new Float32Array(co)];
  for (let o = 0; o < co; o++) {
    const factor = scale?.data[o] ?? 1;
    biases[o] = (bias?.data[o] ?? 0) * factor + (shift?.data[o] ?? 0);
    for (let tap = 0; tap < k; tap++)
      for (let i = 0; i < inputs; i++) weights[(o * inputs + i) * k + tap] = filters.data[(o * k + tap) * inputs + i]! * factor;
  }
  return { weights, biases, dims: [co, inputs, kh, kw] as const };
}
