import { cpuInfo, setThreads } from '../cpu';
import { load } from '../models';
import { evaluate } from '../train/evaluate';
import { openData } from './open-data';
import { startProgress } from './progress';

interface EvaluateArguments {
  weights: string;
  model?: string;
  dataset?: string;
  data?: string;
  limit?: number;
  batch: number;
  threads?: number;
  json?: boolean;
}

export async function evaluateCommand({
  weights,
  model: name,
  dataset: datasetName,
  data,
  limit,
  batch,
  threads,
  json,
}: EvaluateArguments): Promise<void> {
  if (threads !== undefined) setThreads(threads);
  const model = await load(weights, { model: name });
  const dataset = await openData(datasetName ?? model.metadata.dataset, data, 'test', model.inputShape);
  const progress = startProgress('evaluating', Math.min(limit ?? dataset.length, dataset.length), { quiet: json === true });
  const result = await evaluate(model, dataset, { batch, limit, onBatch: (done) => progress.update(done) }).finally(() => progress.stop());

  const { isa, threads: used } = cpuInfo();
  if (json) console.log(JSON.stringify({ ...result, dtype: 'f32', isa, threads: used }));
  else
    console.log(
      [
        `${model.name} (${model.unit}) on ${result.images} test images of ${dataset.name}`,
        `top-1 ${percent(result.top1)}   top-5 ${percent(result.top5)}`,
        `${result.seconds.toFixed(2)} s, ${Math.round(result.imagesPerSecond)} images/s   f32, ${isa}, ${used} ${used === 1 ? 'thread' : 'threads'}`,
      ].join('\n'),
    );
}

const percent = (fraction: number): string => `${(100 * fraction).toFixed(2)} %`;
