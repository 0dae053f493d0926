// From the fused nodes of a float network to those of bytes. Inputs of adder layers get a scale of their own; filters are clamped to the range
// of their input, which loses nothing, since for lo <= x <= hi
//
//   |x - w| = |x - clip(w, lo, hi)| + |w - clip(w, lo, hi)|
//
// and the second term is a constant of the output channel. A first layer of ordinary convolution multiplies bytes by weights of 8 bits.
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
  type Value,
} from '../graph';
import { clamp, roundHalfEven } from '../graph/rounding';
import { Tensor } from '../tensor';

/** How a value is stored in bytes: as scale * (q - zeroPoint). */
export interface Quantization {
  readonly scale: number;
  readonly zeroPoint: number;
}

/** The largest sum of integers that a float holds exactly. */
const maxSum = 2 ** 24;

export const isAdder = (node: FloatNode): node is Conv2d => node.op === 'conv2d' && node.kind === 'adder';

/** The convolutions of a graph that will read bytes, where integers go up to qmax. */
export const nodesOfBytes = (graph: Graph<FloatNode>, qmax: number): Conv2d[] =>
  graph.nodes.filter((node): node is Conv2d => isAdder(node) || isStem(node, graph.inputs[0]!, qmax));

/**
 * A first layer of ordinary convolution, which is faster in bytes, quantizing included: 3x3x3 filters at 32x32 take 7 us where floats take 17
 * (AVX-512 VNNI) or 11 and 12 (AVX2), 7x7x3 filters at 224x224 2.5 ms and 3.6 (AVX2). The pixels of an image are bytes: fewer levels than 256
 * would be too few for it, and other inputs stay as precise as they are.
 */
