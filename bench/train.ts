// Training steps of ResNet-20, forward, loss, backward and update, on images that stay the same; beside PyTorch's, where that is installed,
// one after the other in the same rounds. PyTorch takes them of its own convolutions, and of adders written from the paper's formulas.
import { cpuInfo, models, ops, Sgd, setThreads, Tensor } from '../dist';
import { native, rethrow } from '../dist/binding';
import { Random } from '../dist/random';
import { chosen, type MeasureOptions, measureAsync, opens } from './measure';
import { haveTorch, TorchTrainer } from './peers/torch';

export interface TrainResult {
  network: 'resnet20';
  isa: string;
  /** Who takes the steps: `adder`, `conv`, `xnor`, `PyTorch conv`, `PyTorch adder`. */
  contestant: string;
  batch: number;
  /** Median of one step. */
  seconds: number;
  millisecondsPerImage: number;
}
export interface TrainReport {
  cpu: string;
  threads: number;
  /** Version of PyTorch; null where it is not installed. */
  torch: string | null;
  /** Largest memory of this process so far. */
  residentBytes: number;
  results: TrainResult[];
}
export interface TrainBenchOptions extends MeasureOptions {
  isa?: string | undefined;
  threads?: number | undefined;
  /** Images of a step; and of a step beside PyTorch's adders. Default 128 and 2. */
  batches?: readonly [number, number] | undefined;
  onResults?: ((results: TrainResult[]) => void) | undefined;
}

/**
 * Measures a training step of every contestant.
 * @throws {AdderNetError} ERR_ISA, ERR_ARGUMENT
 */
export async function measureTrain(options: TrainBenchOptions = {}): Promise<TrainReport> {
  if (options.threads !== undefined) setThreads(options.threads);
  const { model, threads, isa: before } = cpuInfo();
  const isa = options.isa ?? before;
  const [large, small] = options.batches ?? [128, 2];
  rethrow(() => native().setIsa(isa));
  const torch = haveTorch() ? await TorchTrainer.start(threads) : undefined;
  try {
    const contestants: Record<string, () => unknown> = {};
    for (const [kind, batch] of [
      ['adder', large],
      ['conv', large],
      ['xnor', large],
      ['adder', small],
    ] as const)
      contestants[`${kind} ${batch}`] = trainer(kind, batch);
    if (torch)
      for (const [kind, batch] of [
        ['conv', large],
        ['adder', small],
      ] as const)
        contestants[`PyTorch ${kind} ${batch}`] = () => torch.step(kind, batch);
    const group = `${isa}, resnet20`;
    opens(group, Object.keys(contestants), options);
    const medians = await measureAsync(chosen(group, contestants, options), options);
    const results = Object.entries(medians).map(([name, seconds]): TrainResult => {
      const [, contestant, size] = /^(.*) (\d+)$/.exec(name)!;
      const batch = Number(size);
      return { network: 'resnet20', isa, contestant: contestant!, batch, seconds, millisecondsPerImage: (1000 * seconds) / batch };
    });
    options.onResults?.(results);
    const residentBytes = process.resourceUsage().maxRSS * 1024;
    return { cpu: model, threads, torch: torch?.version ?? null, residentBytes, results };
  } finally {
    torch?.stop();
    native().setIsa(before);
  }
}

/** A step as `fit` takes it. */
function trainer(kind: models.ConvKind, batch: number): () => void {
  const model = models.resnet20({ kind, seed: 1 });
  const optimizer = new Sgd(model.parameters(), { lr: 0.1, momentum: 0.9, weightDecay: 5e-4, adder: { rate: 'adaptive', eta: 0.2 } });
  const x = Tensor.zeros([batch, ...model.inputShape]);
  new Random(1).fillNormal(x.data);
  const targets = Int32Array.from({ length: batch }, (_, i) => i % model.classes);
  return () => {
    const { grad } = ops.softmaxCrossEntropy(model.forward(x, { training: true }), targets);
    model.backward(grad, { inputGradient: false });
    optimizer.step(1);
  };
}
