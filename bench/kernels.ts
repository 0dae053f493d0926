// Rates of the kernels on layers of the networks, each beside the peak of its micro-op, measured in the same rounds.
import { type ConvOptions, cpuInfo, ops, type Shape, setThreads, Tensor } from '../dist';
import { native, rethrow } from '../dist/binding';
import type { KernelReport, KernelResult } from '../dist/cli/bench-results';
import { Random } from '../dist/random';
import { isChosen, type MeasureOptions, measure } from './measure';
import { type Layer, layerName, layers, pairs } from './workloads';

/** Where integers are drawn from: all numbers of so many bits. */
type Range<A extends ops.IntegerArray> = readonly [Numbers: new (length: number) => A, bits: number];
export const u8: Range<Uint8Array> = [Uint8Array, 8];
export const i8: Range<Int8Array> = [Int8Array, 8];
export const i7: Range<Int8Array> = [Int8Array, 7];
const i16: Range<Int16Array> = [Int16Array, 16];

export interface Kernel {
  readonly name: string;
  /** The byte adder that computes it, where that is not the active one. */
  readonly byteAdder?: string;
  /** The micro-op it is made of, a name of native/cpu/peak.cc. */
  readonly peak: string;
  /** Makes the tensors and returns a function that computes the layer once. */
  readonly prepare: (layer: Layer) => () => void;
}
export const kernels: readonly Kernel[] = [
  { name: 'adderConv2d f32', peak: 'l1 f32', prepare: forward(ops.adderConv2d) },
  { name: 'conv2d f32', peak: 'dot f32', prepare: forward(ops.conv2d) },
  {
    name: 'adderConv2dGradInput f32',
    peak: 'dot f32',
    prepare: backward((gy, x, w, o, { gx }) => ops.adderConv2dGradInput(gy, x, w, { ...o, out: gx })),
  },
  {
    name: 'adderConv2dGradFilter f32',
    peak: 'dot f32',
    prepare: backward((gy, x, w, o, { gw }) => ops.adderConv2dGradFilter(gy, x, w, { ...o, out: gw })),
  },
  {
    name: 'conv2dGradInput f32',
    peak: 'dot f32',
    prepare: backward((gy, x, w, o, { gx }) => ops.conv2dGradInput(gy, w, x.shape, { ...o, out: gx })),
  },
  {
    name: 'conv2dGradFilter f32',
    peak: 'dot f32',
    prepare: backward((gy, x, w, o, { gw }) => ops.conv2dGradFilter(gy, x, w.shape, { ...o, out: gw })),
  },
  { name: 'xnorConv2d', peak: 'xnor', prepare: forward(ops.xnorConv2d) },
  { name: 'adderConv2d u8', peak: 'l1 u8', prepare: integer(ops.adderConv2d, u8, u8) },
  { name: 'adderConv2d i8', peak: 'l1 u8', prepare: integer(ops.adderConv2d, i8, i8) },
  { name: 'adderConv2d i16', peak: 'l1 i16', prepare: integer(ops.adderConv2d, i16, i16) },
  { name: 'int8Conv2d 8-bit weights', peak: 'dot 8-bit', prepare: integer(ops.int8Conv2d, u8, i8) },
  {
    name: 'int8Conv2d 7-bit weights',
    peak: 'dot 7-bit',
    prepare: integer((x, filters, o) => ops.int8Conv2d(x, filters, { ...o, weightBits: 7 }), u8, i7),
  },
];

export function normal(shape: Shape): Tensor {
  const tensor = Tensor.zeros(shape);
  new Random(1).fillNormal(tensor.data);
  return tensor;
}

export function forward(op: typeof ops.conv2d): Kernel['prepare'] {
  return ({ x: shape, co, stride }) => {
    const [x, filters] = [normal(shape), normal([co, 3, 3, shape[3]])];
    const out = op(x, filters, { stride, padding: 1 });
    return () => op(x, filters, { stride, padding: 1, out });
  };
}

export function uniform<A extends ops.IntegerArray>(shape: Shape, [Numbers, bits]: Range<A>): Tensor<A> {
  const random = new Random(1);
  const data = new Numbers(shape.reduce((a, b) => a * b));
  // From -2^(bits - 1) on; what has no sign wraps around.
  for (let i = 0; i < data.length; i++) data[i] = Math.floor((random.uniform() - 0.5) * 2 ** bits);
  return new Tensor(data, shape);
}

type IntegerOp<X extends ops.IntegerArray, W extends ops.IntegerArray> = (
  x: Tensor<X>,
  filters: Tensor<W>,
  options: ops.IntegerConvolutionOptions,
) => Tensor<Int32Array>;
function integer<X extends ops.IntegerArray, W extends ops.IntegerArray>(
  op: IntegerOp<X, W>,
  xRange: Range<X>,
  filterRange: Range<W>,
): Kernel['prepare'] {
  return ({ x: shape, co, stride }) => {
    const [x, filters] = [uniform(shape, xRange), uniform([co, 3, 3, shape[3]], filterRange)];
    const out = op(x, filters, { stride, padding: 1 });
    return () => op(x, filters, { stride, padding: 1, out });
  };
}

