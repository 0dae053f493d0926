// The quantisation that adder networks do not bear: for each adder layer one symmetric step, wide enough for inputs and filters, which are far
// larger than inputs. Simulated in floats, whose sums of such small integers are exact.
import { BatchLoader } from '../data/batch-loader';
import type { Dataset } from '../data/dataset';
import type { Model } from '../models';
import { calibrate } from '../quantize/calibrate';
import { runFloatStep } from '../quantize/float-steps';
import { clamp } from '../quantize/quantized-steps';
import { fuse } from '../session/fuse';
import { StepRecorder } from '../session/step-recorder';
import type { Convolution, PlanStep } from '../session/steps';
import { Tensor } from '../tensor';
import type { Classifier } from '../train/evaluate';

const isAdder = (step: PlanStep): step is Convolution => step.op === 'convolution' && step.kind === 'adder';

/** The model with inputs and filters of adder layers rounded to s * q, |q| < 2^(bits-1), for one s a layer: the largest of both over 2^(bits-1) - 1. */
export async function naivelyQuantized(model: Model, images: Dataset, bits: number): Promise<Classifier> {
  const { name, inputShape, classes, normalization } = model;
  const recorder = new StepRecorder([1, ...inputShape]);
  const output = recorder.numberOf(model.lower(recorder, recorder.input));
  const steps = fuse(recorder.steps, output);
  const limit = Math.min(512, images.length);
  const { x: seen } = await new BatchLoader(images, { batch: limit, limit, normalization }).load(0, 0);
  const ranges = calibrate(steps, new Set(steps.filter(isAdder).map(({ x }) => x)), seen);

  const levels = 2 ** (bits - 1) - 1;
  const rounding = new Map<PlanStep, { step: PlanStep; size: number }>();
  for (const step of steps.filter(isAdder)) {
    const { min, max } = ranges.get(step.x)!;
    const largest = step.filters.reduce((most, w) => Math.max(most, Math.abs(w)), Math.max(-min, max));
    const size = largest / levels;
    rounding.set(step, { step: { ...step, filters: rounded(step.filters, size, levels) }, size });
  }

  const forward = (x: Tensor): Tensor => {
    const n = x.shape[0]!;
    const values = new Map([[0, x]]);
    for (const step of steps) {
      const naive = rounding.get(step);
      const read = (value: number): Tensor => {
        const own = values.get(value)!;
        return naive && value === step.x ? new Tensor(rounded(own.data, naive.size, levels), own.shape) : own;
      };
      values.set(step.output, runFloatStep(naive?.step ?? step, n, read));
    }
    return values.get(output)!.reshape([n, classes]);
  };
  return { name, inputShape, classes, normalization, forward };
}

function rounded(values: Float32Array, step: number, levels: number): Float32Array {
  const result = new Float32Array(values.length);
  for (let i = 0; i < values.length; i++) {
    result[i] = step * clamp(Math.round(values[i]! / step), -levels, levels);
  }
  return result;
}
