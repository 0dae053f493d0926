// The training loop: batches in, forward, loss, backward, step; and what surrounds it, so that a run can be watched, stopped and resumed with
// bit-identical results.
import { performance } from 'node:perf_hooks';
import { setImmediate } from 'node:timers/promises';
import { machineName } from '../cpu';
import type { Augmentation, Transform } from '../data/augment';
import { BatchLoader } from '../data/batch-loader';
import type { Dataset } from '../data/dataset';
import { matchClasses } from '../data/match-classes';
import { AdderNetError } from '../errors';
import type { Layer } from '../layers';
import { nameOf } from '../layers/name-of';
import type { Model } from '../models';
import { checkModel } from '../models/model';
import { type Schedule, Sgd, schedule as schedules } from '../optim';
import { checkOptions, optionNames } from '../options';
import { nameList, shown } from '../quoted';
import { AdderStart, type AdderStartOptions } from './adder-start';
import { estimateStatistics } from './batch-statistics';
import { Checkpointer, type CheckpointOptions } from './checkpointer';
import { defaultBatch } from './default-batch';
import { checkDistillation, type Distillation } from './distillation';
import { type EarlyStopping, hasPlateaued } from './early-stopping';
import { checkFits, evaluate } from './evaluate';
import { checkLoss, crossEntropy, type Loss } from './loss';
import { type EpochProgress, type EpochRecord, newEpoch } from './progress';
import { type TrainingPass, trainingPass } from './training-pass';
import { type AverageOptions, WeightAverage } from './weight-average';

/** Options of `fit`. */
export interface FitOptions extends CheckpointOptions, AdderStartOptions {
  /** Passes over the data set, including those before the run was resumed. */
  epochs: number;
  /** Updates all parameters of the model that are not frozen, and no others: `new Sgd(model.parameters(), { lr })`. */
  optimizer: Sgd;
  /** Images in a batch. Default 128; for fewer than 2,048 images the largest power of two with which an epoch has at least 16 steps, but at least 8. */
  batch?: number | undefined;
  /** Factor of the optimizer's learning rate over time, read at every step. Default: constant. */
  schedule?: Schedule | undefined;
  /** Crops and mirrors, or a function of a batch of bytes. Default: none. */
  augment?: Augmentation | Transform | undefined;
  /** What training minimizes, as a mean over the batch; validation measures it, too. Default: softmax cross-entropy. */
  loss?: Loss | undefined;
  /** Part of the target spread over all classes, 0 to 1, by the default loss. Default 0. */
  labelSmoothing?: number | undefined;
  /** A teacher, whose outputs are training targets, too. */
  distillation?: Distillation | undefined;
  /** What is measured, handed to onEpoch and left at the end is not the weights of the last step but their moving average. */
  average?: AverageOptions | undefined;
  /**
   * Epochs in which adder layers compute products in training, as a CNN does, which is faster and a good start: see `AdderConv2d`. The network is
   * measured without, so its accuracy is that of chance until then. Default 0.
   */
  productEpochs?: number | undefined;
  /**
   * Epochs in which plain adder layers are trained with centered outputs, which they learn faster with: by the whole mean over the channels at
   * first, and by less and less of it. The network is measured without, so its accuracy is low until then. Default 0.
   */
  centeredEpochs?: number | undefined;
  /** Seeds the order of the images and their augmentation. Default 0. */
  seed?: number | undefined;
  /** Use only the first images, this many. Default: all. */
  limit?: number | undefined;
  /** Images on which the network is evaluated after each epoch. */
  validation?: Dataset | undefined;
  /** Stops when the accuracy on `validation` no longer rises. */
  earlyStopping?: EarlyStopping | undefined;
  /** Stops training after the current step. */
  signal?: AbortSignal | undefined;
  /** Is called after every step. */
  onBatch?: ((info: BatchInfo) => void) | undefined;
  /**
   * Is called after every epoch and awaited, so that it may save or inspect the network. The checkpoint of the epoch is written before, so a
   * resumed run calls it again for the last epoch that the checkpoint finished: an epoch may be reported twice, but none is left out.
   */
  onEpoch?: ((record: EpochRecord, history: readonly EpochRecord[]) => void | Promise<void>) | undefined;
}

