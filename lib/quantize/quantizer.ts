// From the fused nodes of a float network to quantized ones. Inputs of adder layers get a scale of their own; filters are clamped to the range
// of their input, which loses nothing, since for lo <= x <= hi
//
//   |x - w| = |x - clip(w, lo, hi)| + |w - clip(w, lo, hi)|
//
// and the second term is a constant of the output channel. With 8 bits, a first layer of ordinary convolution multiplies bytes by weights of 8.
// Batch norm, residual and the next layer's scale fold into one multiplication and one addition per channel.
import { AdderNetError } from '../errors';
import {
  type Conv2d,
  countReaders,
  type FloatNode,
  type Graph,
  type GraphNode,
  operandsOf,
  type QuantizedConv2d,
  type QuantizedRange,
  type Value,
} from '../graph';
import { clamp, roundHalfEven } from '../graph/rounding';
import { maxFilterElements } from '../ops/conv2d-integer';
import { arrayConstructors, Tensor } from '../tensor';
import { winogradFilters } from './winograd-filters';
import { chooseRounding } from './winograd-rounding';
import type { WinogradTiles } from './winograd-tiles';

/** How a value is stored in integers: as scale * (q - zeroPoint). */
export interface Quantization {
  readonly scale: number;
  readonly zeroPoint: number;
}

/**
 * The most elements of a filter, each of which adds up to `max` to a sum, whose sums floats hold exactly. Those of int16 go on to what int32
 * holds: their sums beyond 2^24 are rounded to within 2^-24 of themselves, as every sum of floats is.
 */
const exactElements = (max: number): number => Math.floor(2 ** 24 / max);

export const isWinograd = (node: FloatNode): node is Conv2d => node.op === 'conv2d' && node.kind === 'adder-winograd';
export const isAdder = (node: FloatNode): node is Conv2d => (node.op === 'conv2d' && node.kind === 'adder') || isWinograd(node);

/** The convolutions of a graph that will read quantized numbers of this range. */
export const integerConvolutions = (graph: Graph<FloatNode>, range: QuantizedRange): Conv2d[] =>
  graph.nodes.filter((node): node is Conv2d => isAdder(node) || isStem(node, graph.inputs[0]!, range));

/**
 * A first layer of ordinary convolution, which is faster in bytes, quantizing included: 3x3x3 filters at 32x32 take 7 us where floats take 17
 * (AVX-512 VNNI) or 11 and 12 (AVX2), 7x7x3 filters at 224x224 2.5 ms and 3.6 (AVX2). The pixels of an image are bytes: fewer levels than 256
 * would be too few for it, more are no bytes, and other inputs stay as precise as they are.
 */
const isStem = (node: FloatNode, input: Value, { qmax }: QuantizedRange): boolean =>
  node.op === 'conv2d' &&
  node.kind === 'conv' &&
  node.x.id === input.id &&
  input.shape.length === 3 &&
  node.attributes.groups === 1 &&
  qmax === 255;

const filterElements = ({ filters }: Conv2d): number => filters.size / filters.shape[0]!;

export class Quantizer {
  readonly #float: Graph<FloatNode>;
  readonly #quantizations: Map<number, Quantization>;
  readonly #range: QuantizedRange;
  readonly #tiles: ReadonlyMap<FloatNode, WinogradTiles>;
  /** Ids of quantized values, by their ids in the float graph; a value that floats need too is two values. */
  readonly #quantized = new Map<number, number>();
  readonly #nodes: GraphNode[] = [];
  readonly #readers: ReadonlyMap<number, number>;
  #nextId: number;

  /**
   * @param quantizations of what the integerConvolutions read, by the id of the value
   * @param tiles         of the Winograd layers, where their transforms are to be bytes
   */
  constructor(
    float: Graph<FloatNode>,
    quantizations: ReadonlyMap<number, Quantization>,
    range: QuantizedRange,
    tiles: ReadonlyMap<FloatNode, WinogradTiles>,
  ) {
    this.#float = float;
    this.#quantizations = new Map(quantizations);
    this.#range = range;
    this.#tiles = tiles;
    this.#readers = countReaders(float);
    this.#nextId = Math.max(...[...float.inputs, ...float.nodes.map(({ output }) => output)].map(({ id }) => id)) + 1;
  }

