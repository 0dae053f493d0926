// A network computes with finite numbers: a NaN makes its outputs NaN, or worse, a maximum or a clamp turns it into a number.
import { AdderNetError } from '../errors';
import { notFinite, Tensor, type TensorData } from '../tensor';
import type { Graph, GraphNode } from './graph';

/** Names of tensors, as a state dict has them. */
type Names = ReadonlyMap<string, Tensor<TensorData>>;

/**
 * What batch norms and scales become where they are folded into nodes, too: a variance below zero, or numbers that add up to more than
 * float32 holds.
 * @param names of tensors that nodes share, for the message
 * @throws {AdderNetError} ERR_ARGUMENT if a number of a node is not finite
 */
export function checkGraphFinite(op: string, { nodes }: Graph, names: Names = new Map()): void {
  for (const [i, node] of nodes.entries())
    for (const [field, value] of Object.entries(node)) {
      const bad =
        value instanceof Tensor ? notFinite(value.data) : typeof value === 'number' && !Number.isFinite(value) ? value : undefined;
      if (bad !== undefined)
        throw new AdderNetError(
          'ERR_ARGUMENT',
          `${op}: the ${field} of ${nameOfNode(node, i, names)} holds ${bad}, expected finite numbers: ` +
            'look for a variance below 0 and for weights or statistics of 1e30 and more',
        );
    }
}

/** A node by its tensor that has a name, else by its place. */
export const nameOfNode = (node: GraphNode, i: number, names: Names): string => nameBy(tensorNames(names), node, i);

/** The names of all nodes, as {@link nameOfNode} gives each. */
export function namesOfNodes({ nodes }: Graph, names: Names): string[] {
  const nameOf = tensorNames(names);
  return nodes.map((node, i) => nameBy(nameOf, node, i));
}

const tensorNames = (names: Names): Map<unknown, string> => new Map([...names].map(([name, tensor]) => [tensor, name]));

function nameBy(nameOf: ReadonlyMap<unknown, string>, node: GraphNode, i: number): string {
  const named = Object.values(node).find((field) => nameOf.has(field));
  return `node ${i} (${node.op}${named ? ` of ${nameOf.get(named)}` : ''})`;
}