const names = optionNames<FitOptions>({
  epochs: true,
  optimizer: true,
  batch: true,
  schedule: true,
  augment: true,
  loss: true,
  labelSmoothing: true,
  distillation: true,
  average: true,
  productEpochs: true,
  centeredEpochs: true,
  seed: true,
  limit: true,
  validation: true,
  earlyStopping: true,
  signal: true,
  onBatch: true,
  onEpoch: true,
  checkpoint: true,
  resume: true,
});

/** How far training has come after a step. Means go over the epoch so far. */
export interface BatchInfo {
  /** From 1. */
  readonly epoch: number;
  /** Epochs of the whole training run. */
  readonly epochs: number;
  /** Steps done in this epoch. */
  readonly step: number;
  /** Steps of a whole epoch. */
  readonly steps: number;
  /** Images done in this epoch. */
  readonly images: number;
  /** Images of a whole epoch. */
  readonly imagesInEpoch: number;
  /** Training speed in this epoch, without validation. */
  readonly imagesPerSecond: number;
  /** Mean loss of an image. */
  readonly loss: number;
  /** Part of the images, 0 to 1, whose class had the largest logit, or as the loss counts. */
  readonly accuracy: number;
}

/** The result of `fit`. */
export interface FitResult {
  /** Every finished epoch. */
  readonly history: readonly EpochRecord[];
  /** Why it ended: all epochs are done, the accuracy no longer rose, or the signal aborted. */
  readonly stopped: 'finished' | 'early' | 'aborted';
}

/**
 * Trains a model in place, by softmax cross-entropy unless `loss` is given. The event loop gets its turn between batches; batches are prepared
 * in the background. The result is bit-identical for any number of threads, and whether or not the run was interrupted and resumed.
 *
 * @throws {AdderNetError} ERR_DIVERGED if the loss is no finite number: the checkpoint keeps the last good state; ERR_SHAPE if images or
 *   classes are not those of the network; ERR_ARGUMENT if an option is unknown, missing or out of range, the network is no Model, has nothing
 *   to train or is being trained already, the optimizer is not of its parameters, or `loss` gives no loss; ERR_LOCKED if another training
 *   run uses the checkpoint; what saving and loading a checkpoint throw
 */
export async function fit(model: Model, dataset: Dataset, options: FitOptions): Promise<FitResult> {
  checkFit(model, dataset, options);
  if (inTraining.has(model))
    throw new AdderNetError('ERR_ARGUMENT', `fit: ${model.name} is being trained already: await that run before another one`);
  inTraining.add(model);
  return await train(model, dataset, options).finally(() => inTraining.delete(model));
}

const inTraining = new WeakSet<Model>();

async function train(model: Model, dataset: Dataset, options: FitOptions): Promise<FitResult> {
  const { epochs, optimizer, augment, seed = 0, limit, validation, earlyStopping, signal, onEpoch } = options;
  const { schedule = schedules.constant(), batch = defaultBatch(Math.min(limit ?? dataset.length, dataset.length)) } = options;
  const { normalization } = model;
  const loader = new BatchLoader(matchClasses(dataset, model.classNames, 'fit'), {
    batch,
    normalization,
    augment,
    seed,
    limit,
    shuffle: true,
  });
  const average = options.average && new WeightAverage(model, options.average);
  const { loss = crossEntropy(options.labelSmoothing), distillation, productEpochs, centeredEpochs } = options;
  const start = new AdderStart(model, { productEpochs, centeredEpochs });
  const settings = {
    network: model.name,
    kind: model.kind,
    batch,
    seed,
    images: loader.images,
    ...(productEpochs && { productEpochs }),
    ...(centeredEpochs && { centeredEpochs }),
    ...options.average,
  };
  const pass = trainingPass(model, loss, distillation);
  const checkpointer = new Checkpointer({ model, optimizer, average, settings }, options);
  /** Does something with the network as training leaves it. */
  const withResult = <T>(use: () => Promise<T>): Promise<T> => (average ? average.within(use) : use());
  return await checkpointer.locked(async () => {
    const progress = await checkpointer.restore();
    const { history } = progress;
    const finishEpoch = async (record: EpochRecord) => {
      if (onEpoch) await withResult(async () => onEpoch(record, history));
    };
    // The run may have been killed after the checkpoint of an epoch, but before all that onEpoch does was done.
    const last = history.at(-1);
    if (last && progress.current.step === 0) await finishEpoch(last);

    while (progress.current.epoch < epochs) {
      if (earlyStopping && hasPlateaued(history, earlyStopping)) {
        average?.install();
        return { history, stopped: 'early' };
      }
      const { current } = progress;
      const afterStep = () => {
        average?.update(current.epoch * loader.steps + current.step - 1);
        return checkpointer.saveIfDue(progress);
      };
      const finished = await runEpoch({ pass, loader, start, current, afterStep }, options).finally(() => start.off());
      if (!finished) {
        await checkpointer.save(progress);
        return { history, stopped: 'aborted' };
      }
      await withResult(() => estimateStatistics(model, loader, current.epoch));
      const { images, ...means } = meansOf(current);
      const record: EpochRecord = {
        epoch: current.epoch + 1,
        learningRate: optimizer.options.lr * schedule(current.epoch),
        ...means,
        seconds: current.seconds,
        machine: machineName(),
        ...(validation && { validation: await withResult(() => validate(model, validation, options.loss)) }),
      };
      history.push(record);
      progress.current = newEpoch(current.epoch + 1);
      await checkpointer.save(progress);
      await finishEpoch(record);
      if (signal?.aborted && progress.current.epoch < epochs) return { history, stopped: 'aborted' };
    }
    average?.install();
    return { history, stopped: 'finished' };
  });
}

