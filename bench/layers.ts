// Single layers, from bytes to bytes or from floats to floats, beside onnxruntime's (bench/baselines) in the same rounds. Adders with fewer pairs, and
// those that they are compared with (`node`), are compiled; the others are operations, which pack their filters in each call.
import { compile, cpuInfo, type InferenceSession, layers as nn, ops, setThreads, Tensor } from '../dist';
import { native, rethrow } from '../dist/binding';
import type { LayerReport, LayerResult } from '../dist/cli/bench-results';
import { Random } from '../dist/random';
import { chainLength, checkSame, haveBaselines, onnxLayers } from './baselines/onnxruntime';
import { forward, i7, i8, normal, u8, uniform } from './kernels';
import { chosen, type MeasureOptions, measureAsync, opens } from './measure';
import { quantizedLayer } from './quantized-layer';
import { chainableLayers, type Layer, layerName, pairs } from './workloads';

export interface LayerOptions extends MeasureOptions {
  /** Default: the best of this CPU. onnxruntime chooses its own. */
  isa?: string | undefined;
  /** Default 1. */
  threads?: number | undefined;
  layers?: readonly Layer[] | undefined;
  onResults?: ((results: LayerResult[]) => void) | undefined;
}

/**
 * Measures every layer in every implementation.
 * @throws {AdderNetError} ERR_ISA, ERR_ARGUMENT
 */
export async function measureLayers(options: LayerOptions = {}): Promise<LayerReport> {
  const { threads = 1, onResults } = options;
  const { model, threads: threadsBefore, isa: before } = cpuInfo();
  const isa = options.isa ?? before;
  rethrow(() => native().setIsa(isa));
  setThreads(threads);
  const results: LayerResult[] = [];
  try {
    for (const layer of options.layers ?? chainableLayers) {
      const ofLayer = await measureLayer(layer, isa, threads, options);
      onResults?.(ofLayer);
      results.push(...ofLayer);
    }
  } finally {
    native().setIsa(before);
    setThreads(threadsBefore);
  }
  return { cpu: model, threads, baselines: haveBaselines(), results };
}

async function measureLayer(layer: Layer, isa: string, threads: number, options: MeasureOptions): Promise<LayerResult[]> {
  const group = `${isa}, ${layerName(layer)}`;
  const x = normal(layer.x);
  const floats = {
    'adder f32 node': await floatLayer(layer, 'adder', threads),
    '2x2 f32': await floatLayer(layer, 'adder-2x2', threads),
    'winograd f32': await floatLayer(layer, 'adder-winograd', threads),
  };
  const out = Tensor.zeros([...layer.x.slice(0, 3), layer.co]);
  const nodes = {
    'adder u8 node': await quantizedLayer(layer, x, { kind: 'adder', dtype: 'u8', threads }),
    '2x2 u8': await quantizedLayer(layer, x, { kind: 'adder-2x2', dtype: 'u8', threads }),
    'winograd u8': await quantizedLayer(layer, x, { kind: 'adder-winograd', dtype: 'u8', threads }),
    'adder i16': await quantizedLayer(layer, x, { kind: 'adder', dtype: 'i16', threads }),
    '2x2 i16': await quantizedLayer(layer, x, { kind: 'adder-2x2', dtype: 'i16', threads }),
    'winograd i16': await quantizedLayer(layer, x, { kind: 'adder-winograd', dtype: 'i16', threads }),
  };
  const implementations: Record<string, () => unknown> = {
    'adder f32': forward(ops.adderConv2d)(layer),
    'conv f32': forward(ops.conv2d)(layer),
    xnor: forward(ops.xnorConv2d)(layer),
    'adder u8': requantized(layer, (x, o) => {
      const filters = uniform(filterShape(layer), u8);
      return (out) => ops.adderConv2dRequantized(x, filters, { ...o, out });
    }),
    ...Object.fromEntries(
      ([8, 7] as const).map((weightBits) => [
        `conv int8, ${weightBits}-bit weights`,
        requantized(layer, (x, o) => {
          const filters = uniform(filterShape(layer), weightBits === 8 ? i8 : i7);
          return (out) => ops.int8Conv2dRequantized(x, filters, { ...o, weightBits, out });
        }),
      ]),
    ),
    ...Object.fromEntries(Object.entries(floats).map(([name, session]) => [name, () => session.runSync(x, { out })])),
    ...Object.fromEntries(Object.entries(nodes).map(([name, { run }]) => [name, run])),
    ...(haveBaselines() && (await onnxruntimeOf(layer, threads))),
  };
  const isAny = opens(group, Object.keys(implementations), options);
  const medians = isAny ? await measureAsync(chosen(group, implementations, options), options) : {};
  for (const session of [...Object.values(floats), ...Object.values(nodes).map((node) => node.session)]) session.dispose();
  return Object.entries(medians).map(([implementation, median]) => {
    const seconds = implementation === 'onnxruntime f32' ? median / chainLength : median;
    return { isa, layer: layerName(layer), implementation, seconds, rate: pairs(layer) / seconds / 1e9 };
  });
}

