// Checks that what a file describes is a graph: nodes are complete, operands exist, arrays have the right dtypes and shapes and finite
// numbers, and one image takes memory and work within limits. Time and memory of the checks grow with the file alone.
import { convKinds } from '../conv-kind';
import { AdderNetError } from '../errors';
import { elementCount, type Shape } from '../shape';
import { type DType, notFinite, Tensor, type TensorData } from '../tensor';
import { outputShape } from './geometry';
import { type Graph, type GraphNode, operandsOf, type Value } from './graph';
import { maxElements, WorkBudget } from './limits';

/**
 * Checks a graph of one input and one output, both of floats; fields may hold anything.
 * @throws {AdderNetError} ERR_ARGUMENT, which names the node and its field, or ERR_SHAPE
 */
export function checkGraph({ nodes, inputs, outputs }: Graph): void {
  const ends = [inputs, outputs].every((values) => Array.isArray(values) && values.length === 1 && values.every(isFloats));
  if (!ends || !Array.isArray(nodes)) throw new AdderNetError('ERR_ARGUMENT', 'the network has no nodes, one input and one output');
  const known = new Map(inputs.map((value) => [value.id, value]));
  const budget = new WorkBudget();
  for (const [i, node] of nodes.entries()) {
    const field = damagedField(node, known);
    if (field !== undefined) throw new AdderNetError('ERR_ARGUMENT', `node ${i} of the network is damaged: its ${field}`);
    budget.spend(node, i);
    known.set(node.output.id, node.output);
  }
  if (!isKnown(outputs[0]!, known)) throw new AdderNetError('ERR_ARGUMENT', 'no node of the network computes its output');
}

type Is = (value: unknown) => boolean;
const optional = (is: Is) => (value: unknown) => value === undefined || is(value);
const oneOf = (words: readonly string[]) => (value: unknown) => words.includes(value as string);
const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;
const isInteger = (value: unknown, min: number, max: number) => Number.isInteger(value) && Number(value) >= min && Number(value) <= max;
/** Finite as a float32, too. */
const isFloat: Is = (value) => typeof value === 'number' && Number.isFinite(Math.fround(value));
const isByte: Is = (value) => isInteger(value, 0, 255);
const isQmax: Is = (value) => isInteger(value, 1, 255);
const isSize: Is = (value) => isInteger(value, 1, 2 ** 31 - 1);
const isOffset: Is = (value) => isInteger(value, 0, 2 ** 31 - 1);
const listOf = (length: number, is: Is) => (value: unknown) => Array.isArray(value) && value.length === length && value.every(is);

/** Images have three axes; a shape is looked at wherever its value is read. */
const maxRank = 8;
const isValue = (value: unknown): value is Value =>
  isObject(value) &&
  Number.isSafeInteger(value.id) &&
  Array.isArray(value.shape) &&
  value.shape.length >= 1 &&
  value.shape.length <= maxRank &&
  value.shape.every(isSize) &&
  elementCount(value.shape) <= maxElements &&
  (value.dtype === 'f32' || value.dtype === 'u8');
const isFloats: Is = (value) => isValue(value) && value.dtype === 'f32';
const isBytes: Is = (value) => isValue(value) && value.dtype === 'u8';
const isTensor =
  (rank: number, ...dtypes: DType[]) =>
  (value: unknown) =>
    value instanceof Tensor &&
    value.shape.length === rank &&
    dtypes.includes((value as Tensor<TensorData>).dtype) &&
    notFinite((value as Tensor<TensorData>).data) === undefined;
const isVector = isTensor(1, 'f32');
const isActivation: Is = (value) =>
  isObject(value) && typeof value.min === 'number' && typeof value.max === 'number' && value.min <= value.max;
const window = { stride: listOf(2, isSize), padding: listOf(4, isOffset) };
const hasFields = (fields: Record<string, Is>) => (value: unknown) =>
  isObject(value) && Object.entries(fields).every(([name, is]) => is(value[name]));
const isConv2dAttributes = hasFields({ ...window, dilation: listOf(2, isSize), groups: isSize });

const affine = { scale: isVector, shift: isVector };
const fieldsOf: Record<GraphNode['op'], Record<string, Is>> = {
  conv2d: {
    ...{ kind: oneOf(convKinds), x: isFloats, output: isFloats, filters: isTensor(4, 'f32'), bias: optional(isVector) },
    ...{ scale: optional(isVector), shift: optional(isVector), residual: optional(isFloats), activation: optional(isActivation) },
    attributes: isConv2dAttributes,
  },
  normalize: {
    ...{ x: isFloats, output: isFloats, mean: isVector, ...affine, residual: optional(isFloats), activation: optional(isActivation) },
  },
  pool: {
    ...{ mode: oneOf(['max', 'average']), x: isFloats, output: isFloats },
    attributes: hasFields({ ...window, kernel: listOf(2, isSize) }),
  },
  activate: { x: isFloats, output: isFloats, activation: isActivation },
  add: { a: isFloats, b: isFloats, output: isFloats },
  quantize: {
    x: isFloats,
    output: isBytes,
    scale: (value) => isFloat(value) && Math.fround(Number(value)) > 0,
    zeroPoint: isByte,
    qmax: isQmax,
  },
  quantizedConv2d: {
    ...{ kind: oneOf(['adder', 'conv']), x: isBytes, output: isValue, filters: isTensor(4, 'u8', 'i8'), padValue: isByte, ...affine },
    ...{
      residual: optional(isValue),
      residualScale: optional(isFloat),
      qmax: optional(isQmax),
      activation: optional(isActivation),
    },
    attributes: isConv2dAttributes,
  },
};

/** The name of a field that does not fit. */
function damagedField(node: GraphNode, known: ReadonlyMap<number, Value>): string | undefined {
  if (typeof node.op !== 'string' || !Object.hasOwn(fieldsOf, node.op)) return 'op';
  const fields: Record<string, unknown> = { ...node };
  const damaged = Object.entries(fieldsOf[node.op]).find(([name, is]) => !is(fields[name]));
  if (damaged) return damaged[0];
  if (!operandsOf(node).every((value) => isKnown(value, known))) return 'operands';
  const shape = shapeOrReason(node);
  if (typeof shape === 'string') return shape;
  if (known.has(node.output.id) || elementCount(shape) !== elementCount(node.output.shape)) return 'output';
  if (node.op === 'conv2d' || node.op === 'quantizedConv2d' || node.op === 'normalize') {
    const channels = node.op === 'normalize' ? node.x.shape.at(-1) : node.filters.shape[0];
    const uneven = ['bias', 'mean', 'scale', 'shift'].find((name) => ((fields[name] as Tensor | undefined)?.size ?? channels) !== channels);
    if (uneven !== undefined) return uneven;
    if ((node.scale === undefined) !== (node.shift === undefined)) return 'scale';
    const { residual, output } = node;
    if (residual && elementCount(residual.shape) !== elementCount(output.shape)) return 'residual';
  }
  if (node.op === 'quantize' && node.zeroPoint > node.qmax) return 'zeroPoint';
  if (node.op === 'quantizedConv2d') {
    if (node.filters.dtype !== (node.kind === 'adder' ? 'u8' : 'i8')) return 'filters';
    if ((node.qmax === undefined) !== (node.output.dtype === 'f32')) return 'qmax';
    if (node.qmax !== undefined && node.activation) return 'activation';
  }
  return undefined;
}

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