interface Epoch {
  readonly pass: TrainingPass;
  readonly loader: BatchLoader;
  readonly start: AdderStart;
  readonly current: EpochProgress;
  readonly afterStep: () => Promise<void>;
}

/** @returns false if the signal aborted before the end of the epoch */
async function runEpoch(
  { pass, loader, start, current, afterStep }: Epoch,
  { epochs, optimizer, schedule = schedules.constant(), signal, onBatch }: FitOptions,
): Promise<boolean> {
  const { epoch } = current;
  const { steps, images: imagesInEpoch } = loader;
  let began = performance.now();
  for await (const { x, targets } of loader.batches(epoch, current.step)) {
    const at = epoch + current.step / steps;
    start.at(at);
    const { loss, correct } = pass(x, targets);
    if (!Number.isFinite(loss))
      throw new AdderNetError(
        'ERR_DIVERGED',
        `fit: the loss became ${loss} in step ${current.step + 1} of epoch ${epoch + 1}: try a smaller learning rate, or clipNorm`,
      );
    optimizer.step(schedule(at));

    current.step++;
    current.images += targets.length;
    current.loss += loss * targets.length;
    current.correct += correct;
    current.seconds += (performance.now() - began) / 1000;
    onBatch?.({ ...meansOf(current), epoch: epoch + 1, epochs, step: current.step, steps, imagesInEpoch });
    await setImmediate();
    await afterStep();
    if (signal?.aborted && current.step < steps) return false;
    began = performance.now();
  }
  return true;
}

const meansOf = ({ images, loss, correct, seconds }: EpochProgress) => ({
  images,
  loss: loss / images,
  accuracy: correct / images,
  imagesPerSecond: images / seconds,
});

async function validate(model: Model, dataset: Dataset, by?: Loss): Promise<{ loss: number; accuracy: number }> {
  const { loss, top1 } = await evaluate(model, dataset, { loss: by });
  return { loss, accuracy: top1 };
}