interface Gradients {
  gx: Tensor;
  gw: Tensor;
}
function backward(op: (gy: Tensor, x: Tensor, filters: Tensor, options: ConvOptions, out: Gradients) => void): Kernel['prepare'] {
  return ({ x: shape, co, stride }) => {
    const [x, filters] = [normal(shape), normal([co, 3, 3, shape[3]])];
    const gy = normal(ops.conv2d(x, filters, { stride, padding: 1 }).shape);
    const [options, out] = [
      { stride, padding: 1 },
      { gx: Tensor.zeros(x.shape), gw: Tensor.zeros(filters.shape) },
    ];
    return () => op(gy, x, filters, options, out);
  };
}

export interface KernelOptions extends MeasureOptions {
  /** One instruction set instead of all that this CPU has. */
  isa?: string | undefined;
  threads?: number | undefined;
  layers?: readonly Layer[] | undefined;
  /** Called when a layer is done. */
  onResults?: ((results: KernelResult[]) => void) | undefined;
}

/** Those of the active instruction set: adders of bytes in each of its ways, beginning with the active one. */
function kernelsOfIsa(): readonly Kernel[] {
  const { byteAdder: active, byteAdders } = cpuInfo();
  const others = byteAdders.filter((byteAdder) => byteAdder !== active);
  return kernels.flatMap((kernel) =>
    kernel.name !== 'adderConv2d u8'
      ? [kernel]
      : [kernel, ...others.map((byteAdder) => ({ ...kernel, name: `${kernel.name} ${byteAdder}`, byteAdder, peak: `l1 u8 ${byteAdder}` }))],
  );
}

/**
 * Measures every kernel on every layer, after the peaks of their micro-ops.
 * @throws {AdderNetError} ERR_ISA, ERR_ARGUMENT; ERR_PEER_MISSING if benchmark.js is not installed
 */
export function measureKernels(options: KernelOptions = {}): KernelReport {
  if (options.threads !== undefined) setThreads(options.threads);
  const { model, supported, threads, isa: before, byteAdder } = cpuInfo();
  const results: KernelResult[] = [];
  for (const isa of options.isa === undefined ? supported : [options.isa]) {
    rethrow(() => native().setIsa(isa));
    const peaks = measurePeaks(isa, options);
    if (peaks.length > 0) options.onResults?.(peaks);
    results.push(...peaks);
    for (const layer of options.layers ?? layers) {
      const ofLayer = measureLayer(isa, layer, isa === 'scalar' ? { ...options, rounds: 2 } : options); // else that alone takes 20 minutes
      options.onResults?.(ofLayer);
      results.push(...ofLayer);
    }
  }
  native().setIsa(before);
  native().setByteAdder(byteAdder);
  return { cpu: model, threads, results };
}

/** The layer of a result that is a peak. */
export const inRegisters = 'in registers';

function measurePeaks(isa: string, options: MeasureOptions): KernelResult[] {
  const { byteAdder } = cpuInfo();
  const group = `${isa}, ${inRegisters}`;
  const names = native()
    .peakNames()
    .filter((name) => isChosen(group, name, options));
  const rounds = 1e5;
  const medians = measure(Object.fromEntries(names.map((name) => [name, () => native().peak(name, rounds)])), options);
  return names.map((name) => {
    const rate = (native().peak(name, 1) * rounds) / medians[name]! / 1e9;
    return { isa, byteAdder, layer: inRegisters, kernel: name, seconds: medians[name]!, rate, peak: rate, share: 1 };
  });
}

/** A kernel's peak is as many pairs of its micro-op in registers: both take about as long, and other programs disturb both alike. */
function measureLayer(isa: string, layer: Layer, options: MeasureOptions): KernelResult[] {
  const runs: Record<string, () => void> = {};
  const group = `${isa}, ${layerName(layer)}`;
  const { byteAdder: active } = cpuInfo();
  const chosen = kernelsOfIsa().filter(({ name }) => isChosen(group, name, options));
  if (chosen.length > 0) options.onGroup?.(group);
  for (const { name, peak, prepare, byteAdder = active } of chosen) {
    const iterations = Math.ceil(pairs(layer) / native().peak(peak, 1));
    const run = prepare(layer);
    runs[name] = () => {
      native().setByteAdder(byteAdder);
      run();
    };
    runs[`${name}: peak`] = () => native().peak(peak, iterations);
  }
  const medians = measure(runs, options);
  native().setByteAdder(active);
  return chosen.map(({ name, byteAdder = active }) => {
    const seconds = medians[name]!;
    const [rate, peak] = [pairs(layer) / seconds / 1e9, pairs(layer) / medians[`${name}: peak`]! / 1e9];
    return { isa, byteAdder, layer: layerName(layer), kernel: name, seconds, rate, peak, share: rate / peak };
  });
}
