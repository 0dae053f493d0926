// From a network to a session: its layers emit steps, neighbours are fused, and the native plan packs what is left.

import { type NativePlan, native, rethrow } from '../binding';
import { checkThreads } from '../cpu';
import { AdderNetError } from '../errors';
import { Layer } from '../layers';
import { nameOf } from '../layers/name-of';
import { checkFinite } from '../layers/state';
import { Model } from '../models';
import { checkOptions, optionNames } from '../options';
import { shown } from '../quoted';
import { checkShape, elementCount, type Shape, shapeText } from '../shape';
import { fuse } from './fuse';
import { InferenceSession } from './inference-session';
import { StepRecorder } from './step-recorder';
import type { QuantizedNetwork, QuantizedStep } from './steps';

/** What `compile` takes. */
export interface CompileOptions {
  /** In which numbers the session computes: 'u8' takes a quantised network. Default: what the network is. */
  dtype?: 'f32' | 'u8' | undefined;
  /** Threads that a run uses at most. Default: those of the process, see setThreads. */
  threads?: number | undefined;
  /** Shape of one image, [h,w,c]. Default: what the model is made for; a layer that is not a Model needs it. */
  input?: Shape | undefined;
}
const names = optionNames<CompileOptions>({ dtype: true, threads: true, input: true });

/**
 * Compiles a network for inference: one native call runs the whole of it, with convolution, batch norm, residual addition and ReLU in
 * one step and all intermediate values in one block of memory. The weights are copied: later training does not change the session.
 *
 * @throws {AdderNetError} as a rejection: ERR_ARGUMENT if an option is unknown, out of range or does not apply, a layer
 *   cannot be compiled or a weight is not finite; ERR_SHAPE if the layers cannot take the input; ERR_MEMORY if memory runs out
 */
export async function compile(model: Layer | QuantizedNetwork, options: CompileOptions = {}): Promise<InferenceSession> {
  checkOptions('compile', options, names);
  const { dtype, threads, input } = options;
  const own = model instanceof Layer ? 'f32' : isQuantized(model) ? 'u8' : undefined;
  if (own === undefined) throw new AdderNetError('ERR_ARGUMENT', `compile: model is ${nameOf(model)}, expected a network`);
  if (dtype !== undefined && dtype !== 'f32' && dtype !== 'u8')
    throw new AdderNetError('ERR_ARGUMENT', `compile: dtype is '${String(dtype)}', expected 'f32' or 'u8'`);
  if (dtype !== undefined && dtype !== own)
    throw new AdderNetError(
      'ERR_ARGUMENT',
      `compile: dtype is '${dtype}', but the network is of ${own}: ${own === 'f32' ? 'quantize it first' : 'compile the float network'}`,
    );
  if (threads !== undefined) checkThreads('compile', threads);
  if (model instanceof Layer) return compileFloats(model, options);
  if (input !== undefined && (!Array.isArray(input) || shapeText(input) !== shapeText(model.inputShape)))
    throw new AdderNetError(
      'ERR_ARGUMENT',
      `compile: input is ${shown(input)}, but the quantized network takes images of ${shapeText(model.inputShape)} alone: leave it out`,
    );
  return compileQuantized(model, threads);
}

function compileFloats(
  model: Layer,
  { threads, input = model instanceof Model ? model.inputShape : undefined }: CompileOptions,
): InferenceSession {
  if (input === undefined)
    throw new AdderNetError('ERR_ARGUMENT', `compile: a ${model.type} does not tell the shape of its input, expected { input: [h,w,c] }`);
  checkShape('compile: input', input);
  checkFinite('compile', model.stateDict());
  const recorder = new StepRecorder([1, ...input]);
  const output = model.lower(recorder, recorder.input);
  const number = recorder.numberOf(output);
  const plan = emit(fuse(recorder.steps, number), number, { inputElements: elementCount(input), threads });
  return new InferenceSession(plan, [...input], output.shape.slice(1), model instanceof Model ? model.metadata : undefined);
}

function compileQuantized(
  { steps, output, bits, inputShape, classes, metadata }: QuantizedNetwork,
  threads: number | undefined,
): InferenceSession {
  const plan = emit(steps, output, { inputElements: elementCount(inputShape), threads, qmax: 2 ** bits - 1 });
  return new InferenceSession(plan, [...inputShape], [classes], metadata);
}

const isQuantized = (model: unknown): model is QuantizedNetwork =>
  typeof model === 'object' && model !== null && 'bits' in model && 'steps' in model;

interface Target {
  readonly inputElements: number;
  readonly threads: number | undefined;
  /** The largest quantized number, of networks that have some. */
  readonly qmax?: number;
}

function emit(steps: readonly QuantizedStep[], output: number, { inputElements, threads, qmax = 255 }: Target): NativePlan {
  return rethrow(() => {
    const plan = new (native().Plan)(inputElements, threads);
    const numbers = new Map([[0, 0]]); // of a value there, by that here
    const there = (value: number) => numbers.get(value)!;
    for (const step of steps) numbers.set(step.output, emitStep(plan, step, qmax, there));
    plan.finish(there(output));
    return plan;
  });
}

const relu = { min: 0, max: Infinity };

function emitStep(plan: NativePlan, step: QuantizedStep, qmax: number, there: (value: number) => number): number {
  const x = there(step.x);
  switch (step.op) {
    case 'quantize':
      return plan.quantize({ x, scale: step.step, zeroPoint: step.zero, qmax });
    case 'pool':
      return plan.pool({ mode: step.mode, x, geometry: step.geometry });
    case 'relu':
      return plan.activate({ x, activation: relu });
    case 'add':
      return plan.add({ a: x, b: there(step.residual) });
  }
  const { scale, shift } = step;
  const residual = step.residual === undefined ? undefined : there(step.residual);
  const activation = step.relu ? relu : undefined;
  if (step.op === 'normalize') return plan.normalize({ x, mean: step.mean, scale: step.scale, shift: step.shift, residual, activation });
  if (step.op === 'convolution') {
    const { kind, filters, bias, geometry } = step;
    return plan.conv2d({ kind, x, filters, bias, scale, shift, residual, activation, geometry });
  }
  const { filters, padding: padValue, residualScale, into: output, geometry } = step;
  const kind = filters instanceof Uint8Array ? 'adder' : 'conv';
  const end = output === 'u8' ? { output, qmax } : { output, activation };
  return plan.quantizedConv2d({
    kind,
    x,
    filters,
    padValue,
    scale: step.scale,
    shift: step.shift,
    residual,
    residualScale,
    ...end,
    geometry,
  });
}
