// `addernet train`: trains a network and writes it to a folder, with a log and learning curves.
import { join } from 'node:path';
import { hasAdaptiveRate } from '../conv-kind';
import { machineName, setThreads } from '../cpu';
import type { Model, Training } from '../models';
import type { Schedule, Sgd } from '../optim';
import { chartPackages, missingPackages } from '../paper/charts/chart';
import { drawLearningCurves } from '../paper/charts/learning-curves';
import { checkFits, type Evaluation, evaluate } from '../train/evaluate';
import { type FitResult, fit } from '../train/fit';
import type { EpochRecord } from '../train/progress';
import { folderName } from './data-rules';
import { onInterrupt } from './interrupt';
import { checkApply, type OptionRule } from './option-rules';
import { RunFolder } from './run-folder';
import { printError, printJson } from './terminal';
import { print } from './text-layout';
import type { TrainArguments } from './train-arguments';
import { checkUnchanged, trainRules } from './train-rules';
import { startTrainingProgress, type TrainingProgress } from './training-progress';
import {
  batchFor,
  commandOf,
  freeze,
  networkName,
  networkToStartFrom,
  networkToTrain,
  newInputShape,
  openTrainingData,
  optimizerOf,
  scheduleOf,
  type TrainingData,
} from './training-setup';

/** @param given the arguments on the command line; a new run takes the others from `defaults`, a resumed run from its start */
export async function train(given: Partial<TrainArguments>, defaults: TrainArguments): Promise<void> {
  const named = await networkToStartFrom(given);
  const folder = new RunFolder(given.out ?? defaultFolder({ ...defaults, ...given, ...identityOf(named) }));
  try {
    const began = given.resume ? await folder.open() : undefined;
    await trainIn(folder, named, given, defaults, began);
  } finally {
    await folder.close();
  }
}

/** @param began the arguments that a resumed run started with */
async function trainIn(
  folder: RunFolder,
  named: Model | undefined,
  given: Partial<TrainArguments>,
  defaults: TrainArguments,
  began: Partial<TrainArguments> | undefined,
): Promise<void> {
  if (began) checkUnchanged(given, began);
  const chosen: TrainArguments = { ...defaults, ...fineTuningRate(given), ...began, ...given, ...identityOf(named) };
  checkApply(given, chosen, trainRules);
  if (chosen.threads !== undefined) setThreads(chosen.threads);
  const start = named ?? (await networkToStartFrom(chosen));
  if (start) checkApply(given, start, rulesOfWeights);

  const data = await openTrainingData(chosen, start?.inputShape ?? newInputShape(chosen));
  const args: TrainArguments = { ...chosen, batch: chosen.batch ?? batchFor(chosen, data.train) };
  const model = networkToTrain(args, start, data.train);
  checkFits('train', model, data.train);
  freeze(model, args.freeze);
  const [optimizer, schedule] = [optimizerOf(model, args), scheduleOf(args)];
  if (!began) {
    await folder.create();
    await folder.writeArguments(lasting(args));
  }

  const progress = startTrainingProgress({ quiet: args.json === true });
  announce(model, data, args, folder, progress);
  const { training: startedFrom } = model.metadata;
  const origin: Origin = { command: commandOf(args, defaults), seed: args.seed, ...(startedFrom && { startedFrom }) };
  const interrupt = onInterrupt(() => progress.note('stopping after this step; press Ctrl-C again to stop at once, without saving'));
  const { history, stopped } = await run({ model, optimizer, schedule, data, args, origin, folder, progress }, interrupt.signal).finally(
    () => {
      interrupt.dispose();
      progress.stop();
    },
  );
  await folder.writeArguments(lasting(args)); // with the changes of a resumed run, now that they have been accepted
  if (stopped === 'aborted') {
    printError(`addernet: saved; to continue: addernet train --resume --out ${folder.path}`);
    process.exitCode = interrupt.exitCode;
    return;
  }
  const evaluation = await evaluate(model, data.test);
  const { top1: accuracy, images } = evaluation;
  await folder.save('model', model, { ...origin, epochs: history.length, accuracy, images });
  const files = ['model.safetensors', 'best.safetensors', 'log.jsonl', ...(await drawCurves(model, data, history, folder))];
  report(model, data, stopped, evaluation, args, folder, files);
}

/** What the next --resume begins with. */
const lasting = ({ resume, ...args }: TrainArguments): TrainArguments => args;

/** The learning rate for random weights would destroy the trained ones of --weights. */
const fineTuningRate = ({ weights }: Partial<TrainArguments>): Partial<TrainArguments> => (weights === undefined ? {} : { lr: 0.01 });