  graph(): Graph {
    const { nodes, inputs, outputs } = this.#float;
    const integer = new Set<FloatNode>(integerConvolutions(this.#float, this.#range));
    for (const pool of this.#quantizedPools(integer)) integer.add(pool);
    const readAsFloats = new Set(nodes.flatMap((node) => (integer.has(node) ? [] : operandsOf(node).map(({ id }) => id))));
    for (const input of inputs) if (this.#quantizations.has(input.id)) this.#quantize(input);
    for (const node of nodes) {
      const { output } = node;
      const own = this.#quantizations.get(output.id);
      const isPool = node.op === 'pool' && integer.has(node);
      const requantizes =
        isPool || (own && this.#isQuantizedRelu(own) && integer.has(node) && isRelu(node) && !readAsFloats.has(output.id));
      if (isPool) this.#nodes.push({ ...node, x: this.#asQuantized(node.x), output: { ...output, dtype: this.#range.dtype } });
      else this.#nodes.push(integer.has(node) ? this.#conv2d(node as Conv2d, requantizes ? own : undefined) : node);
      if (requantizes) this.#quantized.set(output.id, output.id);
      else if (own) this.#quantize(output);
    }
    return { nodes: this.#nodes, inputs, outputs };
  }

  /**
   * Maxima of what integer convolutions end in, read by such alone: the maximum and rounding commute, so that integers can be pooled, which
   * take less memory than floats. What is pooled takes the quantization of the maxima.
   */
  #quantizedPools(integer: ReadonlySet<FloatNode>): FloatNode[] {
    const { nodes } = this.#float;
    return nodes.filter((node) => {
      const own = this.#quantizations.get(node.output.id);
      if (node.op !== 'pool' || node.mode !== 'max' || !own || !this.#isQuantizedRelu(own) || this.#readers.get(node.x.id) !== 1)
        return false;
      const maker = nodes.find(({ output }) => output.id === node.x.id);
      const isInteger = maker !== undefined && integer.has(maker) && isRelu(maker);
      const readers = nodes.filter((reader) => operandsOf(reader).some(({ id }) => id === node.output.id));
      if (!isInteger || !readers.every((reader) => integer.has(reader))) return false;
      this.#quantizations.set(node.x.id, own);
      return true;
    });
  }

  #asQuantized = (value: Value): Value => ({ ...value, id: this.#quantized.get(value.id)!, dtype: this.#range.dtype });

  /** Integers are clamped at qmin, which is a ReLU where that is the zero point. */
  #isQuantizedRelu = ({ zeroPoint }: Quantization): boolean => zeroPoint === this.#range.qmin;

  #quantize(x: Value): void {
    const output: Value = { id: this.#nextId++, shape: x.shape, dtype: this.#range.dtype };
    this.#quantized.set(x.id, output.id);
    this.#nodes.push({ op: 'quantize', x, output, ...this.#quantizations.get(x.id)!, ...this.#limits() });
  }

  /** Files of 8 bits and fewer have no qmin. */
  #limits(): { qmin?: number; qmax: number } {
    const { dtype, qmin, qmax } = this.#range;
    return dtype === 'u8' ? { qmax } : { qmin, qmax };
  }

  /** @param to the quantization of the output, if it is quantized */
  #conv2d(layer: Conv2d, to: Quantization | undefined): QuantizedConv2d {
    const input = this.#quantizations.get(layer.x.id)!;
    const { kind, sumScale, constant, ...tensors } = this.#filters(layer, input);
    const co = sumScale.length;
    const { scale: outScale, zeroPoint: outZero } = to ?? { scale: 1, zeroPoint: 0 };
    const [scale, shift] = [Tensor.zeros([co]), Tensor.zeros([co])];
    const residual = layer.residual && this.#residual(layer.residual, outScale, co);
    for (let c = 0; c < co; c++) {
      const a = layer.scale?.data[c] ?? 1;
      scale.data[c] = (a * sumScale[c]!) / outScale;
      const offset = a * ((layer.bias?.data[c] ?? 0) + constant[c]!) + (layer.shift?.data[c] ?? 0) - (residual?.offset ?? 0);
      shift.data[c] = offset / outScale + outZero;
    }
    return {
      op: 'quantizedConv2d',
      kind,
      x: this.#asQuantized(layer.x),
      output: { ...layer.output, dtype: to ? this.#range.dtype : 'f32' },
      ...(layer.isSymmetric && { isSymmetric: true }),
      ...tensors,
      padValue: input.zeroPoint,
      scale,
      shift,
      ...(residual && { residual: residual.value, residualScale: residual.scale }),
      ...(to ? this.#limits() : layer.activation && { activation: layer.activation }),
      attributes: layer.attributes,
    };
  }

  #filters(layer: Conv2d, input: Quantization): IntegerFilters {
    const { isCentered } = layer;
    if (isWinograd(layer)) {
      const co = layer.filters.shape[2]!;
      const v = this.#tiles.get(layer)?.transformed((x) => quantizedNumber(x, input, this.#range));
      const tensors = winogradFilters(layer, input, this.#range, v && chooseRounding(v, this.#range));
      return { kind: 'adder-winograd', ...tensors, sumScale: new Float64Array(co).fill(input.scale), constant: new Float64Array(co) };
    }
    if (!isAdder(layer)) return int8Filters(layer, input);
    const filters = clampedFilters(layer, input, this.#range);
    return isCentered ? { ...filters, isCentered: true, constant: centered(filters.constant) } : filters;
  }

  /** The residual as it is stored: quantized where it is, else floats over the output's scale. `offset` is what a zero point adds. */
  #residual(value: Value, outScale: number, channels: number): { value: Value; scale: number; offset: number } {
    const id = this.#quantized.get(value.id);
    if (id !== undefined) {
      const { scale, zeroPoint } = this.#quantizations.get(value.id)!;
      return { value: { ...value, id, dtype: this.#range.dtype }, scale: Math.fround(scale / outScale), offset: scale * zeroPoint };
    }
    const i = this.#nodes.findIndex(({ output }) => output.id === value.id);
    const maker = this.#nodes[i];
    if (maker?.op === 'quantizedConv2d' && !maker.residual && this.#readers.get(value.id) === 1) {
      this.#nodes[i] = over(maker, outScale);
      return { value, scale: 1, offset: 0 };
    }
    const output: Value = { ...value, id: this.#nextId++ };
    const [zeros, scale] = [Tensor.zeros([channels]), new Tensor(new Float32Array(channels).fill(1 / outScale), [channels])];
    this.#nodes.push({ op: 'normalize', x: value, output, mean: zeros, scale, shift: zeros });
    return { value: output, scale: 1, offset: 0 };
  }
}

const quantizedNumber = (x: number, { scale, zeroPoint }: Quantization, { qmin, qmax }: QuantizedRange): number =>
  clamp(roundHalfEven(Math.fround(Math.fround(x / scale) + zeroPoint)), qmin, qmax);

const isRelu = (node: FloatNode): boolean =>
  'activation' in node && node.activation?.min === 0 && node.activation.max === Number.POSITIVE_INFINITY;

/** Filters as integers; a layer's sum is sumScale[c] * (sum of integers) + constant[c]. */
interface IntegerFilters extends Pick<QuantizedConv2d, 'kind' | 'isCentered' | 'filters' | 'offsets' | 'shifts' | 'constants'> {
  readonly sumScale: Float64Array;
  readonly constant: Float64Array;
}

/** The filters of an adder layer, in the scale of its input. */
function clampedFilters(layer: Conv2d, { scale, zeroPoint }: Quantization, { dtype, qmin, qmax }: QuantizedRange): IntegerFilters {
  const k = checkedLength(layer, dtype === 'u8' ? exactElements(qmax) : maxFilterElements.i16);
  const { data, shape } = layer.filters;
  const co = shape[0]!;
  const [low, high] = [(qmin - zeroPoint) * scale, (qmax - zeroPoint) * scale];
  const constant = new Float64Array(co);
  const filters = new arrayConstructors[dtype](data.length);
  data.forEach((filter, i) => {
    const w = clamp(filter, low, high);
    constant[Math.floor(i / k)]! -= Math.abs(filter - w);
    filters[i] = clamp(roundHalfEven(w / scale) + zeroPoint, qmin, qmax);
  });
  return { kind: 'adder', filters: new Tensor(filters, shape), sumScale: new Float64Array(co).fill(scale), constant };
}

function centered(numbers: Float64Array): Float64Array {
  const mean = numbers.reduce((sum, number) => sum + number, 0) / numbers.length;
  return numbers.map((number) => number - mean);
}

/** The filters of an ordinary layer, from -127 to 127, with a scale for each output channel. sum (q - zeroPoint) w = sum q w - zeroPoint sum w */
function int8Filters(layer: Conv2d, { scale, zeroPoint }: Quantization): IntegerFilters {
  const k = checkedLength(layer, exactElements(255 * 127));
  const { data, shape } = layer.filters;
  const co = shape[0]!;
  const [filters, sumScale, constant] = [new Int8Array(data.length), new Float64Array(co), new Float64Array(co)];
  for (let c = 0; c < co; c++) {
    const filter = data.subarray(c * k, (c + 1) * k);
    const filterScale = filter.reduce((max, w) => Math.max(max, Math.abs(w)), 0) / 127 || 1;
    const rounded = Int8Array.from(filter, (w) => roundHalfEven(w / filterScale));
    filters.set(rounded, c * k);
    sumScale[c] = scale * filterScale;
    constant[c] = -sumScale[c]! * zeroPoint * rounded.reduce((sum, w) => sum + w, 0);
  }
  return { kind: 'conv', filters: new Tensor(filters, shape), sumScale, constant };
}

/** The number of elements of a filter. */
function checkedLength(layer: Conv2d, limit: number): number {
  const k = filterElements(layer);
  if (k > limit) throw new AdderNetError('ERR_ARGUMENT', `quantize: a filter has ${k} elements, expected at most ${limit}`);
  return k;
}

/** A convolution into floats that are divided by the scale of another value. */
const over = ({ activation, ...node }: QuantizedConv2d, divisor: number): QuantizedConv2d => ({
  ...node,
  ...(activation && { activation: { min: activation.min / divisor, max: activation.max / divisor } }),
  scale: new Tensor(
    node.scale.data.map((factor) => factor / divisor),
    node.scale.shape,
  ),
  shift: new Tensor(
    node.shift.data.map((offset) => offset / divisor),
    node.shift.shape,
  ),
});
