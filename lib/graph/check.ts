// Checks that what a file describes is a graph: nodes are complete, operands exist, arrays have the right dtypes and shapes and finite
// numbers, and one image takes memory and work within limits. Time and memory of the checks grow with the file alone.
import { convKinds, windowShape } from '../conv-kind';
import { AdderNetError } from '../errors';
import type { QuantizedDType } from '../ops';
import { maxFilterElements } from '../ops/conv2d-integer';
import { integersOf } from '../ops/quantize';
import { damageOfWinograd, maxWinogradChannels, winogradIntegers } from '../ops/winograd-adder-conv2d-integer';
import { allOf, integer, listOf, misfit, objectOf, objectWith, oneOf, optional, type Rule, rule, text } from '../schema';
import { elementCount, type Shape, shapeText } from '../shape';
import { type DType, notFinite, Tensor, type TensorData } from '../tensor';
import { outputShape } from './geometry';
import {
  type Conv2d,
  type Graph,
  type GraphNode,
  type Normalize,
  operandsOf,
  type Quantize,
  type QuantizedConv2d,
  type Value,
} from './graph';
import { maxElements, WorkBudget } from './limits';

/**
 * Checks a graph of one input and one output, both of floats; fields may hold anything.
 * @throws {AdderNetError} ERR_ARGUMENT, which names the node and its field, or ERR_SHAPE
 */
export function checkGraph(graph: Graph): void {
  const wrong = misfit(graph, graphRule);
  if (wrong !== undefined) throw new AdderNetError('ERR_ARGUMENT', `the network is damaged: its ${wrong}`);
  const { nodes, inputs, outputs } = graph;
  const known = new Map(inputs.map((value) => [value.id, value]));
  const narrow = new NarrowValues();
  const budget = new WorkBudget();
  for (const [i, node] of nodes.entries()) {
    const damage = damageOf(node, known) ?? narrow.damageOf(node);
    if (damage !== undefined) throw new AdderNetError('ERR_ARGUMENT', `node ${i} of the network is damaged: its ${damage}`);
    budget.spend(node, i);
    known.set(node.output.id, node.output);
  }
  if (!isKnown(outputs[0]!, known)) throw new AdderNetError('ERR_ARGUMENT', 'no node of the network computes its output');
}

/** Values of int16 whose numbers Winograd's transforms take: those that end within 13 bits and sign, and maxima of them. */
class NarrowValues {
  readonly #ids = new Set<number>();