const isStem = (node: FloatNode, input: Value, qmax: number): boolean =>
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
  readonly #qmax: number;
  /** Ids of values as bytes, by their ids in the float graph; a value that floats need too is two values. */
  readonly #bytes = new Map<number, number>();
  readonly #nodes: GraphNode[] = [];
  readonly #readers: ReadonlyMap<number, number>;
  #nextId: number;

  /** @param quantizations of what the nodesOfBytes read, by the id of the value */
  constructor(float: Graph<FloatNode>, quantizations: ReadonlyMap<number, Quantization>, qmax: number) {
    this.#float = float;
    this.#quantizations = new Map(quantizations);
    this.#qmax = qmax;
    this.#readers = countReaders(float);
    this.#nextId = Math.max(...[...float.inputs, ...float.nodes.map(({ output }) => output)].map(({ id }) => id)) + 1;
  }

  graph(): Graph {
    const { nodes, inputs, outputs } = this.#float;
    const ofBytes = new Set<FloatNode>(nodesOfBytes(this.#float, this.#qmax));
    for (const pool of this.#poolsOfBytes(ofBytes)) ofBytes.add(pool);
    const readAsFloats = new Set(nodes.flatMap((node) => (ofBytes.has(node) ? [] : operandsOf(node).map(({ id }) => id))));
    for (const input of inputs) if (this.#quantizations.has(input.id)) this.#quantize(input);
    for (const node of nodes) {
      const { output } = node;
      const own = this.#quantizations.get(output.id);
      // Bytes are clamped at 0, which is a ReLU where the zero point is 0.
      const isPool = node.op === 'pool' && ofBytes.has(node);
      const toBytes = isPool || (own?.zeroPoint === 0 && ofBytes.has(node) && isRelu(node) && !readAsFloats.has(output.id));
      if (isPool) this.#nodes.push({ ...node, x: this.#asBytes(node.x), output: { ...output, dtype: 'u8' } });
      else this.#nodes.push(ofBytes.has(node) ? this.#conv2d(node as Conv2d, toBytes ? own : undefined) : node);
      if (toBytes) this.#bytes.set(output.id, output.id);
      else if (own) this.#quantize(output);
    }
    return { nodes: this.#nodes, inputs, outputs };
  }

  /**
   * Maxima of what convolutions of bytes end in, read as bytes alone: the maximum and rounding commute, so that bytes can be pooled, a
   * quarter of the memory of floats. What is pooled takes the quantization of the maxima.
   */
  #poolsOfBytes(ofBytes: ReadonlySet<FloatNode>): FloatNode[] {
    const { nodes } = this.#float;
    return nodes.filter((node) => {
      const own = this.#quantizations.get(node.output.id);
      if (node.op !== 'pool' || node.mode !== 'max' || own?.zeroPoint !== 0 || this.#readers.get(node.x.id) !== 1) return false;
      const maker = nodes.find(({ output }) => output.id === node.x.id);
      const isOfBytes = maker !== undefined && ofBytes.has(maker) && isRelu(maker);
      const readers = nodes.filter((reader) => operandsOf(reader).some(({ id }) => id === node.output.id));
      if (!isOfBytes || !readers.every((reader) => ofBytes.has(reader))) return false;
      this.#quantizations.set(node.x.id, own);
      return true;
    });
  }

  #asBytes = (value: Value): Value => ({ ...value, id: this.#bytes.get(value.id)!, dtype: 'u8' });

  #quantize(x: Value): void {
    const output: Value = { id: this.#nextId++, shape: x.shape, dtype: 'u8' };
    this.#bytes.set(x.id, output.id);
    this.#nodes.push({ op: 'quantize', x, output, ...this.#quantizations.get(x.id)!, qmax: this.#qmax });
  }

  /** @param to the quantization of the output, if it is of bytes */
  #conv2d(layer: Conv2d, to: Quantization | undefined): QuantizedConv2d {
    const input = this.#quantizations.get(layer.x.id)!;
    const { kind, filters, sumScale, constant } = isAdder(layer) ? clampedFilters(layer, input, this.#qmax) : int8Filters(layer, input);
    const co = sumScale.length;
    const outScale = to?.scale ?? 1;
    const [scale, shift] = [Tensor.zeros([co]), Tensor.zeros([co])];
    const residual = layer.residual && this.#residual(layer.residual, outScale, co);
    for (let c = 0; c < co; c++) {
      const a = layer.scale?.data[c] ?? 1;
      scale.data[c] = (a * sumScale[c]!) / outScale;
      shift.data[c] = (a * ((layer.bias?.data[c] ?? 0) + constant[c]!) + (layer.shift?.data[c] ?? 0) - (residual?.offset ?? 0)) / outScale;
    }
    return {
      op: 'quantizedConv2d',
      kind,
      x: this.#asBytes(layer.x),
      output: { ...layer.output, dtype: to ? 'u8' : 'f32' },
      filters,
      padValue: input.zeroPoint,
      scale,
      shift,
      ...(residual && { residual: residual.value, residualScale: residual.scale }),
      ...(to ? { qmax: this.#qmax } : layer.activation && { activation: layer.activation }),
      attributes: layer.attributes,
    };
  }

  /** The residual as it is stored: bytes where there are some, else floats over the output's scale. `offset` is what a zero point adds. */
  #residual(value: Value, outScale: number, channels: number): { value: Value; scale: number; offset: number } {
    const bytes = this.#bytes.get(value.id);
    if (bytes !== undefined) {
      const { scale, zeroPoint } = this.#quantizations.get(value.id)!;
      return { value: { ...value, id: bytes, dtype: 'u8' }, scale: Math.fround(scale / outScale), offset: scale * zeroPoint };
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

const isRelu = (node: FloatNode): boolean =>
  'activation' in node && node.activation?.min === 0 && node.activation.max === Number.POSITIVE_INFINITY;

/** Filters as integers; a layer's sum is sumScale[c] * (sum of integers) + constant[c]. */
interface IntegerFilters {
  readonly kind: 'adder' | 'conv';
  readonly filters: Tensor<Uint8Array> | Tensor<Int8Array>;
  readonly sumScale: Float64Array;
  readonly constant: Float64Array;
}

/** The filters of an adder layer, in the scale of its input. */
function clampedFilters(layer: Conv2d, { scale, zeroPoint }: Quantization, qmax: number): IntegerFilters {
  const k = checkedLength(layer, qmax);
  const { data, shape } = layer.filters;
  const co = shape[0]!;
  const [low, high] = [-zeroPoint * scale, (qmax - zeroPoint) * scale];
  const constant = new Float64Array(co);
  const filters = Uint8Array.from(data, (filter, i) => {
    const w = clamp(filter, low, high);
    constant[Math.floor(i / k)]! -= Math.abs(filter - w);
    return clamp(roundHalfEven(w / scale) + zeroPoint, 0, qmax);
  });
  return { kind: 'adder', filters: new Tensor(filters, shape), sumScale: new Float64Array(co).fill(scale), constant };
}

/** The filters of an ordinary layer, from -127 to 127, with a scale for each output channel. sum (q - zeroPoint) w = sum q w - zeroPoint sum w */
function int8Filters(layer: Conv2d, { scale, zeroPoint }: Quantization): IntegerFilters {
  const k = checkedLength(layer, 255 * 127);
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

/**
 * The number of elements of a filter.
 * @param max the largest number that an element adds to a sum
 */
function checkedLength(layer: Conv2d, max: number): number {
  const k = filterElements(layer);
  const limit = Math.floor(maxSum / max);
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
