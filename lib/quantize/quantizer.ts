// From the fused steps of a float network to those of bytes. Inputs of adder layers get a step of their own; filters are clamped to the range
// of their input, which loses nothing, since for lo <= x <= hi
//
//   |x - w| = |x - clip(w, lo, hi)| + |w - clip(w, lo, hi)|
//
// and the second term is a constant of the output channel. A large first layer of ordinary convolution multiplies bytes by weights of 8 bits.
// Batch norm, residual and the next layer's step fold into one multiplication and one addition a channel.
import { AdderNetError } from '../errors';
import type { Convolution, PlanStep, QuantizedConvolution, QuantizedStep } from '../session/steps';
import { unpack } from './float-steps';
import { clamp, largestSum, type Quantization, roundHalfEven } from './quantized-steps';

const isAdder = (step: PlanStep): step is Convolution => step.op === 'convolution' && step.kind === 'adder';

/**
 * A stem that is faster in bytes: on AVX2, 7x7x3 filters at 224x224 take 2.5 ms where floats take 3.6, but 3x3x3 filters at 32x32 take 67 us
 * where floats take 40, since the image has to be quantized for it. Fewer levels than 256 would be too few for an image.
 */
const isLargeStem = (step: PlanStep, levels: number): step is Convolution =>
  step.op === 'convolution' && step.kind === 'conv' && step.x === 0 && levels === 255 && filterElements(step) >= 100;

/** The steps that take bytes. */
export const takesBytes = (step: PlanStep, levels: number): step is Convolution => isAdder(step) || isLargeStem(step, levels);

const filterElements = ({ filters, geometry }: Convolution): number => filters.length / unpack(geometry).filters[0]!;

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
    const floatReaders = new Set(steps.flatMap((step) => (takesBytes(step, this.#levels) ? [] : valuesOf(step))));
    this.#readers = countReaders(steps);
    if (this.#quantizations.has(0)) this.#quantize(0);
    for (const step of steps) {
      if (!takesBytes(step, this.#levels)) {
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
    const input = this.#quantizations.get(layer.x)!;
    const { filters, unit, constant } = isAdder(layer) ? clampedFilters(layer, input, this.#levels) : int8Filters(layer, input);
    const co = unit.length;
    const outStep = into?.step ?? 1;
    const [scale, shift] = [new Float32Array(co), new Float32Array(co)];
    const residual = layer.residual === undefined ? undefined : this.#residual(layer.residual, outStep, co);
    for (let c = 0; c < co; c++) {
      const a = layer.scale?.[c] ?? 1;
      scale[c] = (a * unit[c]!) / outStep;
      shift[c] = (a * ((layer.bias?.[c] ?? 0) + constant[c]!) + (layer.shift?.[c] ?? 0) - (residual?.offset ?? 0)) / outStep;
    }
    return {
      op: 'quantized convolution',
      x: this.#bytes.get(layer.x)!,
      output: layer.output,
      filters,
      padding: input.zero,
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

/** Filters as integers; a layer's sum is unit[c] * (sum of integers) + constant[c]. */
interface IntegerFilters {
  readonly filters: Uint8Array | Int8Array;
  readonly unit: Float64Array;
  readonly constant: Float64Array;
}

/** Of an adder layer: in steps of its input. */
function clampedFilters(layer: Convolution, { step, zero }: Quantization, levels: number): IntegerFilters {
  const k = checkedLength(layer, levels);
  const co = layer.filters.length / k;
  const [low, high] = [-zero * step, (levels - zero) * step];
  const constant = new Float64Array(co);
  const filters = Uint8Array.from(layer.filters, (filter, i) => {
    const w = clamp(filter, low, high);
    constant[Math.floor(i / k)]! -= Math.abs(filter - w);
    return clamp(roundHalfEven(w / step) + zero, 0, levels);
  });
  return { filters, unit: new Float64Array(co).fill(step), constant };
}

/** Of an ordinary layer: from -127 to 127, in steps of their own for each output channel. sum (q - zero) w = sum q w - zero sum w */
function int8Filters(layer: Convolution, { step, zero }: Quantization): IntegerFilters {
  const k = checkedLength(layer, 255 * 127);
  const co = layer.filters.length / k;
  const [filters, unit, constant] = [new Int8Array(layer.filters.length), new Float64Array(co), new Float64Array(co)];
  for (let c = 0; c < co; c++) {
    const own = layer.filters.subarray(c * k, (c + 1) * k);
    const weightStep = own.reduce((most, w) => Math.max(most, Math.abs(w)), 0) / 127 || 1;
    const rounded = Int8Array.from(own, (w) => roundHalfEven(w / weightStep));
    filters.set(rounded, c * k);
    unit[c] = step * weightStep;
    constant[c] = -unit[c]! * zero * rounded.reduce((sum, w) => sum + w, 0);
  }
  return { filters, unit, constant };
}

/** Elements of a filter. @param most what one adds to a sum at most */
function checkedLength(layer: Convolution, most: number): number {
  const k = filterElements(layer);
  const longest = Math.floor(largestSum / most);
  if (k > longest) throw new AdderNetError('ERR_ARGUMENT', `quantize: a filter has ${k} elements, expected at most ${longest}`);
  return k;
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