  /** Which field of the next node does not fit. */
  damageOf(node: GraphNode): string | undefined {
    const { id, dtype } = node.output;
    if (dtype === 'i16' && this.#isNarrow(node)) this.#ids.add(id);
    if (node.op !== 'quantizedConv2d' || node.kind !== 'adder-winograd' || node.x.dtype !== 'i16' || this.#ids.has(node.x.id))
      return undefined;
    const { min, max } = winogradIntegers;
    return `x may be less than ${min} or more than ${max}, expected 13 bits and sign at most of kind adder-winograd`;
  }

  #isNarrow(node: GraphNode): boolean {
    if (node.op === 'pool') return this.#ids.has(node.x.id);
    if (node.op !== 'quantize' && node.op !== 'quantizedConv2d') return false;
    const { qmin = 0, qmax = Number.POSITIVE_INFINITY } = node;
    return qmin >= winogradIntegers.min && qmax <= winogradIntegers.max;
  }
}

const size = integer(1, 2 ** 31 - 1);
const offset = integer(0, 2 ** 31 - 1);
const quantizedNumber = integer(-32768, 32767);
const flag = rule<boolean>('true or false', (value) => typeof value === 'boolean');
const isFloat = (value: unknown): value is number => typeof value === 'number' && Number.isFinite(Math.fround(value));
const float = rule<number>('a finite float32', isFloat);
const positiveFloat = rule<number>('a positive float32', (value) => isFloat(value) && Math.fround(value) > 0);

/** Images have three axes; a shape is looked at wherever its value is read. */
const maxRank = 8;
const shape = allOf<Shape>(
  rule(`a shape of 1 to ${maxRank} axes`, (value) => Array.isArray(value) && value.length >= 1 && value.length <= maxRank),
  listOf(size),
  rule(`a shape of at most ${maxElements} elements`, (value) => elementCount(value as Shape) <= maxElements),
);
const valueRule = <D extends Value['dtype']>(...dtypes: D[]) => objectWith({ id: integer(), shape, dtype: oneOf(dtypes) });
const [floats, quantized, any] = [valueRule('f32'), valueRule('u8', 'i16'), valueRule('f32', 'u8', 'i16')];

const finite: Rule<Tensor<TensorData>> = (tensor) => {
  const value = notFinite((tensor as Tensor<TensorData>).data);
  return value === undefined ? undefined : { path: '', value, expected: 'finite numbers' };
};
const tensor = (rank: number, ...dtypes: DType[]) =>
  allOf(
    rule<Tensor<TensorData>>(
      `a tensor of rank ${rank} of ${dtypes.join(' or ')}`,
      (value) => value instanceof Tensor && value.shape.length === rank && dtypes.includes((value as Tensor<TensorData>).dtype),
    ),
    finite,
  );
const vector = tensor(1, 'f32');

/** Infinite where there is no limit. */
const limit = rule<number>('a number', (value) => typeof value === 'number');
const activation = allOf(
  objectWith({ min: limit, max: limit }),
  rule('{ min, max } with min <= max', (value) => {
    const { min, max } = value as { min: number; max: number };
    return min <= max;
  }),
);
const window = { stride: listOf(size, 'two strides', 2), padding: listOf(offset, 'padding of four sides', 4) };
const conv2dAttributes = objectWith({ ...window, dilation: listOf(size, 'two dilations', 2), groups: size });
const poolAttributes = objectWith({ ...window, kernel: listOf(size, 'height and width', 2) });
const affine = { scale: vector, shift: vector };

const graphRule = objectWith({
  nodes: rule<Graph['nodes']>('a list of nodes', Array.isArray),
  inputs: listOf(floats, 'one input', 1),
  outputs: listOf(floats, 'one output', 1),
});
const op = text(20);
const nodeOf = (fields: Readonly<Record<string, Rule<unknown>>>): Rule<unknown> => objectOf({ op, ...fields });
const nodeRules: Readonly<Record<GraphNode['op'], Rule<unknown>>> = {
  conv2d: nodeOf({
    ...{
      kind: oneOf(convKinds),
      isCentered: optional(flag),
      isSymmetric: optional(flag),
      x: floats,
      output: floats,
      filters: tensor(4, 'f32'),
      bias: optional(vector),
    },
    ...{ scale: optional(vector), shift: optional(vector), residual: optional(floats), activation: optional(activation) },
    attributes: conv2dAttributes,
  }),
  normalize: nodeOf({
    ...{ x: floats, output: floats, mean: vector, ...affine, residual: optional(floats), activation: optional(activation) },
  }),
  pool: nodeOf({ mode: oneOf(['max', 'average']), x: any, output: any, attributes: poolAttributes }),
  symmetricPad: nodeOf({ x: floats, output: floats }),
  activate: nodeOf({ x: floats, output: floats, activation }),
  add: nodeOf({ a: floats, b: floats, output: floats }),
  quantize: nodeOf({
    ...{ x: floats, output: quantized, scale: positiveFloat, zeroPoint: quantizedNumber },
    ...{ qmin: optional(quantizedNumber), qmax: quantizedNumber },
  }),
  quantizedConv2d: nodeOf({
    ...{
      kind: oneOf(['adder', 'adder-winograd', 'conv']),
      isCentered: optional(flag),
      isSymmetric: optional(flag),
      x: quantized,
      output: any,
      filters: tensor(4, 'u8', 'i16', 'i8'),
    },
    ...{ padValue: quantizedNumber, offsets: optional(tensor(1, 'i16')), shifts: optional(tensor(1, 'u8')) },
    constants: optional(tensor(2, 'i32')),
    ...{ ...affine, residual: optional(any), residualScale: optional(float), qmin: optional(quantizedNumber) },
    ...{ qmax: optional(quantizedNumber), activation: optional(activation), attributes: conv2dAttributes },
  }),
};
const opRule = objectWith({ op: oneOf(Object.keys(nodeRules)) });

/** Which field of a node does not fit, and why. */
function damageOf(node: GraphNode, known: ReadonlyMap<number, Value>): string | undefined {
  const wrong = misfit(node, opRule) ?? misfit(node, nodeRules[node.op]);
  if (wrong !== undefined) return wrong;
  if (!operandsOf(node).every((value) => isKnown(value, known))) return 'operands are not what earlier nodes compute';
  const shape = shapeOrReason(node);
  if (typeof shape === 'string') return shape;
  const { output } = node;
  if (known.has(output.id)) return `output has the id ${output.id} of an earlier value`;
  if (elementCount(shape) !== elementCount(output.shape))
    return `output has shape ${shapeText(output.shape)}, expected that of ${shapeText(shape)}`;
  if (node.op === 'pool' && (node.x.dtype !== output.dtype || (node.mode === 'average' && output.dtype !== 'f32')))
    return `output is ${output.dtype} of ${node.x.dtype}, expected ${node.mode === 'average' ? 'f32' : 'the same'}`;
  if (node.op === 'quantize') return damageOfRange(node, node.output.dtype as QuantizedDType) ?? damageOfZeroPoint(node);
  if (node.op === 'conv2d' || node.op === 'quantizedConv2d' || node.op === 'normalize') return damageOfChannels(node);
  return undefined;
}

function damageOfChannels(node: Conv2d | QuantizedConv2d | Normalize): string | undefined {
  const channels = node.op === 'normalize' ? node.x.shape.at(-1)! : windowShape(node.kind, node.filters.shape)[0]!;
  const vectors: { readonly [name: string]: unknown } = { ...node };
  for (const name of ['bias', 'mean', 'scale', 'shift']) {
    const { size = channels } = (vectors[name] ?? {}) as Partial<Tensor>;
    if (size !== channels) return `${name} has ${size} numbers, expected one for each of ${channels} channels`;
  }
  if (node.op !== 'normalize' && node.isCentered && node.kind !== 'adder') return `isCentered is true, but its kind is ${node.kind}`;
  if ((node.scale === undefined) !== (node.shift === undefined)) return 'scale and shift are not both there';
  const { residual, output } = node;
  if (residual && elementCount(residual.shape) !== elementCount(output.shape))
    return `residual has shape ${shapeText(residual.shape)}, expected that of its output, ${shapeText(output.shape)}`;
  return node.op === 'quantizedConv2d' ? damageOfQuantized(node) : undefined;
}

function damageOfQuantized(node: QuantizedConv2d): string | undefined {
  const { kind, x, filters, padValue, residual, output, qmin, qmax, activation } = node;
  const dtype = x.dtype as QuantizedDType;
  if (kind === 'conv' && dtype !== 'u8') return `kind is conv, but x is ${dtype}, expected u8`;
  const own = kind === 'conv' ? 'i8' : dtype;
  if (filters.dtype !== own) return `filters are ${filters.dtype}, expected ${own} of kind ${kind}, which reads ${dtype}`;
  for (const [name, value] of Object.entries({ residual, output }))
    if (value && value.dtype !== 'f32' && value.dtype !== dtype) return `${name} is ${value.dtype}, expected f32 or ${dtype} as x`;
  const winograd = damageOfTransforms(node, dtype);
  if (winograd !== undefined) return winograd;
  const elements = elementCount(windowShape(kind, filters.shape).slice(1));
  const limit =
    kind === 'adder-winograd' ? 9 * maxWinogradChannels(dtype, node.shifts?.data) : maxFilterElements[kind === 'conv' ? 'conv' : dtype];
  if (elements > limit) return `filters have ${elements} elements each, expected at most ${limit}, whose sum an int32 holds`;
  const { min, max } = integersOf[dtype];
  if (padValue < min || padValue > max) return `padValue is ${padValue}, expected an integer from ${min} to ${max}`;
  if ((qmax === undefined) !== (output.dtype === 'f32'))
    return `qmax is ${qmax ?? 'missing'}, but its output is ${output.dtype}: an output of ${dtype} has one`;
  if (qmax === undefined) return qmin === undefined ? undefined : `qmin is ${qmin}, but its output is f32`;
  return (
    damageOfRange({ qmin, qmax }, dtype) ?? (activation && `activation is there, but its output is ${dtype}, which qmin and qmax limit`)
  );
}

/** What kind adder-winograd has besides, and no other kind. */
function damageOfTransforms(node: QuantizedConv2d, dtype: QuantizedDType): string | undefined {
  const { kind, filters, padValue, offsets, shifts, constants } = node;
  const shapes = { offsets: [16], shifts: [16], constants: [4, filters.shape[2]!] };
  for (const [name, tensor] of Object.entries({ offsets, shifts, constants })) {
    const expected = shapeText(shapes[name as keyof typeof shapes]);
    if (tensor && kind !== 'adder-winograd') return `${name} are there, but its kind is ${kind}`;
    if (tensor && shapeText(tensor.shape) !== expected) return `${name} have shape ${shapeText(tensor.shape)}, expected ${expected}`;
  }
  return kind === 'adder-winograd' ? damageOfWinograd(dtype, padValue, node) : undefined;
}

function damageOfRange({ qmin = 0, qmax }: { qmin?: number | undefined; qmax: number }, dtype: QuantizedDType): string | undefined {
  const { min, max } = integersOf[dtype];
  if (qmin < min || qmin >= max) return `qmin is ${qmin}, expected an integer from ${min} to ${max - 1}`;
  return qmax <= qmin || qmax > max ? `qmax is ${qmax}, expected an integer from ${qmin + 1} to ${max}` : undefined;
}

const damageOfZeroPoint = ({ zeroPoint, qmin = 0, qmax }: Quantize): string | undefined =>
  zeroPoint < qmin || zeroPoint > qmax
    ? `zeroPoint is ${zeroPoint}, expected an integer from its qmin, ${qmin}, to its qmax, ${qmax}`
    : undefined;

/** The shape of what a node computes, or why its window, its filters and what it reads do not fit each other. */
function shapeOrReason(node: GraphNode): Shape | string {
  try {
    return outputShape(node);
  } catch (cause) {
    if (!(cause instanceof AdderNetError)) throw cause;
    return `attributes, ${cause.message}`;
  }
}

const isKnown = ({ id, shape, dtype }: Value, known: ReadonlyMap<number, Value>): boolean => {
  const written = known.get(id);
  return written !== undefined && written.dtype === dtype && elementCount(written.shape) === elementCount(shape);
};
