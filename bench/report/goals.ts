// What the measurements should show, as ratios of times: what is possible differs between CPUs, and so do the goals.
import { find, has, layerTime, type Measurements, modelTime, shortName, trainTime, unique, wasmTime } from './measurements';

/** CPUs that one goal fits, by what bounds them: with VNNI one instruction multiplies bytes exactly and adds. */
export type CpuKind = 'Intel with VNNI' | 'AMD with VNNI' | 'without VNNI';

export interface Value {
  readonly where: string;
  readonly value: number;
}

/** No value should be above `most`; there are none where it was not measured. */
export interface Goal {
  readonly what: string;
  readonly most: number;
  readonly values: readonly Value[];
}

export function cpuKind({ models }: Measurements): CpuKind {
  const { cpu, results } = models[0]!;
  if (!results[0]!.isa.endsWith('vnni')) return 'without VNNI';
  return isIntel(cpu) ? 'Intel with VNNI' : 'AMD with VNNI';
}

const isIntel = (cpu: string): boolean => /intel/i.test(cpu);

type Network = 'resnet20' | 'resnet18';
type Task = readonly [network: Network, batch: number];
const resnet20: readonly Task[] = [
  ['resnet20', 1],
  ['resnet20', 64],
];
const resnet18: readonly Task[] = [['resnet18', 1]];
const batch1: readonly Task[] = [
  ['resnet18', 1],
  ['resnet20', 1],
];

/** Adders with fewer pairs. */
const forms = [
  { form: '2x2', name: '2x2' },
  { form: 'winograd', name: 'Winograd' },
] as const;

/** The goals in the order of the report, one thread unless they say otherwise. */
export function goalsOf(measured: Measurements): Goal[] {
  const kind = cpuKind(measured);
  const of = (what: string, most: number | Record<CpuKind, number>, values: readonly Value[]): Goal => ({
    what,
    most: typeof most === 'number' ? most : most[kind],
    values,
  });
  const most = (intel: number, amd: number, none: number) => ({
    'Intel with VNNI': intel,
    'AMD with VNNI': amd,
    'without VNNI': none,
  });
  const networks = (ours: string, theirs: string, tasks: readonly Task[]) => ofNetworks(measured, ours, theirs, tasks);
  const layers = (ours: string, theirs: string, names?: RegExp) => ofLayers(measured, ours, theirs, names);
  const byMake = (intel: number, others: number) => (isIntel(measured.models[0]!.cpu) ? intel : others);
  const { serve } = measured;
  return [
    of('8-bit adder ResNet-20 / onnxruntime int8 CNN', most(0.75, 0.55, 0.5), networks('adder u8', 'onnxruntime int8', resnet20)),
    of('the same by `run`', 0.65, networks('adder u8 run', 'onnxruntime int8', resnet20)),
    of('8-bit adder ResNet-18 / onnxruntime int8 CNN', most(1.2, 0.9, 0.6), networks('adder u8', 'onnxruntime int8', resnet18)),
    of('16-bit adder ResNet-20 / onnxruntime float CNN', most(1, 0.8, 0.8), networks('adder i16', 'onnxruntime f32', resnet20)),
    of('float adder ResNet-20 / onnxruntime float CNN', 1, networks('adder f32', 'onnxruntime f32', resnet20)),
    of('uint8 adder / int8 convolution, 8-bit weights', most(1.7, 1, 0.6), layers('adder u8', 'conv int8, 8-bit weights')),
    of('uint8 adder / onnxruntime QLinearConv', most(1.2, 0.9, 0.6), layers('adder u8', 'onnxruntime int8')),
    of(
      'uint8 adder / the same by psadbw, rows of 32, 16, 8, 56',
      most(0.72, 0.95, 0.85),
      ofPsadbw(measured, /(32x32|16x16|8x8|56x56) .*-\d+ batch/),
    ),
    of('the same, rows of 28, 14, 7', most(0.82, 0.95, 0.85), ofPsadbw(measured, /28x28|14x14|7x7/)),
    of('uint8 adder of 16 channels / its micro-op in registers', most(1.43, 1.25, 1.25), ofPeak(measured)),
    of('float adder / float convolution', 1.1, layers('adder f32', 'conv f32')),
    of('float convolution / onnxruntime Conv', 1.1, layers('conv f32', 'onnxruntime f32')),
    of('int8 convolution, 7-bit weights / onnxruntime QLinearConv', 1, layers('conv int8, 7-bit weights', 'onnxruntime int8')),
    ...forms.flatMap(({ form, name }) => [
      of(`float ${name} / float adder, 56x56 64, 28x28 128, 14x14 256`, 0.52, layers(`${form} f32`, 'adder f32 node', /56x56|28x28|14x14/)),
      of('the same, 32x32 16, 16x16 32, 8x8 64', 0.7, layers(`${form} f32`, 'adder f32 node', /32x32|16x16|8x8 /)),
      of(`uint8 ${name} / uint8 adder, 28x28 128, 14x14 256`, 0.65, layers(`${form} u8`, 'adder u8 node', /28x28|14x14/)),
      of(`float ${name} ResNet-18 / onnxruntime float CNN`, byMake(1.05, 0.6), networks(`${form} f32`, 'onnxruntime f32', resnet18)),
      of(`float ${name} ResNet-20 / onnxruntime float CNN`, byMake(1.1, 0.7), networks(`${form} f32`, 'onnxruntime f32', resnet20)),
      of(`8-bit ${name} ResNet-18 / onnxruntime int8 CNN`, byMake(0.85, 0.65), networks(`${form} u8`, 'onnxruntime int8', resnet18)),
      of(`16-bit ${name} ResNet-18 and -20 / onnxruntime float CNN`, byMake(0.65, 0.5), networks(`${form} i16`, 'onnxruntime f32', batch1)),
      of(`training step of ${name} adders / PyTorch CNN, two threads`, byMake(0.8, 0.65), ofTraining(measured, form, 'PyTorch conv', 128)),
    ]),
    of('8-bit adder ResNet-20 in WebAssembly / onnxruntime-web int8 CNN', 0.6, ofWasm(measured, 'adder u8', 'onnxruntime int8')),
    of('float adder ResNet-20 in WebAssembly / onnxruntime-web float CNN', 1.2, ofWasm(measured, 'adder f32', 'onnxruntime f32')),
    of('8-bit adder ResNet-20 in WebAssembly / the addon with SSE4.1', 1.6, ofWasm(measured, 'adder u8', 'adder u8', 'sse41')),
    of('training step / PyTorch CNN, two threads', 1, ofTraining(measured, 'adder', 'PyTorch conv', 128)),
    of('training, an image / PyTorch adder network, two threads', 0.04, ofTraining(measured, 'adder', 'PyTorch adder', 2)),
    of('images from 32 clients over HTTP / in a batch of the session', 1.25, [{ where: 'resnet20', value: 1 / serve.throughputShare }]),
    of('two threads / one, resnet20, batch 64', 0.6, [ofThreads(measured, 'adder u8'), ofThreads(measured, 'adder f32')]),
  ];
}

