// What our networks and layers are measured against: the same with ordinary convolutions in onnxruntime, in float32 and in 8 bits.
import type { layers, Model, Tensor } from '../../dist';
import { type Conv2d, fuse, trace, type Value } from '../../dist/graph';
import { addFloatNodes, nameOf } from './float-graph';
import { Int8Graph, rangeOf } from './int8-graph';
import { OnnxGraph, type Runtime, toNchw } from './onnx';

export { haveBaselines } from './onnx';

/** Runs once, on the images it was made with. */
export type Run = () => Promise<Float32Array | Uint8Array>;

export interface Baselines {
  readonly f32: Run;
  readonly int8: Run;
}

/** @param x normalized images in NHWC, [batch,h,w,c] */
export async function onnxNetworks(model: Model, x: Float32Array, batch: number, threads: number, runtime?: Runtime): Promise<Baselines> {
  const [h, w, c] = model.inputShape;
  const network = fuse(trace(model, model.inputShape));
  const input = { x: toNchw(x, batch, h * w, c), dims: [batch, c, h, w], threads, runtime };

  const graph = new OnnxGraph();
  const values = addFloatNodes(graph, network.nodes);
  const result = nameOf(network.outputs[0]!);
  const all = await (await graph.session({ ...input, outputs: values })).run();
  const ranges = new Map([['v0', rangeOf(input.x)], ...values.map((name) => [name, rangeOf(all[name]!.data as Float32Array)] as const)]);
  const f32 = await graph.session({ ...input, outputs: [result] });

  const bytes = new OnnxGraph();
  new Int8Graph(bytes, ranges).addNetwork(network);
  const int8 = await bytes.session({ ...input, outputs: ['y'] });
  return { f32: async () => (await f32.run())[result]!.data, int8: async () => (await int8.run()).y!.data };
}

/** So many layers run one after the other in floats: the first has to bring its input into onnxruntime's own order, the last back. */
export const chainLength = 4;

/**
 * One convolution with as many channels out as in, in both forms; a run in floats is chainLength of them, each with a ReLU.
 *
 * @param x [n,h,w,c]
 */
export async function onnxLayers(layer: layers.Conv2d, x: Tensor, threads: number): Promise<Baselines> {
  const [n, h, w, c] = x.shape as [number, number, number, number];
  const [node] = trace(layer, [h, w, c]).nodes as [Conv2d];
  const value = (id: number): Value => ({ ...node.x, id });
  const activation = { min: 0, max: Number.POSITIVE_INFINITY };
  const graph = new OnnxGraph();
  addFloatNodes(
    graph,
    Array.from({ length: chainLength }, (_, i) => ({ ...node, x: value(i), output: value(i + 1), activation })),
  );
  const result = `v${chainLength}`;
  const f32 = await graph.session({ x: toNchw(x.data, n, h * w, c), dims: [n, c, h, w], outputs: [result], threads });

  const bytes = new OnnxGraph();
  const ranges = new Map([
    ['v0', rangeOf(x.data)],
    ['v1', rangeOf(layer.forward(x).data)],
  ]);
  new Int8Graph(bytes, ranges).addLayer(node);
  const q = Uint8Array.from(x.data, (_, i) => (i * 37) % 256);
  const int8 = await bytes.session({ x: q, dims: [n, h, w, c], outputs: ['y'], sample: q, threads });
  return { f32: async () => (await f32.run())[result]!.data, int8: async () => (await int8.run()).y!.data };
}

/** An implementation that computes something else is no comparison. @param tolerance difference relative to the length of the vector */
export function checkSame(theirs: ArrayLike<number>, ours: Float32Array, tolerance: number): void {
  const difference = norm(ours.map((v, i) => v - theirs[i]!)) / norm(ours);
  if (!(difference < tolerance)) throw new Error(`onnxruntime gives other numbers, by ${difference} of their length`);
}
const norm = (v: Float32Array): number => Math.sqrt(v.reduce((sum, x) => sum + x * x, 0));
