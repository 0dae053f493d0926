// Exact quantisation of adder networks. Inputs of adder layers get a step of their own; filters are clamped to the range of their input,
// which loses nothing, since for lo <= x <= hi
//
//   |x - w| = |x - clip(w, lo, hi)| + |w - clip(w, lo, hi)|
//
// and the second term is a constant of the output channel. Batch norm, residual and the next layer's step fold into one multiplication and
// one addition a channel.
import { BatchLoader } from '../data/batch-loader';
import type { Dataset } from '../data/dataset';
import { normalize } from '../data/normalize';
import { AdderNetError } from '../errors';
import type { Model } from '../models';
import { fuse } from '../session/fuse';
import { StepRecorder } from '../session/step-recorder';
import type { Convolution, PlanStep, QuantizedConvolution, QuantizedStep } from '../session/steps';
import { Tensor } from '../tensor';
import { calibrate, type Range } from './calibrate';
import { unpack } from './float-steps';
import { QuantizedModel } from './quantized-model';
import { clamp, longestFilter, type Quantization, roundHalfEven } from './quantized-steps';

export interface QuantizeOptions {
  /** Bits of activations and filters, 8 down to 2. Default 8. */
  bits?: number | undefined;
  /**
   * The largest activation that is told apart from larger ones: the maximum seen, or the number that this part of all activations does not
   * exceed. 'auto': the maximum at 8 and 7 bits, 0.9997 at 6 and 5, 0.999 below. Default 'auto'.
   */
  range?: 'auto' | 'max' | number | undefined;
  /** How many images of a data set to look at. Default 512. */
  calibration?: number | undefined;
}

/**
 * A copy of an adder network that computes in integers between its adder layers; ordinary layers stay in float32.
 *
 * @param images of the kind the network will meet: a data set, of which the first ones are taken, or [n,h,w,c], bytes or normalised floats
 * @throws {AdderNetError} as a rejection: ERR_ARGUMENT if an option is out of range or the network has no adder layer; ERR_SHAPE if the
 *   images are not of its size
 */
export async function quantize(
  model: Model,
  images: Dataset | Tensor | Tensor<Uint8Array>,
  { bits = 8, range = 'auto', calibration = 512 }: QuantizeOptions = {},
): Promise<QuantizedModel> {
  if (!Number.isInteger(bits) || bits < 2 || bits > 8)
    throw new AdderNetError('ERR_ARGUMENT', `quantize: bits is ${String(bits)}, expected an integer from 2 to 8`);
  const part = partOf(range, bits);
  const recorder = new StepRecorder([1, ...model.inputShape]);
  const output = recorder.numberOf(model.lower(recorder, recorder.input));
  const steps = fuse(recorder.steps, output);
  const inputs = new Set(steps.filter(isAdder).map(({ x }) => x));
  if (inputs.size === 0) throw new AdderNetError('ERR_ARGUMENT', `quantize: ${model.name} has no adder layer`);
  const ranges = calibrate(steps, inputs, await normalized(model, images, calibration));
  const levels = 2 ** bits - 1;
  const quantizations = new Map([...ranges].map(([value, seen]) => [value, quantizationOf(seen, part, levels)]));
  return new QuantizedModel(model.metadata, bits, new Quantizer(quantizations, levels).steps(steps), output);
}

const isAdder = (step: PlanStep): step is Convolution => step.op === 'convolution' && step.product === 'adder';

function partOf(range: QuantizeOptions['range'], bits: number): number {
  if (range === 'max') return 1;
  if (range === 'auto') return bits >= 7 ? 1 : bits >= 5 ? 0.9997 : 0.999;
  if (typeof range === 'number' && range > 0 && range <= 1) return range;
  throw new AdderNetError('ERR_ARGUMENT', `quantize: range is ${String(range)}, expected 'auto', 'max' or a number above 0 and up to 1`);
}

/** Zero is a number of its own, so that padding and rectified activations are exact. */
function quantizationOf(seen: Range, part: number, levels: number): Quantization {
  const low = seen.min;
  const step = Math.fround(Math.max(seen.quantile(part) - low, Number.MIN_VALUE) / levels) || 1;
  return { step, zero: clamp(roundHalfEven(-low / step), 0, levels) };
}

class Quantizer {
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

async function normalized(model: Model, images: Dataset | Tensor | Tensor<Uint8Array>, calibration: number): Promise<Tensor> {
  const { normalization, inputShape } = model;
  if (!(images instanceof Tensor)) {
    const limit = Math.min(calibration, images.length);
    const { x } = await new BatchLoader(images, { batch: limit, limit, normalization }).load(0, 0);
    return x;
  }
  if (images.shape.length !== 4 || inputShape.some((size, i) => images.shape[i + 1] !== size))
    throw new AdderNetError('ERR_SHAPE', `quantize: images have shape [${images.shape}], expected [n,${inputShape}]`);
  const isBytes = (tensor: Tensor | Tensor<Uint8Array>): tensor is Tensor<Uint8Array> => tensor.dtype === 'u8';
  return isBytes(images) ? normalize(images, normalization.mean, normalization.std) : images;
}
