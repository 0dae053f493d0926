// ONNX graphs, written node by node, and onnxruntime to run them: the little of both packages that the comparisons need.
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { Size } from '../../dist/graph';
import type { Sides } from '../../dist/shape';

/** What is used of onnx-proto and onnxruntime, whose types are installed with them or not at all. */
interface Onnx {
  ModelProto: { create(fields: object): object; encode(model: object): { finish(): Uint8Array } };
  AttributeProto: { AttributeType: { INTS: number; INT: number } };
  TensorProto: { DataType: Record<'FLOAT' | 'UINT8' | 'INT8' | 'INT32', number> };
}
interface Ort {
  InferenceSession: { create(model: Uint8Array, options: object): Promise<{ run(feeds: object): Promise<Outputs> }> };
  env: { wasm?: { numThreads?: number } };
  Tensor: new (type: 'float32' | 'uint8', data: Float32Array | Uint8Array, dims: readonly number[]) => object;
}
type Outputs = Record<string, { data: Float32Array | Uint8Array }>;
type Numbers = Float32Array | Uint8Array | Int8Array | Int32Array;

// From dist-bench/baselines, where this file is compiled to, to the folder where they are installed.
const baselines = createRequire(join(__dirname, '../../bench/baselines/package.json'));

/** onnxruntime as a native addon, or in WebAssembly. */
export type Runtime = 'onnxruntime-node' | 'onnxruntime-web';

/** Whether they are installed. */
export function haveBaselines(runtime: Runtime = 'onnxruntime-node'): boolean {
  try {
    baselines.resolve(runtime);
    baselines.resolve('onnx-proto');
    return true;
  } catch {
    return false;
  }
}

/** An ONNX graph from the value `v0`, images, on. */
export class OnnxGraph {
  readonly #onnx: Onnx = baselines('onnx-proto').onnx;
  readonly #nodes: object[] = [];
  readonly #initializers: object[] = [];

  /** @param domain '' for the operators of the standard, 'com.microsoft' for onnxruntime's own */
  node(
    opType: string,
    input: readonly string[],
    output: string,
    attributes: Record<string, number | readonly number[]> = {},
    domain = '',
  ): void {
    const { INT, INTS } = this.#onnx.AttributeProto.AttributeType;
    const attribute = Object.entries(attributes).map(([name, value]) =>
      typeof value === 'number' ? { name, i: value, type: INT } : { name, ints: value, type: INTS },
    );
    this.#nodes.push({ opType, input, output: [output], attribute, domain });
  }

  /** A constant; returns its name. No dims: a scalar. */
  constant(name: string, data: Numbers, dims: readonly number[] = []): string {
    const rawData = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    this.#initializers.push({ name, dims, dataType: this.#type(data), rawData });
    return name;
  }

  /**
   * Makes it ready to run on `x`.
   * @param outputs values to give, of the type of `sample`
   */
  async session({
    x,
    dims,
    outputs,
    sample = new Float32Array(),
    threads,
    runtime = 'onnxruntime-node',
  }: SessionOptions): Promise<OnnxSession> {
    const { ModelProto } = this.#onnx;
    const graph = {
      name: 'network',
      node: this.#nodes,
      initializer: this.#initializers,
      input: [{ name: 'v0', type: { tensorType: { elemType: this.#type(x), shape: { dim: dims.map((dimValue) => ({ dimValue })) } } } }],
      output: outputs.map((name) => ({ name, type: { tensorType: { elemType: this.#type(sample) } } })),
    };
    const opsetImport = [{ version: 13 }, { domain: 'com.microsoft', version: 1 }];
    const model = ModelProto.encode(ModelProto.create({ irVersion: 8, opsetImport, graph })).finish();
    const ort: Ort = baselines(runtime);
    if (ort.env.wasm) ort.env.wasm.numThreads = threads;
    const options = { intraOpNumThreads: threads, interOpNumThreads: 1, executionMode: 'sequential', graphOptimizationLevel: 'all' };
    const session = await ort.InferenceSession.create(model, { ...options, logSeverityLevel: 3 });
    const input = new ort.Tensor(x instanceof Float32Array ? 'float32' : 'uint8', x, dims);
    return { run: () => session.run({ v0: input }) };
  }

  #type(data: Numbers): number {
    const { FLOAT, UINT8, INT8, INT32 } = this.#onnx.TensorProto.DataType;
    if (data instanceof Float32Array) return FLOAT;
    return data instanceof Uint8Array ? UINT8 : data instanceof Int8Array ? INT8 : INT32;
  }
}

interface SessionOptions {
  readonly x: Float32Array | Uint8Array;
  readonly dims: readonly number[];
  readonly outputs: readonly string[];
  readonly sample?: Float32Array | Uint8Array;
  readonly threads: number;
  /** Default: onnxruntime-node. */
  readonly runtime?: Runtime | undefined;
}
export interface OnnxSession {
  run(): Promise<Outputs>;
}

/** The window of a convolution or a pooling, as ONNX wants it. */
export const windowAttributes = ({ stride, padding }: { stride: Size; padding: Sides }, kernel: readonly number[]) => ({
  kernel_shape: kernel,
  strides: stride,
  pads: padding,
});

/** [n][pixels][channels] to [n][channels][pixels] */
export function toNchw<A extends Float32Array | Uint8Array>(x: A, n: number, pixels: number, channels: number): A {
  const y = x.slice() as A;
  for (let i = 0; i < n; i++)
    for (let p = 0; p < pixels; p++)
      for (let c = 0; c < channels; c++) y[(i * channels + c) * pixels + p] = x[(i * pixels + p) * channels + c]!;
  return y;
}