const onThreads = ({ models }: Measurements, threads: number) =>
  find(models, (report) => report.threads === threads, `networks on ${threads} threads`);

function ofNetworks(measured: Measurements, ours: string, theirs: string, tasks: readonly Task[]): Value[] {
  const report = onThreads(measured, 1);
  if (!has(report.results, ours)) return [];
  return tasks.map(([network, batch]) => ({
    where: `${network}, batch ${batch}`,
    value: modelTime(report, network, batch, ours) / modelTime(report, network, batch, theirs),
  }));
}

function ofWasm({ wasm }: Measurements, ours: string, theirs: string, isa = 'wasm_simd128'): Value[] {
  if (!wasm) return [];
  return [{ where: 'resnet20, batch 1', value: wasmTime(wasm, 'wasm_simd128', ours) / wasmTime(wasm, isa, theirs) }];
}

function ofLayers({ layers }: Measurements, ours: string, theirs: string, names = /./): Value[] {
  if (!has(layers.results, ours)) return [];
  return unique(layers.results.map(({ layer }) => layer))
    .filter((layer) => names.test(layer))
    .map((layer) => ({
      where: shortName(layer),
      value: layerTime(layers, layer, ours) / layerTime(layers, layer, theirs),
    }));
}

/** Seconds of byte adders by the micro-op of the CPU and by psadbw, where that is another. */
const ofPsadbw = ({ kernels, models }: Measurements, layers: RegExp): Value[] => {
  const isa = models[0]!.results[0]!.isa;
  const results = kernels.results.filter((r) => r.isa === isa && layers.test(r.layer));
  return results
    .filter(({ kernel }) => kernel === 'adderConv2d u8 psadbw')
    .map(({ layer, seconds }) => ({
      where: shortName(layer),
      value: find(results, (r) => r.layer === layer && r.kernel === 'adderConv2d u8', `adderConv2d u8 on ${layer}`).seconds / seconds,
    }));
};

const ofPeak = ({ kernels, models }: Measurements): Value[] =>
  kernels.results
    .filter(({ isa, layer, kernel }) => isa === models[0]!.results[0]!.isa && / 16-16 /.test(layer) && kernel === 'adderConv2d u8')
    .map(({ layer, share }) => ({ where: shortName(layer), value: 1 / share }));

function ofTraining({ train }: Measurements, ours: string, theirs: string, batch: number): Value[] {
  if (!has(train.results, ours)) return [];
  return [{ where: `batch 128 / ${batch}`, value: trainTime(train, ours, 128) / trainTime(train, theirs, batch) }];
}

const ofThreads = (measured: Measurements, implementation: string): Value => ({
  where: implementation,
  value:
    modelTime(onThreads(measured, 2), 'resnet20', 64, implementation) / modelTime(onThreads(measured, 1), 'resnet20', 64, implementation),
});
