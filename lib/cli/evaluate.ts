import { cpuInfo, setThreads } from '../cpu';
import { load } from '../files';
import { Model } from '../models';
import { compiled } from '../session';
import { evaluate } from '../train/evaluate';
import { openData } from './open-data';
import { startProgress } from './progress';
import { type QuantizeArguments, quantizeNetwork } from './quantize-network';

interface EvaluateArguments extends QuantizeArguments {
  weights: string;
  model?: string;
  dtype: 'f32' | 'u8';
  limit?: number;
  batch: number;
  threads?: number;
  json?: boolean;
}

export async function evaluateCommand(args: EvaluateArguments): Promise<void> {
  const { weights, model: name, limit, batch, threads, json } = args;
  if (threads !== undefined) setThreads(threads);
  const loaded = await load(weights, { model: name });
  const model = args.dtype === 'u8' && loaded instanceof Model ? await quantizeNetwork(loaded, args) : loaded;
  const dataset = await openData(args.dataset ?? model.metadata.dataset, args.data, 'test', model.inputShape);
  const progress = startProgress('evaluating', Math.min(limit ?? dataset.length, dataset.length), { quiet: json === true });
  const result = await evaluate(await compiled(model), dataset, { batch, limit, onBatch: (done) => progress.update(done) }).finally(() =>
    progress.stop(),
  );

  const { isa, threads: used } = cpuInfo();
  const numbers = model instanceof Model ? { dtype: 'f32' } : { dtype: 'u8', bits: model.bits };
  if (json) console.log(JSON.stringify({ ...result, ...numbers, isa, threads: used }));
  else
    console.log(
      [
        `${model.name} (${model.unit}) on ${result.images} test images of ${dataset.name}`,
        `top-1 ${percent(result.top1)}   top-5 ${percent(result.top5)}`,
        `${result.seconds.toFixed(2)} s, ${Math.round(result.imagesPerSecond)} images/s   ${Object.values(numbers).join(', ')}${model instanceof Model ? '' : ' bits'}, ${isa}, ${used} ${used === 1 ? 'thread' : 'threads'}`,
      ].join('\n'),
    );
}

const percent = (fraction: number): string => `${(100 * fraction).toFixed(2)} %`;
