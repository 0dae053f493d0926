// The same steps in 8 bits, as onnxruntime's static quantisation writes them (QOperator): QLinearConv of uint8 activations and int8 weights,
// one scale for each output channel, rectifiers in the range of the output, QLinearAdd for residuals. Numbers stand for scale * (q - zero).
import { cpuInfo } from '../../dist';
import type { Convolution, PlanStep } from '../../dist/session/steps';
import { convolutionAttributes, foldedFilters } from './float-graph';
import { type Graph, windowAttributes } from './onnx';

/** Of a value: its smallest and largest number in the float network. */
export type Ranges = ReadonlyMap<string, readonly [number, number]>;

interface Quantization {
  readonly scale: number;
  readonly zero: number;
  /** Names of both as constants, as operators take them. */
  readonly names: readonly [string, string];
}

// Without VNNI the products of two neighbours are added in 16 bits, which 8-bit weights overflow: onnxruntime's manual says 7.
const largestWeight = cpuInfo().supported.some((isa) => /vnni|neon/.test(isa)) ? 127 : 63;

export class Int8Graph {
  readonly #graph: Graph;
  readonly #ranges: Ranges;
  readonly #quantizations = new Map<string, Quantization>();

  constructor(graph: Graph, ranges: Ranges) {
    this.#graph = graph;
    this.#ranges = ranges;
  }

  /** Adds the steps from the float value v0 on; the result, `output` as floats, is called y. */
  addNetwork(steps: readonly PlanStep[], output: number): void {
    this.#graph.node('QuantizeLinear', ['v0', ...this.#quantization('v0').names], 'q0');
    for (const step of steps) this.#add(step);
    this.#graph.node('DequantizeLinear', [`q${output}`, ...this.#quantization(`v${output}`).names], 'y');
  }

  /** One convolution from bytes to bytes in NHWC, the form that onnxruntime itself gives to those within a network. */
  addLayer(step: Convolution): void {
    this.#convolution(step, 'v0', 'v0', 'y', 'v1', true);
  }

  #add(step: PlanStep): void {
    const [x, y, q] = [`v${step.x}`, `v${step.output}`, `q${step.output}`];
    if (step.op === 'convolution' && step.residual === undefined) this.#convolution(step, `q${step.x}`, x, q, y);
    else if (step.op === 'convolution') {
      this.#convolution(step, `q${step.x}`, x, `${q}.conv`, `${y}.conv`);
      this.#sum([`${q}.conv`, `${y}.conv`], [`q${step.residual}`, `v${step.residual}`], q, y);
    } else if (step.op === 'add') this.#sum([`q${step.x}`, x], [`q${step.residual}`, `v${step.residual}`], q, y);
    else if (step.op === 'pool') this.#pool(step, q);
    else throw new Error(`the int8 network of onnxruntime has no step for ${step.op}`);
  }

  /** From the bytes `x`, which stand for the float value `from`, to the bytes `y`, which stand for `to`. */
  #convolution(step: Convolution, x: string, from: string, y: string, to: string, nhwc = false): void {
    const graph = this.#graph;
    const { weights, biases, dims } = foldedFilters(step);
    const [co, size] = [dims[0], weights.length / dims[0]];
    const scales = Float32Array.from({ length: co }, (_, o) => {
      const filter = weights.subarray(o * size, (o + 1) * size);
      return filter.reduce((most, w) => Math.max(most, Math.abs(w)), 1e-8) / largestWeight;
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
    const attributes = convolutionAttributes(step);
    if (nhwc) graph.node('QLinearConv', inputs, y, { ...attributes, channels_last: 1 }, 'com.microsoft');
    else graph.node('QLinearConv', inputs, y, attributes);
  }

  #sum([qa, a]: [string, string], [qb, b]: [string, string], q: string, y: string): void {
    const inputs = [qa, ...this.#quantization(a).names, qb, ...this.#quantization(b).names, ...this.#quantization(y).names];
    this.#graph.node('QLinearAdd', inputs, q, {}, 'com.microsoft');
  }

  #pool({ mode, x, output, geometry }: Extract<PlanStep, { op: 'pool' }>, q: string): void {
    const window = windowAttributes(geometry);
    if (mode === 'max') {
      this.#graph.node('MaxPool', [`q${x}`], q, window);
      this.#quantizations.set(`v${output}`, this.#quantization(`v${x}`));
      return;
    }
    const inputs = [`q${x}`, ...this.#quantization(`v${x}`).names, ...this.#quantization(`v${output}`).names];
    const whole = window.kernel_shape[0] === geometry[1] && window.kernel_shape[1] === geometry[2];
    if (whole) this.#graph.node('QLinearGlobalAveragePool', inputs, q, { channels_last: 0 }, 'com.microsoft');
    else this.#graph.node('QLinearAveragePool', inputs, q, window, 'com.microsoft');
  }

  #quantization(value: string): Quantization {
    const known = this.#quantizations.get(value);
    if (known) return known;
    const [least, most] = this.#ranges.get(value)!;
    const scale = Math.max(most - least, 1e-8) / 255;
    const zero = Math.round(-least / scale);
    const names = [
      this.#graph.constant(`${value} scale`, Float32Array.of(scale)),
      this.#graph.constant(`${value} zero`, Uint8Array.of(zero)),
    ] as const;
    const quantization = { scale, zero, names };
    this.#quantizations.set(value, quantization);
    return quantization;
  }
}

/** 0 is always among them: padding reads it. */
export function rangeOf(numbers: Float32Array): readonly [number, number] {
  return [numbers.reduce((a, b) => Math.min(a, b), 0), numbers.reduce((a, b) => Math.max(a, b), 0)];
}
