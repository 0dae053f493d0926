// The plain reference: runs a graph node by node with the operations of lib/ops, so that every value can be looked at or replaced.
import type { QuantizedArray } from '../ops';
import type { Tensor } from '../tensor';
import { runFloatNode } from './float-nodes';
import type { Graph, GraphNode, Value, ValueTensor } from './graph';
import { quantizedConv2d, quantizedMaxPool, quantizeValue } from './quantized-nodes';

export interface InterpretOptions {
  /** Called with each value as soon as it is known, inputs first. */
  readonly onValue?: (value: Value, tensor: ValueTensor) => void;
  /** Gives what `node` reads in place of a value. */
  readonly onRead?: (value: Value, tensor: ValueTensor, node: GraphNode) => ValueTensor;
}

/**
 * Computes the output of a graph that has one input and one output.
 * @param x [n, ...shape of the input], float32
 * @throws {AdderNetError} ERR_ARGUMENT if a number that is to be quantized is not finite; otherwise what the operations throw
 */
export function interpret(graph: Graph, x: Tensor, { onValue, onRead = (_, tensor) => tensor }: InterpretOptions = {}): Tensor {
  const n = x.shape[0]!;
  const values = new Map<number, ValueTensor>();
  const write = (value: Value, tensor: ValueTensor) => {
    values.set(value.id, tensor);
    onValue?.(value, tensor);
  };
  const read = (value: Value): ValueTensor => values.get(value.id)!.reshape([n, ...value.shape]);
  write(graph.inputs[0]!, x);
  for (const node of graph.nodes)
    write(
      node.output,
      runNode(node, (value) => onRead(value, read(value), node)),
    );
  return read(graph.outputs[0]!) as Tensor;
}

function runNode(node: GraphNode, read: (value: Value) => ValueTensor): ValueTensor {
  if (node.op === 'quantize') return quantizeValue(node, read(node.x) as Tensor);
  if (node.op === 'quantizedConv2d') return quantizedConv2d(node, read);
  if (node.op === 'pool' && node.x.dtype !== 'f32') return quantizedMaxPool(node, read(node.x) as Tensor<QuantizedArray>);
  return runFloatNode(node, read as (value: Value) => Tensor);
}