function checkFit(model: Model, dataset: Dataset, options: FitOptions): void {
  checkOptions('fit', options, names);
  const { epochs, limit, optimizer, resume, checkpoint, earlyStopping, validation, average, distillation } = options;
  const { schedule, onBatch, onEpoch, signal, loss, labelSmoothing, productEpochs = 0, centeredEpochs = 0 } = options;
  checkModel('fit', model);
  checkFits('fit', model, dataset);
  if (epochs === undefined)
    throw new AdderNetError('ERR_ARGUMENT', 'fit: epochs is missing, expected the number of passes over the images');
  checkInnerOptions({ checkpoint, earlyStopping, average, distillation });
  checkOptimizer(model, optimizer);
  if (validation) {
    checkFits('fit', model, validation);
    matchClasses(validation, model.classNames, 'fit');
  }
  for (const [name, value] of Object.entries({ epochs, limit, 'earlyStopping.patience': earlyStopping?.patience }))
    if (value !== undefined && !(Number.isInteger(value) && value > 0))
      throw new AdderNetError('ERR_ARGUMENT', `fit: ${name} is ${shown(value)}, expected a positive integer`);
  for (const [name, value] of Object.entries({ productEpochs, centeredEpochs }))
    if (!(value >= 0 && value < epochs))
      throw new AdderNetError(
        'ERR_ARGUMENT',
        `fit: ${name} is ${shown(value)}, expected a number of at least 0 and less than the ${epochs} epochs`,
      );
  if (signal !== undefined && typeof signal?.aborted !== 'boolean')
    throw new AdderNetError('ERR_ARGUMENT', `fit: signal is ${shown(signal)}, expected an AbortSignal`);
  for (const [name, value] of Object.entries({ schedule, onBatch, onEpoch }))
    if (value !== undefined && typeof value !== 'function')
      throw new AdderNetError('ERR_ARGUMENT', `fit: ${name} is ${shown(value)}, expected a function`);
  if (earlyStopping && !validation)
    throw new AdderNetError('ERR_ARGUMENT', 'fit: earlyStopping goes by the accuracy on validation images, but there is no validation');
  if (average && !(average.decay >= 0 && average.decay < 1))
    throw new AdderNetError('ERR_ARGUMENT', `fit: average.decay is ${shown(average.decay)}, expected a number from 0 to below 1`);
  if (loss !== undefined) checkLoss('fit', loss);
  if (loss !== undefined && labelSmoothing !== undefined)
    throw new AdderNetError('ERR_ARGUMENT', 'fit: labelSmoothing is of the default loss, but there is a loss: leave one of them out');
  if (distillation) checkDistillation(model, distillation);
  if (resume && !checkpoint) throw new AdderNetError('ERR_ARGUMENT', 'fit: resume needs a checkpoint to continue from');
  checkOnce(model);
}

/** Checks the options within options. */
function checkInnerOptions({ checkpoint, earlyStopping, average, distillation }: Omit<FitOptions, 'epochs' | 'optimizer'>): void {
  if (checkpoint !== undefined && typeof checkpoint !== 'string')
    checkOptions('fit: checkpoint', checkpoint, optionNames<Exclude<typeof checkpoint, string>>({ path: true, everySeconds: true }));
  if (earlyStopping) checkOptions('fit: earlyStopping', earlyStopping, optionNames<EarlyStopping>({ patience: true, minDelta: true }));
  if (average) checkOptions('fit: average', average, optionNames<AverageOptions>({ decay: true }));
  if (distillation)
    checkOptions(
      'fit: distillation',
      distillation,
      optionNames<Distillation>({ teacher: true, temperature: true, alpha: true, features: true }),
    );
}

/** An optimizer of other parameters would leave the network as it is, or change another one. */
function checkOptimizer(model: Model, optimizer: Sgd): void {
  const remedy = 'new Sgd(model.parameters(), { lr })';
  if (!(optimizer instanceof Sgd))
    throw new AdderNetError('ERR_ARGUMENT', `fit: optimizer is ${nameOf(optimizer)}, expected one of this model: ${remedy}`);
  const parametersByName = model.namedParameters();
  const trainable = [...parametersByName].filter(([, { frozen }]) => !frozen);
  if (trainable.length === 0)
    throw new AdderNetError('ERR_ARGUMENT', `fit: ${model.name} has no parameter to train: unfreeze some with layer.freeze(false)`);
  const held = new Set(optimizer.parameters);
  const missing = trainable.filter(([, parameter]) => !held.has(parameter)).map(([name]) => name);
  if (missing.length > 0)
    throw new AdderNetError(
      'ERR_ARGUMENT',
      `fit: the optimizer lacks parameters of ${model.name}, ${nameList(missing)}, expected ${remedy}; freeze what is not to change`,
    );
  const parameters = new Set(parametersByName.values());
  const foreign = optimizer.parameters.filter((parameter) => !parameters.has(parameter)).length;
  if (foreign > 0)
    throw new AdderNetError('ERR_ARGUMENT', `fit: the optimizer has ${foreign} parameters that ${model.name} has not, expected ${remedy}`);
}

/** A layer keeps what its backward pass needs, so a network in training can use it only once. */
function checkOnce(layer: Layer, seen = new Set<Layer>()): void {
  for (const [name, child] of layer.children()) {
    if (seen.has(child))
      throw new AdderNetError('ERR_ARGUMENT', `fit: the layer '${name}' occurs twice in the network, and such a layer cannot be trained`);
    seen.add(child);
    checkOnce(child, seen);
  }
}