/** A layer of floats as a network runs it. */
async function floatLayer(
  { x: [, h, w, ci], co }: Layer,
  kind: 'adder' | 'adder-2x2' | 'adder-winograd',
  threads: number,
): Promise<InferenceSession> {
  const layer = {
    adder: () => [new nn.AdderConv2d(ci, co, { kernel: 3, padding: 1 })],
    'adder-2x2': () => [new nn.SymmetricPad2d(), new nn.AdderConv2d(ci, co, { kernel: 2, center: true })],
    'adder-winograd': () => [new nn.WinogradAdderConv2d(ci, co, { padding: 1 })],
  };
  return await compile(new nn.Sequential(layer[kind]()), { input: [h, w, ci], threads });
}

const filterShape = ({ x, co }: Layer) => [co, 3, 3, x[3]] as const;

/** An integer convolution of 0 ... 255 that ends in 0 ... 255. */
function requantized(
  { x: shape, co }: Layer,
  prepare: (x: Tensor<Uint8Array>, options: ops.RequantizeOptions) => (out: Tensor<Uint8Array>) => unknown,
): () => unknown {
  const [scale, shift] = [0.001, 128].map((value) => new Tensor(new Float32Array(co).fill(value), [co]));
  const run = prepare(uniform(shape, u8), { padding: 1, scale: scale!, shift: shift! });
  const out = Tensor.zeros([...shape.slice(0, 3), co], 'u8');
  return () => run(out);
}

/** A chain of the same layer in onnxruntime, which gives what the same chain gives here. */
async function onnxruntimeOf({ x: shape, co }: Layer, threads: number): Promise<Record<string, () => unknown>> {
  const [n, ...image] = shape;
  const convolution = new nn.Conv2d(co, co, { kernel: 3, padding: 1, random: new Random(1) });
  const x = normal(shape);
  const { f32, int8 } = await onnxLayers(convolution, x, threads);
  const chain = Array.from({ length: chainLength }, () => [convolution, new nn.Relu()]).flat();
  const session = await compile(new nn.Sequential(chain), { input: image });
  checkSame(toNhwc((await f32()) as Float32Array, n, co), session.runSync(x).data, 1e-3);
  session.dispose();
  return { 'onnxruntime f32': f32, 'onnxruntime int8': int8 };
}

function toNhwc(x: Float32Array, n: number, channels: number): Float32Array {
  const pixels = x.length / n / channels;
  const y = new Float32Array(x.length);
  for (let i = 0; i < n; i++)
    for (let c = 0; c < channels; c++)
      for (let p = 0; p < pixels; p++) y[(i * pixels + p) * channels + c] = x[(i * channels + c) * pixels + p]!;
  return y;
}
