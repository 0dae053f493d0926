// From a network to a session: its layers emit nodes, neighbors are fused, and the native plan packs their weights.

import { AdderNetError } from '../errors';
import { checkGraphFinite, checkLimits, dtypeOfNodes, fuse, type Graph, trace } from '../graph';
import { Layer } from '../layers';
import { nameOf } from '../layers/name-of';
import { checkFinite } from '../layers/state';
import { Model } from '../models';
import { checkOptions, optionNames } from '../options';
import { shown } from '../quoted';
import { checkShape, type Shape, shapeText } from '../shape';
import type { Tensor } from '../tensor';
import { checkThreads } from '../threads';
import type { Labels } from './classification';
import { emit } from './emit';
import { InferenceSession } from './inference-session';
import { describeNodes } from './profile';

/** A network in 16 bits or fewer, as lib/quantize makes it. */
export interface QuantizedNetwork {
  readonly graph: Graph;
  readonly inputShape: readonly [number, number, number];
  readonly metadata?: Labels;
}

/** Options of `compile`. */
export interface CompileOptions {
  /** The dtype the session computes in: 'u8' needs a network quantized to up to 8 bits, 'i16' one of 9 to 16. Default: that of the network. */
  dtype?: 'f32' | 'u8' | 'i16' | undefined;
  /** The maximal number of threads of a run. Default: that of the process, see setThreads. */
  threads?: number | undefined;
  /** Shape of one image, [h,w,c]. Default: the model's inputShape; a layer that is not a Model needs it. */
  input?: Shape | undefined;
}
const names = optionNames<CompileOptions>({ dtype: true, threads: true, input: true });

/**
 * Compiles a network for inference: one native call runs the whole of it, with convolution, batch norm, residual addition and ReLU in
 * one node and all intermediate values in one block of memory. The weights are copied: later training does not change the session.
 *
 * @throws {AdderNetError} as a rejection: ERR_ARGUMENT if an option is unknown, out of range or does not apply, a layer
 *   cannot be compiled, or a weight or what batch norms make of the weights is not finite; ERR_SHAPE if the layers cannot
 *   take the input, or one image takes more than 2^28 elements in a value, 4 GiB in all of them, or 2^40 additions; ERR_MEMORY if memory runs out
 */
export async function compile(model: Layer | QuantizedNetwork, options: CompileOptions = {}): Promise<InferenceSession> {
  checkOptions('compile', options, names);
  const { dtype, threads, input } = options;
  const own = model instanceof Layer ? 'f32' : isQuantized(model) ? dtypeOfNodes(model.graph.nodes) : undefined;
  if (own === undefined) throw new AdderNetError('ERR_ARGUMENT', `compile: model is ${nameOf(model)}, expected a network`);
  if (dtype !== undefined && dtype !== 'f32' && dtype !== 'u8' && dtype !== 'i16')
    throw new AdderNetError('ERR_ARGUMENT', `compile: dtype is '${String(dtype)}', expected 'f32', 'u8' or 'i16'`);
  if (dtype !== undefined && dtype !== own)
    throw new AdderNetError(
      'ERR_ARGUMENT',
      `compile: dtype is '${dtype}', but the network is of ${own}: ${own === 'f32' ? 'quantize it first' : dtype === 'f32' ? 'compile the float network' : 'quantize the float network again'}`,
    );
  if (threads !== undefined) checkThreads('compile', threads);
  if (model instanceof Layer) return compileFloats(model, options);
  if (input !== undefined && (!Array.isArray(input) || shapeText(input) !== shapeText(model.inputShape)))
    throw new AdderNetError(
      'ERR_ARGUMENT',
      `compile: input is ${shown(input)}, but the quantized network takes images of ${shapeText(model.inputShape)} alone: leave it out`,
    );
  checkGraphFinite('compile', model.graph);
  return sessionOf(model.graph, threads, new Map(), model.metadata);
}

function compileFloats(
  model: Layer,
  { threads, input = model instanceof Model ? model.inputShape : undefined }: CompileOptions,
): InferenceSession {
  if (input === undefined)
    throw new AdderNetError('ERR_ARGUMENT', `compile: a ${model.type} does not tell the shape of its input, expected { input: [h,w,c] }`);
  checkShape('compile: input', input);
  const state = model.stateDict();
  checkFinite('compile', state);
  const graph = fuse(trace(model, input));
  checkGraphFinite('compile', graph, state);
  return sessionOf(graph, threads, state, model instanceof Model ? model.metadata : undefined);
}

/** @param names of the tensors that nodes share with the model */
function sessionOf(
  graph: Graph,
  threads: number | undefined,
  names: ReadonlyMap<string, Tensor>,
  labels: Labels | undefined,
): InferenceSession {
  checkLimits(graph);
  const [input, output] = [graph.inputs[0]!, graph.outputs[0]!];
  return new InferenceSession(emit(graph, threads), [...input.shape], [...output.shape], describeNodes(graph, names), labels);
}

const isQuantized = (model: unknown): model is QuantizedNetwork => typeof model === 'object' && model !== null && 'graph' in model;
