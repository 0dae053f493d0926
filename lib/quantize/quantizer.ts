// From the fused steps of a float network to those of bytes. Inputs of adder layers get a step of their own; filters are clamped to the range
// of their input, which loses nothing, since for lo <= x <= hi
//
//   |x - w| = |x - clip(w, lo, hi)| + |w - clip(w, lo, hi)|
//
// and the second term is a constant of the output channel. Batch norm, residual and the next layer's step fold into one multiplication and
// one addition a channel.
import { AdderNetError } from '../errors';
import type { Convolution, PlanStep, QuantizedConvolution, QuantizedStep } from '../session/steps';
import { unpack } from './float-steps';
import { clamp, longestFilter, type Quantization, roundHalfEven } from './quantized-steps';

export const isAdder = (step: PlanStep): step is Convolution => step.op === 'convolution' && step.product === 'adder';

export class Quantizer {
  readonly #quantizations: ReadonlyMap<number, Quantization>;
  readonly #levels: number;
  /** Numbers of values as bytes; a value that floats need too has another number there. */
  readonly #bytes = new Map<number, number>();
  readonly #steps: QuantizedStep[] = [];
  #values = 0;
  #readers: ReadonlyMap<number, number> = new Map();

  constructor(quantizations: ReadonlyMap<number, Quantization>, levels: number) {
    this.#quantizations = quantizations;
    this.#levels = levels;
  }

  steps(steps: readonly PlanStep[]): QuantizedStep[] {
    this.#values = Math.max(...steps.map(({ output }) => output)) + 1;
    const floatReaders = new Set(steps.flatMap((step) => (isAdder(step) ? [] : valuesOf(step))));
    this.#readers = countReaders(steps);
    if (this.#quantizations.has(0)) this.#quantize(0);
    for (const step of steps) {
      if (!isAdder(step)) {
        this.#steps.push(step);
        if (this.#quantizations.has(step.output)) this.#quantize(step.output);
        continue;
      }
      const own = this.#quantizations.get(step.output);
      // Bytes are clamped at the zero point, which rectifies where that is 0.
      const intoBytes = own !== undefined && own.zero === 0 && step.relu === true && !floatReaders.has(step.output);
      this.#steps.push(this.#convolution(step, intoBytes ? own : undefined));
      if (own && !intoBytes) this.#quantize(step.output);
      if (intoBytes) this.#bytes.set(step.output, step.output);
    }
    return this.#steps;
  }

  #quantize(value: number): void {
    const { step, zero } = this.#quantizations.get(value)!;
    const output = this.#values++;
    this.#bytes.set(value, output);
    this.#steps.push({ op: 'quantize', x: value, output, step, zero });
  }

  #convolution(layer: Convolution, into: Quantization | undefined): QuantizedStep {
    const { step, zero } = this.#quantizations.get(layer.x)!;
    const { filters: shape } = unpack(layer.geometry);
    const [co, k] = [shape[0]!, shape[1]! * shape[2]! * shape[3]!];
    if (k > longestFilter)
      throw new AdderNetError('ERR_ARGUMENT', `quantize: a filter has ${k} elements, expected at most ${longestFilter}`);
    const [low, high] = [-zero * step, (this.#levels - zero) * step];
    const outStep = into?.step ?? 1;
    const [filters, scale, shift] = [new Uint8Array(co * k), new Float32Array(co), new Float32Array(co)];
    const residual = layer.residual === undefined ? undefined : this.#residual(layer.residual, outStep, co);
    for (let c = 0; c < co; c++) {
      let clipped = 0;
      for (let i = c * k; i < (c + 1) * k; i++) {
        const w = clamp(layer.filters[i]!, low, high);
        clipped += Math.abs(layer.filters[i]! - w);
        filters[i] = clamp(roundHalfEven(w / step) + zero, 0, this.#levels);
      }
      const a = layer.scale?.[c] ?? 1;
      scale[c] = (a * step) / outStep;
      shift[c] = (a * ((layer.bias?.[c] ?? 0) - clipped) + (layer.shift?.[c] ?? 0) - (residual?.offset ?? 0)) / outStep;
    }
    return {
      op: 'quantized convolution',
      x: this.#bytes.get(layer.x)!,
      output: layer.output,
      filters,
      padding: zero,
      scale,
      shift,
      ...(residual && { residual: residual.value, residualScale: residual.scale }),
      into: into ? 'u8' : 'f32',
      relu: layer.relu === true,
      geometry: layer.geometry,
    };
  }

  /** The residual as it is stored: bytes where there are some, else floats in steps of the output. `offset` is what a zero point adds. */
  #residual(value: number, outStep: number, channels: number): { value: number; scale: number; offset: number } {
    const bytes = this.#bytes.get(value);
    if (bytes !== undefined) {
      const { step, zero } = this.#quantizations.get(value)!;
      return { value: bytes, scale: Math.fround(step / outStep), offset: step * zero };
    }
    const i = this.#steps.findIndex(({ output }) => output === value);
    const maker = this.#steps[i];
    if (maker?.op === 'quantized convolution' && maker.residual === undefined && this.#readers.get(value) === 1) {
      this.#steps[i] = inSteps(maker, outStep);
      return { value, scale: 1, offset: 0 };
    }
    const output = this.#values++;
    const [zeros, scale] = [new Float32Array(channels), new Float32Array(channels).fill(1 / outStep)];
    this.#steps.push({ op: 'normalize', x: value, output, mean: zeros, scale, shift: zeros });
    return { value: output, scale: 1, offset: 0 };
  }
}

/** A convolution into floats that count in steps of another value. */
const inSteps = (step: QuantizedConvolution, unit: number): QuantizedConvolution => ({
  ...step,
  scale: step.scale.map((factor) => factor / unit),
  shift: step.shift.map((offset) => offset / unit),
});

function countReaders(steps: readonly PlanStep[]): Map<number, number> {
  const readers = new Map<number, number>();
  for (const value of steps.flatMap(valuesOf)) readers.set(value, (readers.get(value) ?? 0) + 1);
  return readers;
}

const valuesOf = (step: PlanStep): number[] => ('residual' in step && step.residual !== undefined ? [step.x, step.residual] : [step.x]);
