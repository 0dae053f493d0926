// The same network of ordinary convolutions in onnxruntime: from the fused steps of a model to an ONNX graph in NCHW, batch norms folded
// into filters and biases.
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { Model } from '../../dist';
import { fuse } from '../../dist/session/fuse';
import { StepRecorder } from '../../dist/session/step-recorder';
import type { Convolution, PlanStep } from '../../dist/session/steps';

/** What is used of onnx-proto and onnxruntime-node, whose types are installed with them or not at all. */
interface Onnx {
  ModelProto: { create(fields: object): object; encode(model: object): { finish(): Uint8Array } };
  AttributeProto: { AttributeType: { INTS: number; INT: number } };
  TensorProto: { DataType: { FLOAT: number } };
}
interface Ort {
  InferenceSession: {
    create(model: Uint8Array, options: object): Promise<{ run(feeds: object): Promise<Record<string, { data: Float32Array }>> }>;
  };
  Tensor: new (type: 'float32', data: Float32Array, dims: readonly number[]) => object;
}

// From dist-bench/peers, where this file is compiled to, to the folder where the peers are installed.
const peers = createRequire(join(__dirname, '../../bench/peers/package.json'));

/** Whether the peers are installed. */
export function havePeers(): boolean {
  try {
    peers.resolve('onnxruntime-node');
    peers.resolve('onnx-proto');
    return true;
  } catch {
    return false;
  }
}

export interface OnnxNetwork {
  run(): Promise<Float32Array>;
}

/** @param x normalised images in NHWC, [batch,h,w,c] */
export async function onnxNetwork(model: Model, x: Float32Array, batch: number, threads: number): Promise<OnnxNetwork> {
  const ort: Ort = peers('onnxruntime-node');
  const [h, w, c] = model.inputShape;
  const options = { intraOpNumThreads: threads, interOpNumThreads: 1, executionMode: 'sequential', graphOptimizationLevel: 'all' };
  const session = await ort.InferenceSession.create(encode(model, batch), options);
  const input = new ort.Tensor('float32', toNchw(x, batch, h * w, c), [batch, c, h, w]);
  return { run: async () => (await session.run({ v0: input })).y!.data };
}

function toNchw(x: Float32Array, batch: number, pixels: number, channels: number): Float32Array {
  const y = new Float32Array(x.length);
  for (let n = 0; n < batch; n++)
    for (let p = 0; p < pixels; p++)
      for (let c = 0; c < channels; c++) y[(n * channels + c) * pixels + p] = x[(n * pixels + p) * channels + c]!;
  return y;
}

function encode(model: Model, batch: number): Uint8Array {
  const { onnx }: { onnx: Onnx } = peers('onnx-proto');
  const recorder = new StepRecorder([1, ...model.inputShape]);
  const output = recorder.numberOf(model.lower(recorder, recorder.input));
  const graph = new Graph(onnx);
  for (const step of fuse(recorder.steps, output)) graph.add(step);
  graph.node('Flatten', [`v${output}`], 'y', {});
  const float = (name: string, dims: readonly number[]) => ({
    name,
    type: { tensorType: { elemType: onnx.TensorProto.DataType.FLOAT, shape: { dim: dims.map((dimValue) => ({ dimValue })) } } },
  });
  const [h, w, c] = model.inputShape;
  const fields = {
    irVersion: 8,
    opsetImport: [{ version: 13 }],
    graph: {
      name: model.name,
      node: graph.nodes,
      initializer: graph.initializers,
      input: [float('v0', [batch, c, h, w])],
      output: [float('y', [batch, model.classes])],
    },
  };
  return onnx.ModelProto.encode(onnx.ModelProto.create(fields)).finish();
}

class Graph {
  readonly nodes: object[] = [];
  readonly initializers: object[] = [];
  readonly #onnx: Onnx;

  constructor(onnx: Onnx) {
    this.#onnx = onnx;
  }

  node(opType: string, input: string[], output: string, ints: Record<string, readonly number[]>): void {
    const attribute = Object.entries(ints).map(([name, values]) => ({
      name,
      ints: values,
      type: this.#onnx.AttributeProto.AttributeType.INTS,
    }));
    this.nodes.push({ opType, input, output: [output], attribute });
  }

  add(step: PlanStep): void {
    const [x, y] = [`v${step.x}`, `v${step.output}`];
    if (step.op === 'relu') this.node('Relu', [x], y, {});
    else if (step.op === 'add') this.node('Add', [x, `v${step.residual}`], y, {});
    else if (step.op === 'pool') this.node(step.kind === 'max' ? 'MaxPool' : 'AveragePool', [x], y, window(step.geometry));
    else if (step.op === 'convolution' && step.product === 'conv') this.#convolutionAndEnds(step, x, y);
    else throw new Error(`onnxruntime is compared on ordinary convolutions, not on ${step.op}`);
  }

  /** The convolution, then the residual and the rectifier, each a node of its own: onnxruntime fuses what it can. */
  #convolutionAndEnds(step: Convolution, x: string, y: string): void {
    const ends: [string, string[]][] = [];
    if (step.residual !== undefined) ends.push(['Add', [`v${step.residual}`]]);
    if (step.relu) ends.push(['Relu', []]);
    const outputs = [`${y}.conv`, `${y}.sum`].slice(0, ends.length).concat(y);
    this.#convolution(step, x, outputs[0]!);
    for (const [i, [op, others]] of ends.entries()) this.node(op, [outputs[i]!, ...others], outputs[i + 1]!, {});
  }

  #convolution({ filters, bias, scale, shift, geometry }: Convolution, x: string, y: string): void {
    const [, , , ci, co, kh, kw, , , , , dh, dw, groups] = geometry as unknown as [number, ...number[]];
    const [k, inputs] = [kh! * kw!, ci! / groups!];
    const [weights, biases] = [new Float32Array(filters.length), new Float32Array(co!)];
    for (let o = 0; o < co!; o++) {
      biases[o] = (bias?.[o] ?? 0) * (scale?.[o] ?? 1) + (shift?.[o] ?? 0);
      for (let tap = 0; tap < k; tap++)
        for (let i = 0; i < inputs; i++) weights[(o * inputs + i) * k + tap] = filters[(o * k + tap) * inputs + i]! * (scale?.[o] ?? 1);
    }
    this.#constant(`${y}.w`, weights, [co!, inputs, kh!, kw!]);
    this.#constant(`${y}.b`, biases, [co!]);
    const { kernel_shape, strides, pads } = window(geometry);
    this.node('Conv', [x, `${y}.w`, `${y}.b`], y, { kernel_shape: kernel_shape!, strides: strides!, pads: pads!, dilations: [dh!, dw!] });
  }

  #constant(name: string, data: Float32Array, dims: number[]): void {
    this.initializers.push({ name, dims, dataType: this.#onnx.TensorProto.DataType.FLOAT, rawData: new Uint8Array(data.buffer) });
  }
}

function window(geometry: Int32Array): Record<string, number[]> {
  const [, , , , , kh, kw, sh, sw, ph, pw] = geometry as unknown as number[];
  return { kernel_shape: [kh!, kw!], strides: [sh!, sw!], pads: [ph!, pw!, ph!, pw!] };
}
