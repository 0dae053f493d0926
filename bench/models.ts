// Compiled networks: adders, adders with 2x2 windows and Winograd adders, a CNN and a binary network here, and the same CNN in onnxruntime in floats
// and in 8 bits, where it is installed (bench/baselines), one after the other in the same rounds.
import { compile, cpuInfo, type Model, models, quantize, setThreads, Tensor } from '../dist';
import { native, rethrow } from '../dist/binding';
import type { ModelReport, ModelResult } from '../dist/cli/bench-results';
import { Random } from '../dist/random';
import { checkSame, haveBaselines, onnxNetworks } from './baselines/onnxruntime';
import { chosen, type MeasureOptions, measureAsync, opens } from './measure';
import { type Task, tasks } from './workloads';

export interface ModelBenchOptions extends MeasureOptions {
  /** Default: the best of this CPU. onnxruntime chooses its own. */
  isa?: string | undefined;
  threads?: number | undefined;
  tasks?: readonly Task[] | undefined;
  onResults?: ((results: ModelResult[]) => void) | undefined;
}

/**
 * Measures every network in every implementation.
 * @throws {AdderNetError} ERR_ISA, ERR_ARGUMENT
 */
export async function measureModels(options: ModelBenchOptions = {}): Promise<ModelReport> {
  if (options.threads !== undefined) setThreads(options.threads);
  const { model, threads, isa: before } = cpuInfo();
  const isa = options.isa ?? before;
  rethrow(() => native().setIsa(isa));
  const results: ModelResult[] = [];
  try {
    for (const task of options.tasks ?? tasks) {
      const ofTask = await measureTask(task, isa, threads, options);
      options.onResults?.(ofTask);
      results.push(...ofTask);
    }
  } finally {
    native().setIsa(before);
  }
  return { cpu: model, threads, baselines: haveBaselines(), results };
}

/** The networks of a task, and images for them. The caller disposes of the sessions. */
export async function compileTask({ network, batch }: Task, threads: number) {
  const make = (kind: models.NetworkKind) => settled(models[network]({ kind, seed: 1 }));
  const [adder, even, winograd, conv] = [make('adder'), make('adder-2x2'), make('adder-winograd'), make('conv')];
  const x = Tensor.zeros([batch, ...adder.inputShape]);
  new Random(1).fillNormal(x.data);
  const sessions = {
    'adder u8': await compile(await quantize(adder, x), { threads }),
    'adder i16': await compile(await quantize(adder, x, { bits: 16 }), { threads }),
    'adder f32': await compile(adder, { threads }),
    '2x2 u8': await compile(await quantize(even, x), { threads }),
    '2x2 i16': await compile(await quantize(even, x, { bits: 16 }), { threads }),
    '2x2 f32': await compile(even, { threads }),
    'winograd u8': await compile(await quantize(winograd, x), { threads }),
    'winograd i16': await compile(await quantize(winograd, x, { bits: 16 }), { threads }),
    'winograd f32': await compile(winograd, { threads }),
    'conv f32': await compile(conv, { threads }),
    xnor: await compile(make('xnor'), { threads }),
  };
  return { conv, sessions, x };
}

const names = [
  ...['adder u8', 'adder u8 run', 'adder i16', 'adder i16 run', 'adder f32', 'adder f32 run'],
  ...['2x2 u8', '2x2 i16', '2x2 f32', 'winograd u8', 'winograd i16', 'winograd f32', 'conv f32', 'xnor'],
];
const baselineNames = ['onnxruntime f32', 'onnxruntime int8'];

async function measureTask(task: Task, isa: string, threads: number, options: MeasureOptions): Promise<ModelResult[]> {
  const { network, batch } = task;
  const group = `${isa}, ${network}, batch ${batch}`;
  if (!opens(group, [...names, ...(haveBaselines() ? baselineNames : [])], options)) return [];
  const { conv, sessions, x } = await compileTask(task, threads);
  const implementations: Record<string, () => unknown> = {};
  for (const [name, session] of Object.entries(sessions)) {
    const out = Tensor.zeros([batch, ...session.outputShape]);
    implementations[name] = () => session.runSync(x, { out });
    if (name.startsWith('adder')) implementations[`${name} run`] = () => session.run(x);
  }
  if (haveBaselines()) {
    const { f32, int8 } = await onnxNetworks(conv, x.data, batch, threads);
    const logits = sessions['conv f32'].runSync(x).data;
    checkSame(await f32(), logits, 1e-3);
    checkSame(await int8(), logits, 0.5); // 1 % a layer, which grows through a network of random filters
    Object.assign(implementations, { 'onnxruntime f32': f32, 'onnxruntime int8': int8 });
  }
  const medians = await measureAsync(chosen(group, implementations, options), options);
  for (const session of Object.values(sessions)) session.dispose();
  const { 'onnxruntime f32': f32, 'onnxruntime int8': int8 } = medians;
  return Object.entries(medians).map(([implementation, seconds]) => ({
    network,
    batch,
    isa,
    implementation,
    seconds,
    imagesPerSecond: batch / seconds,
    ...(f32 && int8 && { ratios: { f32: seconds / f32, int8: seconds / int8 } }),
  }));
}

/** Batch norms that let something through: of a network that has seen images. */
export function settled(model: Model): Model {
  const x = Tensor.zeros([2, ...model.inputShape]);
  new Random(2).fillNormal(x.data);
  for (let step = 0; step < 40; step++) model.forward(x, { training: true });
  return model;
}
