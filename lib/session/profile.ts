// Where the time of a network goes, node by node.
import type { ConvKind } from '../conv-kind';
import { AdderNetError } from '../errors';
import { type Graph, type GraphNode, namesOfNodes } from '../graph';
import { optionNames } from '../options';
import { shown } from '../quoted';
import { elementCount, type Shape } from '../shape';
import type { Tensor, TensorData } from '../tensor';
import type { RunOptions } from './abort';

/** How a network is profiled. */
export interface ProfileOptions extends RunOptions {
  /** How often the network is run, of which the medians are taken, 1 to 1000. Default 20. */
  readonly rounds?: number | undefined;
}
export const profileNames = optionNames<ProfileOptions>({ rounds: true, signal: true });

/** What a node of a compiled network took: an operation with all that was fused into it. */
export interface NodeProfile {
  /** Its place, its operation and, of a float network, the name of its weights: `node 3 (conv2d of conv1.weight)`. */
  readonly name: string;
  /** `conv2d`, `quantizedConv2d`, `quantize`, `pool`, `symmetricPad`, `normalize`, `activate` or `add`. */
  readonly op: GraphNode['op'];
  /** Of a convolution. */
  readonly kind?: ConvKind | undefined;
  /** The shape of its output, of one image. */
  readonly shape: Shape;
  /** The dtype of its output. */
  readonly dtype: GraphNode['output']['dtype'];
  /** Median seconds of a run, of all images. */
  readonly seconds: number;
  /** Pairs of an input and a weight, of all images, in Winograd's domain where that is the kind; 0 of a node that is no convolution. */
  readonly pairs: number;
  /** Pairs a second, in 1e9. */
  readonly rate: number;
}

/** What is known of a node before it runs; its pairs are those of one image. */
export type NodeInfo = Omit<NodeProfile, 'seconds' | 'rate'>;

/** What a network took. */
export interface Profile {
  /** In the order in which they run. */
  readonly nodes: readonly NodeProfile[];
  /** Sum of the seconds of all nodes. */
  readonly nodeSeconds: number;
  /** Median seconds of a run that is not profiled, measured in the same rounds. */
  readonly seconds: number;
  /** What the profiled runs computed, bit-identical to what `run` gives. */
  readonly output: Tensor;
}

/** @param names of the tensors that nodes share with a state dict */
export function describeNodes(graph: Graph, names: ReadonlyMap<string, Tensor<TensorData>>): NodeInfo[] {
  const nodeNames = namesOfNodes(graph, names);
  return graph.nodes.map((node, i) => ({
    name: nodeNames[i]!,
    op: node.op,
    ...('kind' in node && { kind: node.kind }),
    shape: node.output.shape,
    dtype: node.output.dtype,
    pairs: pairsOf(node),
  }));
}

/** Of one image. A tile of Winograd's domain meets every filter once, and is 2x2 outputs, the last ones of a row and of a column maybe fewer. */
function pairsOf(node: GraphNode): number {
  if (!('filters' in node)) return 0;
  const { kind, filters, output } = node;
  const [h, w] = output.shape as [number, number, number];
  return kind === 'adder-winograd'
    ? Math.ceil(h / 2) * Math.ceil(w / 2) * filters.size
    : (elementCount(output.shape) * filters.size) / filters.shape[0]!;
}

/** @throws {AdderNetError} ERR_ARGUMENT */
export function checkRounds(rounds: number): void {
  if (!Number.isInteger(rounds) || rounds < 1 || rounds > 1000)
    throw new AdderNetError('ERR_ARGUMENT', `profile: rounds is ${shown(rounds)}, expected an integer from 1 to 1000`);
}

/** @param times [rounds][1 + nodes]: in each round the seconds of an ordinary run, then those of every node of a second one */
export function profileOf(infos: readonly NodeInfo[], times: Float64Array, output: Tensor): Profile {
  const n = output.shape[0]!;
  const medianAt = (column: number) => median(times.filter((_, i) => i % (1 + infos.length) === column));
  const nodes = infos.map((info, i): NodeProfile => {
    const seconds = medianAt(1 + i);
    const pairs = n * info.pairs;
    return { ...info, seconds, pairs, rate: pairs / seconds / 1e9 };
  });
  return { nodes, nodeSeconds: nodes.reduce((sum, { seconds }) => sum + seconds, 0), seconds: medianAt(0), output };
}

const median = (values: Float64Array): number => values.sort()[values.length >> 1]!;