const rulesOfWeights: readonly OptionRule<Model>[] = [
  {
    options: ['eta', 'rate'],
    apply: ({ kind }) => hasAdaptiveRate(kind),
    only: ({ kind }) => `to adder and binary filters, but --weights is of kind ${kind}`,
  },
  {
    options: ['productEpochs'],
    apply: ({ kind }) => kind === 'adder' || kind === 'adder-2x2',
    only: ({ kind }) => `to adders of windows, but --weights is of kind ${kind}`,
  },
  {
    options: ['centeredEpochs'],
    apply: ({ kind }) => kind === 'adder',
    only: ({ kind }) => `to plain adder layers, but --weights is of kind ${kind}`,
  },
];

/** --weights says what --model and --kind are. */
const identityOf = (start: Model | undefined): Partial<TrainArguments> => (start ? { model: start.name, kind: start.kind } : {});

/** What is known about a run before its end. */
type Origin = Pick<Training, 'command' | 'seed' | 'startedFrom'>;

const defaultFolder = (args: TrainArguments): string => join('runs', `${networkName(args)}-${args.kind}-${args.dataset}`);

/** Everything that a run needs, already checked. */
interface Run {
  readonly model: Model;
  readonly optimizer: Sgd;
  readonly schedule: Schedule;
  readonly data: TrainingData;
  readonly args: TrainArguments;
  readonly origin: Origin;
  readonly folder: RunFolder;
  readonly progress: TrainingProgress;
}

async function run({ model, optimizer, schedule, data, args, origin, folder, progress }: Run, signal: AbortSignal): Promise<FitResult> {
  const { train, validation, augment, distillation } = data;
  const { epochs, batch, labelSmoothing, average, productEpochs, centeredEpochs, seed, limit, patience, resume } = args;
  return await fit(model, train, {
    epochs,
    batch,
    optimizer,
    schedule,
    augment,
    labelSmoothing,
    distillation,
    average: average === undefined ? undefined : { decay: average },
    productEpochs,
    centeredEpochs,
    seed,
    limit,
    validation,
    earlyStopping: patience === undefined ? undefined : { patience },
    checkpoint: folder.checkpoint,
    resume,
    signal,
    onBatch: (info) => progress.onBatch(info),
    onEpoch: async (record, history) => {
      progress.onEpoch(record);
      if (args.json) printJson(record);
      await folder.writeArguments(lasting(args)); // with the changes of a resumed run, which its checkpoint has accepted
      await folder.writeLog(history);
      const { accuracy } = record.validation!;
      const training = { ...origin, epochs: record.epoch, accuracy, images: validation.length };
      if (isBest(record, history)) await folder.save('best', model, training);
    },
  });
}

const isBest = (record: EpochRecord, history: readonly EpochRecord[]): boolean =>
  history.every(({ validation }) => validation!.accuracy <= record.validation!.accuracy);

function announce(
  model: Model,
  { train, validation }: TrainingData,
  args: TrainArguments,
  folder: RunFolder,
  progress: TrainingProgress,
): void {
  const images = Math.min(args.limit ?? train.length, train.length);
  progress.note(
    `${model.name}, kind ${model.kind}, on ${train.name}: ${images} images in batches of ${args.batch}; validated on ${validation.name}: ${validation.length} images; ${machineName()}; into ${folder.path}`,
  );
  if (args.dataset === folderName && args.weights === undefined && images < fewImages)
    progress.note(
      'There are few images for training from random weights. A pretrained network needs fewer: --weights resnet20-cifar10 --freeze body',
    );
  const missing = missingPackages(chartPackages);
  if (missing.length > 0) progress.note(`no learning curves will be drawn: npm i ${missing.join(' ')}`);
}

const fewImages = 1000;

/** @returns the written files; none if the packages for charts are not installed */
async function drawCurves(model: Model, { train }: TrainingData, history: readonly EpochRecord[], folder: RunFolder): Promise<string[]> {
  if (missingPackages(chartPackages).length > 0) return [];
  const { svg, png } = await drawLearningCurves(history, { title: `${model.name}, kind ${model.kind}, ${train.name}` });
  await folder.write('curves.svg', svg);
  await folder.write('curves.png', png);
  return ['curves.svg', 'curves.png'];
}

function report(
  model: Model,
  { test }: TrainingData,
  stopped: FitResult['stopped'],
  evaluation: Evaluation,
  { json }: TrainArguments,
  folder: RunFolder,
  files: string[],
): void {
  if (json) {
    printJson({ stopped, out: folder.path, files, test: evaluation });
    return;
  }
  const { top1, loss, images } = evaluation;
  print(
    `${model.name} (${model.kind}) on ${images} images of ${test.name}: ${(100 * top1).toFixed(2)} %, loss ${loss.toFixed(4)}`,
    `${folder.path}: ${files.join(', ')}`,
  );
}
