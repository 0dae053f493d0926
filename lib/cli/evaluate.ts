import { cpuInfo, setThreads } from '../cpu';
import { Model } from '../models';
import { percent } from '../paper/page/table';
import type { QuantizedModel } from '../quantize';
import { compiled } from '../session';
import { checkFits, evaluate } from '../train/evaluate';
import { openData } from './open-data';
import { type NetworkArguments, openNetwork, withClassNames } from './open-network';
import { checkApply, type OptionRule } from './option-rules';
import { startProgress } from './progress';
import { type QuantizeArguments, quantizeNetwork } from './quantize-network';
import { printJson } from './terminal';
import { print } from './text-layout';

interface EvaluateArguments extends QuantizeArguments, NetworkArguments {
  dtype?: 'f32' | 'u8' | 'i16';
  limit?: number;
  batch: number;
  threads?: number;
  json?: boolean;
}

const isFloat = (network: Model | QuantizedModel): boolean => network instanceof Model;

const rules: readonly OptionRule<Model | QuantizedModel>[] = [
  { options: ['bits', 'range', 'calibration'], apply: isFloat, only: 'to float networks, but this one is already quantized' },
];
const dtypeRules: readonly OptionRule<Model | QuantizedModel>[] = [
  {
    options: ['dtype'],
    apply: isFloat,
    only: 'to float networks, but this one is already quantized: evaluate the network it was made from',
  },
];

export async function evaluateCommand(args: EvaluateArguments): Promise<void> {
  const { limit, batch, threads, json, dtype } = args;
  if (threads !== undefined) setThreads(threads);
  const loaded = await openNetwork(args);
  checkApply(args, loaded, dtype === undefined || loaded instanceof Model || dtype === loaded.dtype ? rules : dtypeRules);
  const { bits = dtype === 'i16' ? 16 : 8 } = args;
  const quantizes = dtype !== undefined && dtype !== 'f32' && loaded instanceof Model;
  const network = quantizes ? await quantizeNetwork(loaded, { ...args, bits }) : loaded;
  const dataset = await openData({ ...args, dataset: args.dataset ?? network.metadata.dataset }, 'test', network.inputShape);
  const model = await withClassNames(network, args.weights, dataset);
  checkFits('evaluate', model, dataset); // before the progress bar starts
  const progress = startProgress('evaluating', Math.min(limit ?? dataset.length, dataset.length), { quiet: json === true });
  const result = await evaluate(await compiled(model), dataset, { batch, limit, onBatch: (done) => progress.update(done) }).finally(() =>
    progress.stop(),
  );

  const { isa, threads: used } = cpuInfo();
  const numbers = model instanceof Model ? { dtype: 'f32' } : { dtype: model.dtype, bits: model.bits };
  if (json) printJson({ ...result, ...numbers, isa, threads: used });
  else
    print(
      `${model.name} (${model.kind}) on ${result.images} images of ${dataset.name}`,
      `top-1 ${percent(result.top1)}   top-5 ${percent(result.top5)}`,
      `${result.seconds.toFixed(2)} s, ${Math.round(result.imagesPerSecond)} images/s   ${Object.values(numbers).join(', ')}${model instanceof Model ? '' : ' bits'}, ${isa}, ${used} ${used === 1 ? 'thread' : 'threads'}`,
    );
}
