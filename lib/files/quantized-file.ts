// Quantized networks as safetensors: the tensors of the nodes as `<node>.<name>`, everything else of the graph as JSON in the metadata.
import { AdderNetError } from '../errors';
import { type Graph, type GraphNode, maxBits, minBits, quantizedRange, type Value } from '../graph';
import { checkGraph } from '../graph/check';
import { checkGraphFinite } from '../graph/finite';
import { parseJson } from '../io/json';
import { formatSafetensors } from '../io/safetensors';
import type { TensorFile } from '../io/tensor-file';
import { checkVersion, formatVersion } from '../io/version';
import type { ModelMetadata } from '../models';
import { checkMetadata } from '../models/metadata';
import { defaultTask, tasks } from '../models/task';
import { QuantizedModel } from '../quantize';
import { quoted } from '../quoted';
import { check, integer, isRecord, listOf, objectWith, rule } from '../schema';
import { elementCount, shapeText } from '../shape';
import { Tensor, type TensorData } from '../tensor';
import { knownMetadata } from './float-file';
import { graphOfVersion1 } from './quantized-version1';

/** Where the description of a quantized network stands in the metadata of a file. */
export const quantizedKey = 'addernet.quantized';

type PlainNode = Readonly<Record<string, unknown>>;

interface Description {
  readonly version: number;
  readonly metadata: ModelMetadata;
  readonly bits: number;
  /** Without their tensors. */
  readonly nodes: readonly PlainNode[];
  readonly inputs: Graph['inputs'];
  readonly outputs: Graph['outputs'];
}

/** The first versions, of which the very first did not say so. */
interface DescriptionOfVersion1 extends Pick<Description, 'metadata' | 'bits'> {
  readonly version?: 1;
  /** Without their arrays. */
  readonly steps: readonly PlainNode[];
  readonly output: number;
}

const aNode = rule<PlainNode>('a node', isRecord);
const common = objectWith({ bits: integer(minBits, maxBits), metadata: rule<object>('an object', isRecord) });

/**
 * The bytes of a file. A network loaded from them is bit-identical.
 * @throws {AdderNetError} ERR_ARGUMENT if a number of the network is not finite, which a file is not loaded with
 */
export function formatQuantized({ graph, bits }: QuantizedModel, metadata: ModelMetadata): Uint8Array {
  checkGraphFinite('save', graph);
  const tensors = new Map<string, Tensor<TensorData>>();
  const nodes = graph.nodes.map((node, i) => {
    const plain: Record<string, unknown> = {};
    for (const [name, value] of Object.entries(node))
      if (value instanceof Tensor) tensors.set(`${i}.${name}`, value);
      else plain[name] = value;
    return plain;
  });
  const { inputs, outputs } = graph;
  const description: Description = { version: formatVersion, metadata, bits, nodes, inputs, outputs };
  return formatSafetensors(tensors, { [quantizedKey]: JSON.stringify(description) });
}

/** @throws {AdderNetError} ERR_CORRUPT if tensors and metadata do not describe a network, ERR_FORMAT if a newer version wrote them */
export function quantizedNetwork(file: TensorFile): QuantizedModel {
  const { name: path } = file;
  const what = `${path}: its metadata '${quantizedKey}'`;
  const description = parseJson(file.metadata[quantizedKey]!, what);
  check(what, description, rule<Partial<Description & DescriptionOfVersion1>>('an object', isRecord));
  const { version = 1 } = description;
  checkVersion(path, version);
  check(what, description, common);
  const list = version === 1 ? 'steps' : 'nodes';
  check(what, description, objectWith({ [list]: listOf(aNode, 'a list of nodes') }));
  const { bits } = description;
  // Without a prototype, a tensor may have any name.
  const nodes = description[list]!.map((node): Record<string, unknown> => Object.assign(Object.create(null), node));
  for (const [key, tensor] of file) {
    const [, index, name] = /^(\d+)\.(\w+)$/.exec(key) ?? [];
    const node = nodes[Number(index)];
    if (!node || name === undefined)
      throw new AdderNetError('ERR_CORRUPT', `${path}: the tensor ${quoted(key)} belongs to no node of the network`);
    node[name] = version === 1 ? tensor.data : tensor;
  }
  try {
    const metadata = knownMetadata(description.metadata);
    checkMetadata(metadata);
    const graph = version === 1 ? graphOfVersion1(nodes, description.output, bits, metadata.inputShape) : graphOf(nodes, description);
    checkGraph(graph);
    checkBits(graph, bits);
    return new QuantizedModel(metadata, bits, { ...graph, outputs: [checkedOutput(graph, metadata)] });
  } catch (cause) {
    if (!(cause instanceof AdderNetError)) throw cause;
    throw new AdderNetError('ERR_CORRUPT', `${what} describes no quantized network: ${cause.message}`, { cause });
  }
}

/** JSON has no infinite numbers: a limit that an activation lacks is null there. */
function graphOf(nodes: readonly Record<string, unknown>[], { inputs, outputs }: Partial<Description>): Graph {
  for (const node of nodes)
    if (isRecord(node.activation))
      node.activation = { min: node.activation.min ?? Number.NEGATIVE_INFINITY, max: node.activation.max ?? Number.POSITIVE_INFINITY };
  return { nodes: nodes as unknown as readonly GraphNode[], inputs: inputs!, outputs: outputs! };
}

/** A network of fewer bits than its dtype has integers of its bits alone. */
function checkBits({ nodes }: Graph, bits: number): void {
  const range = quantizedRange(bits);
  const isOutside = (q: number) => q < range.qmin || q > range.qmax;
  const integers = `an integer from ${range.qmin} to ${range.qmax}`;
  for (const [i, node] of nodes.entries()) {
    if (node.op !== 'quantize' && node.op !== 'quantizedConv2d') continue;
    const expect = (holds: boolean, found: string, expected: number | string) => {
      if (!holds)
        throw new AdderNetError('ERR_CORRUPT', `node ${i} of the network is damaged: its ${found}, expected ${expected} of ${bits} bits`);
    };
    const { output, qmin = 0, qmax } = node;
    const { dtype } = node.op === 'quantize' ? output : node.x;
    expect(dtype === range.dtype, `dtype is ${dtype}`, range.dtype);
    expect(qmax === undefined || qmin === range.qmin, `qmin is ${qmin}`, range.qmin);
    expect(qmax === undefined || qmax === range.qmax, `qmax is ${qmax}`, range.qmax);
    if (node.op === 'quantize') continue;
    expect(!isOutside(node.padValue), `padValue is ${node.padValue}`, integers);
    const filter = node.kind === 'adder' ? node.filters.data.find(isOutside) : undefined; // Winograd's are as large as what is transformed
    expect(filter === undefined, `filters hold ${filter}`, integers);
  }
}

/** The output in the shape that the task asks for. */
function checkedOutput({ inputs, outputs }: Graph, metadata: ModelMetadata): Value {
  const { inputShape, task = defaultTask } = metadata;
  const [input, output] = [inputs[0]!, outputs[0]!];
  if (shapeText(input.shape) !== shapeText(inputShape))
    throw new AdderNetError('ERR_CORRUPT', `it takes images of ${shapeText(input.shape)}, not of ${shapeText(inputShape)}`);
  const { shape, meaning } = tasks[task].outputs(metadata);
  if (elementCount(output.shape) !== elementCount(shape))
    throw new AdderNetError('ERR_CORRUPT', `it gives ${elementCount(output.shape)} numbers, expected ${shapeText(shape)}, ${meaning}`);
  return { ...output, shape };
}
