// From a network to a session: its layers emit steps, neighbours are fused, and the native plan packs what is left.
import { type NativePlan, native, rethrow } from '../binding';
import { checkThreads } from '../cpu';
import { AdderNetError } from '../errors';
import { Layer } from '../layers';
import { Model } from '../models';
import { checkShape, elementCount, type Shape } from '../shape';
import { fuse } from './fuse';
import { InferenceSession } from './inference-session';
import { StepRecorder } from './step-recorder';
import type { PlanStep } from './steps';

export interface CompileOptions {
  /** In which numbers the session computes. Default 'f32'. */
  dtype?: 'f32';
  /** Threads that a run uses at most. Default: those of the process, see setThreads. */
  threads?: number | undefined;
  /** Shape of one image, [h,w,c]. Default: what the model is made for; a layer that is not a Model needs it. */
  input?: Shape | undefined;
}

/**
 * Compiles a network for inference: one native call runs the whole of it, with convolution, batch norm, residual addition and rectifier in
 * one step and all intermediate values in one block of memory. The weights are copied: later training does not change the session.
 *
 * @throws {AdderNetError} as a rejection: ERR_ARGUMENT if an option is out of range or a layer cannot be compiled; ERR_SHAPE if the layers
 *   cannot take the input; ERR_MEMORY if memory runs out
 */
export async function compile(model: Layer, options: CompileOptions = {}): Promise<InferenceSession> {
  const { dtype = 'f32', threads, input = model instanceof Model ? model.inputShape : undefined } = options;
  if (!(model instanceof Layer)) throw new AdderNetError('ERR_ARGUMENT', `compile: model is ${String(model)}, expected a network`);
  if (dtype !== 'f32') throw new AdderNetError('ERR_ARGUMENT', `compile: dtype is '${String(dtype)}', expected 'f32'`);
  if (threads !== undefined) checkThreads('compile', threads);
  if (input === undefined)
    throw new AdderNetError('ERR_ARGUMENT', `compile: a ${model.type} does not tell the shape of its input, expected { input: [h,w,c] }`);
  checkShape('compile: input', input);

  const recorder = new StepRecorder([1, ...input]);
  const output = model.lower(recorder, recorder.input);
  const plan = emit(fuse(recorder.steps, recorder.numberOf(output)), recorder.numberOf(output), elementCount(input), threads);
  return new InferenceSession(plan, [...input], output.shape.slice(1));
}

function emit(steps: readonly PlanStep[], output: number, inputElements: number, threads: number | undefined): NativePlan {
  return rethrow(() => {
    const plan = new (native().Plan)(inputElements, threads);
    const numbers = new Map([[0, 0]]); // of a value there, by that here
    const there = (value: number) => numbers.get(value)!;
    for (const step of steps) numbers.set(step.output, emitStep(plan, step, there));
    plan.finish(there(output));
    return plan;
  });
}

function emitStep(plan: NativePlan, step: PlanStep, there: (value: number) => number): number {
  const x = there(step.x);
  if (step.op === 'pool') return plan.pool(step.kind, x, step.geometry);
  if (step.op === 'relu') return plan.relu(x);
  if (step.op === 'add') return plan.add(x, there(step.residual));
  const { scale, shift, relu = false } = step;
  const residual = step.residual === undefined ? undefined : there(step.residual);
  if (step.op === 'normalize') return plan.normalize(x, step.mean, step.scale, step.shift, residual, relu);
  return plan.convolution(step.product, x, step.filters, step.bias, scale, shift, residual, relu, step.geometry);
}
