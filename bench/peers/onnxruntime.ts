// What our networks and layers are measured against: the same with ordinary convolutions in onnxruntime, in float32 and in 8 bits.
import type { layers, Model, Tensor } from '../../dist';
import { fuse } from '../../dist/session/fuse';
import { StepRecorder } from '../../dist/session/step-recorder';
import type { Convolution, PlanStep } from '../../dist/session/steps';
import { addFloatSteps } from './float-graph';
import { Int8Graph, rangeOf } from './int8-graph';
import { Graph, toNchw } from './onnx';

export { havePeers } from './onnx';

/** Runs once, on the images it was made with. */
export type Run = () => Promise<Float32Array | Uint8Array>;

export interface Peers {
  readonly f32: Run;
  readonly int8: Run;
}

/** @param x normalized images in NHWC, [batch,h,w,c] */
export async function onnxNetworks(model: Model, x: Float32Array, batch: number, threads: number): Promise<Peers> {
  const [h, w, c] = model.inputShape;
  const { steps, output } = stepsOf(model, model.inputShape);
  const input = { x: toNchw(x, batch, h * w, c), dims: [batch, c, h, w], threads };

  const graph = new Graph();
  const values = addFloatSteps(graph, steps);
  const result = `v${output}`;
  const all = await (await graph.session({ ...input, outputs: values })).run();
  const ranges = new Map([['v0', rangeOf(input.x)], ...values.map((name) => [name, rangeOf(all[name]!.data as Float32Array)] as const)]);
  const f32 = await graph.session({ ...input, outputs: [result] });

  const bytes = new Graph();
  new Int8Graph(bytes, ranges).addNetwork(steps, output);
  const int8 = await bytes.session({ ...input, outputs: ['y'] });
  return { f32: async () => (await f32.run())[result]!.data, int8: async () => (await int8.run()).y!.data };
}

/** So many layers run one after the other in floats: the first has to bring its input into onnxruntime's own order, the last back. */
export const chainLength = 4;

/**
 * One convolution with as many channels out as in, in both forms; a run in floats is chainLength of them, each with a rectifier.
 *
 * @param x [n,h,w,c]
 */
export async function onnxLayers(layer: layers.Conv2d, x: Tensor, threads: number): Promise<Peers> {
  const [n, h, w, c] = x.shape as [number, number, number, number];
  const [step] = stepsOf(layer, [h, w, c]).steps as [Convolution];
  const graph = new Graph();
  addFloatSteps(
    graph,
    Array.from({ length: chainLength }, (_, i) => ({ ...step, x: i, output: i + 1, relu: true })),
  );
  const result = `v${chainLength}`;
  const f32 = await graph.session({ x: toNchw(x.data, n, h * w, c), dims: [n, c, h, w], outputs: [result], threads });

  const bytes = new Graph();
  const ranges = new Map([
    ['v0', rangeOf(x.data)],
    ['v1', rangeOf(layer.forward(x).data)],
  ]);
  new Int8Graph(bytes, ranges).addLayer(step);
  const q = Uint8Array.from(x.data, (_, i) => (i * 37) % 256);
  const int8 = await bytes.session({ x: q, dims: [n, h, w, c], outputs: ['y'], sample: q, threads });
  return { f32: async () => (await f32.run())[result]!.data, int8: async () => (await int8.run()).y!.data };
}

function stepsOf(network: layers.Layer, inputShape: readonly number[]): { steps: PlanStep[]; output: number } {
  const recorder = new StepRecorder([1, ...inputShape]);
  const output = recorder.numberOf(network.lower(recorder, recorder.input));
  return { steps: fuse(recorder.steps, output), output };
}

/** Where a peer computes something else, the comparison means nothing. @param tolerance difference relative to the length of the vector */
export function checkSame(theirs: ArrayLike<number>, ours: Float32Array, tolerance: number): void {
  const difference = norm(ours.map((v, i) => v - theirs[i]!)) / norm(ours);
  if (!(difference < tolerance)) throw new Error(`onnxruntime gives other numbers, by ${difference} of their length`);
}
const norm = (v: Float32Array): number => Math.sqrt(v.reduce((sum, x) => sum + x * x, 0));
