// The same nodes in 8 bits, as onnxruntime's static quantization writes them (QOperator): QLinearConv of uint8 activations and int8 weights,
// one scale for each output channel, ReLU in the range of the output, QLinearAdd for residuals. Integers stand for scale * (q - zeroPoint).
import { cpuInfo } from '../../dist';
import type { Conv2d, FloatNode, Graph, Pool, Value } from '../../dist/graph';
import { conv2dAttributes, foldedFilters, nameOf } from './float-graph';
import { type OnnxGraph, windowAttributes } from './onnx';

/** The smallest and largest number of each value in the float network. */
export type Ranges = ReadonlyMap<string, readonly [number, number]>;

interface Quantization {
  readonly scale: number;
  readonly zeroPoint: number;
  /** Names of both as constants, as operators take them. */
  readonly names: readonly [string, string];
}

// Without VNNI the products of two neighbors are added in 16 bits, which 8-bit weights overflow: onnxruntime's manual says 7.
const maxWeight = cpuInfo().supported.some((isa) => /vnni|neon/.test(isa)) ? 127 : 63;

export class Int8Graph {
  readonly #graph: OnnxGraph;
  readonly #ranges: Ranges;
  readonly #quantizations = new Map<string, Quantization>();

  constructor(graph: OnnxGraph, ranges: Ranges) {
    this.#graph = graph;
    this.#ranges = ranges;
  }

  /** Adds the nodes from the float input on; the output, as floats again, is called y. */
  addNetwork({ nodes, inputs, outputs }: Graph<FloatNode>): void {
    const [input, output] = [inputs[0]!, outputs[0]!];
    this.#graph.node('QuantizeLinear', [nameOf(input), ...this.#quantization(nameOf(input)).names], bytesOf(input));
    for (const node of nodes) this.#add(node);
    this.#graph.node('DequantizeLinear', [bytesOf(output), ...this.#quantization(nameOf(output)).names], 'y');
  }

  /** One convolution from bytes to bytes in NHWC, the form that onnxruntime itself gives to those within a network. */
  addLayer(node: Conv2d): void {
    this.#conv2d(node, 'v0', 'v0', 'y', 'v1', true);
  }

  #add(node: FloatNode): void {
    const [y, q] = [nameOf(node.output), bytesOf(node.output)];
    if (node.op === 'conv2d' && !node.residual) this.#conv2d(node, bytesOf(node.x), nameOf(node.x), q, y);
    else if (node.op === 'conv2d') {
      this.#conv2d(node, bytesOf(node.x), nameOf(node.x), `${q}.conv`, `${y}.conv`);
      this.#sum([`${q}.conv`, `${y}.conv`], namesOf(node.residual!), q, y);
    } else if (node.op === 'add') this.#sum(namesOf(node.a), namesOf(node.b), q, y);
    else if (node.op === 'pool') this.#pool(node);
    else throw new Error(`the int8 network of onnxruntime has no node for ${node.op}`);
  }

  /** From the bytes `x`, which stand for the float value `from`, to the bytes `y`, which stand for `to`. */
  #conv2d(node: Conv2d, x: string, from: string, y: string, to: string, nhwc = false): void {
    const graph = this.#graph;
    const { weights, biases, dims } = foldedFilters(node);
    const [co, size] = [dims[0], weights.length / dims[0]];
    const scales = Float32Array.from({ length: co }, (_, o) => {
      const filter = weights.subarray(o * size, (o + 1) * size);
      return filter.reduce((max, w) => Math.max(max, Math.abs(w)), 1e-8) / maxWeight;
    });
    const input = this.#quantization(from);
    const inputs = [
      x,
      ...input.names,
      graph.constant(
        `${y}.w`,
        Int8Array.from(weights, (w, i) => Math.round(w / scales[Math.floor(i / size)]!)),
        dims,
      ),
      graph.constant(`${y}.w scale`, scales, [co]),
      graph.constant(`${y}.w zero`, new Int8Array(co), [co]),
      ...this.#quantization(to).names,
      graph.constant(
        `${y}.b`,
        Int32Array.from(biases, (b, o) => Math.round(b / (input.scale * scales[o]!))),
        [co],
      ),
    ];
    const attributes = conv2dAttributes(node);
    if (nhwc) graph.node('QLinearConv', inputs, y, { ...attributes, channels_last: 1 }, 'com.microsoft');
    else graph.node('QLinearConv', inputs, y, attributes);
  }

  #sum([qa, a]: [string, string], [qb, b]: [string, string], q: string, y: string): void {
    const inputs = [qa, ...this.#quantization(a).names, qb, ...this.#quantization(b).names, ...this.#quantization(y).names];
    this.#graph.node('QLinearAdd', inputs, q, {}, 'com.microsoft');
  }

  #pool({ mode, x, output, attributes }: Pool): void {
    const q = bytesOf(output);
    const window = windowAttributes(attributes, attributes.kernel);
    if (mode === 'max') {
      this.#graph.node('MaxPool', [bytesOf(x)], q, window);
      this.#quantizations.set(nameOf(output), this.#quantization(nameOf(x)));
      return;
    }
    const inputs = [bytesOf(x), ...this.#quantization(nameOf(x)).names, ...this.#quantization(nameOf(output)).names];
    const whole = attributes.kernel.every((size, axis) => size === x.shape[axis]);
    if (whole) this.#graph.node('QLinearGlobalAveragePool', inputs, q, { channels_last: 0 }, 'com.microsoft');
    else this.#graph.node('QLinearAveragePool', inputs, q, window, 'com.microsoft');
  }

  #quantization(value: string): Quantization {
    const known = this.#quantizations.get(value);
    if (known) return known;
    const [min, max] = this.#ranges.get(value)!;
    const scale = Math.max(max - min, 1e-8) / 255;
    const zeroPoint = Math.round(-min / scale);
    const names = [
      this.#graph.constant(`${value} scale`, Float32Array.of(scale)),
      this.#graph.constant(`${value} zero point`, Uint8Array.of(zeroPoint)),
    ] as const;
    const quantization = { scale, zeroPoint, names };
    this.#quantizations.set(value, quantization);
    return quantization;
  }
}

/** The name of a value as bytes. */
const bytesOf = ({ id }: Value): string => `q${id}`;
const namesOf = (value: Value): [string, string] => [bytesOf(value), nameOf(value)];

/** 0 is always among them: padding reads it. */
export function rangeOf(numbers: Float32Array): readonly [number, number] {
  return [numbers.reduce((a, b) => Math.min(a, b), 0), numbers.reduce((a, b) => Math.max(a, b), 0)];
}
