// Whole networks, compiled: adders in bytes and floats and multiplications here, and the same multiplications in onnxruntime where it is installed
// (bench/peers), one after the other in the same rounds.
import { compile, cpuInfo, type InferenceSession, type Model, models, quantize, setThreads, Tensor } from '../dist';
import { native, rethrow } from '../dist/binding';
import { Random } from '../dist/random';
import { type MeasureOptions, measureAsync } from './measure';
import { havePeers, onnxNetwork } from './peers/onnxruntime';

export interface Task {
  readonly network: 'resnet20' | 'resnet18';
  readonly batch: number;
}
export const tasks: readonly Task[] = [
  { network: 'resnet20', batch: 1 },
  { network: 'resnet20', batch: 64 },
  { network: 'resnet18', batch: 1 },
];

export interface ModelResult extends Task {
  isa: string;
  /** Who computes what: `adder u8`, `adder f32`, `conv f32`, `onnxruntime f32`; ` run` where it is the asynchronous call. */
  contestant: string;
  /** Median of one run. */
  seconds: number;
  imagesPerSecond: number;
  /** Time relative to onnxruntime's, where that is installed. */
  ratio?: number;
}
export interface ModelReport {
  cpu: string;
  threads: number;
  peers: boolean;
  results: ModelResult[];
}
export interface ModelBenchOptions extends MeasureOptions {
  /** Default: the best of this CPU. onnxruntime chooses its own. */
  isa?: string | undefined;
  threads?: number | undefined;
  tasks?: readonly Task[] | undefined;
  onTask?: ((results: ModelResult[]) => void) | undefined;
}

/**
 * Measures every network with every contestant.
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
      options.onTask?.(ofTask);
      results.push(...ofTask);
    }
  } finally {
    native().setIsa(before);
  }
  return { cpu: model, threads, peers: havePeers(), results };
}

async function measureTask({ network, batch }: Task, isa: string, threads: number, options: MeasureOptions): Promise<ModelResult[]> {
  const [adder, conv] = [models[network]({ unit: 'adder', seed: 1 }), models[network]({ unit: 'conv', seed: 1 })];
  const x = Tensor.zeros([batch, ...adder.inputShape]);
  new Random(1).fillNormal(x.data);
  const bytes = await compile(await quantize(settled(adder), x), { threads });
  const sessions = [await compile(adder, { threads }), await compile(settled(conv), { threads }), bytes] as const;
  const sync = (session: InferenceSession) => {
    const out = Tensor.zeros([batch, ...session.outputShape]);
    return () => void session.runSync(x, { out });
  };
  const contestants: Record<string, () => void | Promise<void>> = {
    'adder u8': sync(bytes),
    'adder u8 run': async () => void (await bytes.run(x)),
    'adder f32': sync(sessions[0]),
    'adder f32 run': async () => void (await sessions[0].run(x)),
    'conv f32': sync(sessions[1]),
  };
  const reference = 'onnxruntime f32';
  if (havePeers()) {
    const onnx = await onnxNetwork(conv, x.data, batch, threads);
    checkSame(await onnx.run(), sessions[1].runSync(x).data);
    contestants[reference] = async () => void (await onnx.run());
  }
  const medians = await measureAsync(contestants, options);
  for (const session of sessions) session.dispose();
  return Object.entries(medians).map(([contestant, seconds]) => ({
    network,
    batch,
    isa,
    contestant,
    seconds,
    imagesPerSecond: batch / seconds,
    ...(reference in medians && { ratio: seconds / medians[reference]! }),
  }));
}

/** Batch norms that let something through: of a network that has seen images. */
function settled(model: Model): Model {
  const x = Tensor.zeros([2, ...model.inputShape]);
  new Random(2).fillNormal(x.data);
  for (let step = 0; step < 40; step++) model.forward(x, { training: true });
  return model;
}

/** The peer computes the same network: otherwise the comparison means nothing. */
function checkSame(theirs: Float32Array, ours: Float32Array): void {
  const norm = (v: Float32Array) => Math.hypot(...v);
  const difference = norm(theirs.map((v, i) => v - ours[i]!)) / norm(ours);
  if (!(difference < 1e-3)) throw new Error(`onnxruntime gives other logits, by ${difference} of their length`);
}
