// Training steps of ResNet-20 (forward, loss, backward, update) on images that stay the same; beside PyTorch's, where that is installed, one
// after the other in the same rounds: a CNN, and an adder network written from the paper's formulas.
import { cpuInfo, models, ops, Sgd, setThreads, Tensor } from '../dist';
import { native, rethrow } from '../dist/binding';
import type { TrainReport, TrainResult } from '../dist/cli/bench-results';
import { Random } from '../dist/random';
import { haveTorch, TorchTrainer } from './baselines/torch';
import { chosen, type MeasureOptions, measureAsync, opens } from './measure';
import { trainingBatches } from './workloads';

export interface TrainBenchOptions extends MeasureOptions {
  isa?: string | undefined;
  threads?: number | undefined;
  /** As `trainingBatches`, which is the default. */
  batches?: readonly [number, number] | undefined;
  onResults?: ((results: TrainResult[]) => void) | undefined;
}

/**
 * Measures a training step of every implementation.
 * @throws {AdderNetError} ERR_ISA, ERR_ARGUMENT
 */
export async function measureTrain(options: TrainBenchOptions = {}): Promise<TrainReport> {
  if (options.threads !== undefined) setThreads(options.threads);
  const { model, threads, isa: before } = cpuInfo();
  const isa = options.isa ?? before;
  const [large, small] = options.batches ?? trainingBatches;
  rethrow(() => native().setIsa(isa));
  const torch = haveTorch() ? await TorchTrainer.start(threads) : undefined;
  try {
    const implementations: Record<string, () => unknown> = {};
    for (const [name, kind, batch] of [
      ['adder', 'adder', large],
      ['2x2', 'adder-2x2', large],
      ['winograd', 'adder-winograd', large],
      ['conv', 'conv', large],
      ['xnor', 'xnor', large],
      ['adder', 'adder', small],
    ] as const)
      implementations[`${name} ${batch}`] = trainer(kind, batch);
    if (torch)
      for (const [kind, batch] of [
        ['conv', large],
        ['adder', small],
      ] as const)
        implementations[`PyTorch ${kind} ${batch}`] = () => torch.step(kind, batch);
    const group = `${isa}, resnet20`;
    opens(group, Object.keys(implementations), options);
    const medians = await measureAsync(chosen(group, implementations, options), options);
    const results = Object.entries(medians).map(([name, seconds]): TrainResult => {
      const [, implementation, size] = /^(.*) (\d+)$/.exec(name)!;
      const batch = Number(size);
      return { network: 'resnet20', isa, implementation: implementation!, batch, seconds, millisecondsPerImage: (1000 * seconds) / batch };
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
function trainer(kind: models.NetworkKind, batch: number): () => void {
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
