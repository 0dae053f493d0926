// Creates data, network, optimizer and schedule from the arguments of `addernet train`.
import { basename } from 'node:path';
import type { Augmentation } from '../data/augment';
import type { Dataset } from '../data/dataset';
import { splitDataset } from '../data/subset';
import { bodyAndHead, createModel, headLayers, type Model, replaceHead, toWinograd } from '../models';
import { type Schedule, Sgd, schedule as schedules } from '../optim';
import { compile, compiled } from '../session';
import { defaultBatch } from '../train/default-batch';
import type { Distillation } from '../train/distillation';
import { type FeatureTeacher, featureTeacher } from '../train/teacher';
import { folderName } from './data-rules';
import { openData } from './open-data';
import { openFloatNetwork, openNetwork } from './open-network';
import { optionText } from './option-rules';
import type { TrainArguments } from './train-arguments';

/** The images of a run, and how they are used. */
export interface TrainingData {
  readonly train: Dataset;
  /** Images held out of the training images, otherwise the test images. */
  readonly validation: Dataset;
  readonly test: Dataset;
  readonly augment: Augmentation | undefined;
  /** The teacher and how to use it; undefined without a teacher. */
  readonly distillation: Distillation | undefined;
}

/**
 * The network of --weights, which also determines --model and --kind; undefined for a new network. Of an adder network, --kind adder-winograd
 * makes a Winograd network. Throws what openFloatNetwork and toWinograd throw.
 */
export async function networkToStartFrom({ weights, model, kind, imageSize }: Partial<TrainArguments>): Promise<Model | undefined> {
  if (weights === undefined) return undefined;
  const open = (kind: TrainArguments['kind'] | undefined) =>
    openFloatNetwork('train', {
      weights,
      ...(model !== undefined && { model }),
      ...(kind && { kind }),
      ...(imageSize && { imageSize }),
    });
  if (kind !== 'adder-winograd') return await open(kind);
  const network = await open(undefined);
  if (network.kind === kind) return network;
  return network.kind === 'adder' ? toWinograd(network) : await open(kind); // which says what is wrong
}

/**
 * @param shape [h,w,c] of the network's input
 * @throws {AdderNetError} ERR_ARGUMENT, ERR_FORMAT, ERR_CORRUPT: what opening the data set and the teacher throws
 */
export async function openTrainingData(args: TrainArguments, shape: Model['inputShape']): Promise<TrainingData> {
  const { validation, seed } = args;
  const [all, test] = [await openData(args, 'train', shape), await openData(args, 'test', shape)];
  const [augment, distillation] = [augmentationOf(args), await distillationOf(args)];
  if (validation === undefined) return { train: all, validation: test, test, augment, distillation };
  const [train, heldOut] = splitDataset(all, validation, seed);
  return { train, validation: heldOut, test, augment, distillation };
}

async function distillationOf({
  teacher: weights,
  temperature,
  teacherAlpha: alpha,
  teacherFeatures: features,
}: TrainArguments): Promise<Distillation | undefined> {
  if (weights === undefined) return undefined;
  const teacher =
    features > 0
      ? await compiledTeacher(await openFloatNetwork('--teacher-features', { weights }))
      : await compiled(await openNetwork({ weights }));
  return { teacher, temperature, alpha, features };
}

async function compiledTeacher(model: Model): Promise<FeatureTeacher> {
  const session = await compile(bodyAndHead(model).body, { input: model.inputShape });
  return featureTeacher(model, (x) => session.runSync(x));
}

/**
 * The network to train; its layers are not frozen yet.
 * @param start the network of --weights, which gets a new head if its classes differ
 */
export function networkToTrain(args: TrainArguments, start: Model | undefined, { classes, classNames }: Dataset): Model {
  const { kind, seed, gradient: filterGradient, dataset } = args;
  const target = { classes, dataset, ...(classNames && { classNames }) };
  if (!start) return createModel(networkName(args), { kind, seed, filterGradient, inputShape: newInputShape(args), ...target });
  const sameClasses = start.classes === classes && sorted(start.classNames) === sorted(classNames); // in any order: fit matches them by name
  return sameClasses ? start : replaceHead(start, { ...target, seed });
}

const sorted = (names: readonly string[] | undefined): string => String(names && [...names].sort());

export function freeze(model: Model, names: readonly string[] = []): void {
  for (const name of names.flatMap((name) => (name === 'body' ? bodyLayers(model) : [name]))) model.layer(name).freeze();
}

/** Throws what Sgd throws. */
export function optimizerOf(model: Model, { lr, momentum, nesterov, weightDecay, clipNorm, rate, eta }: TrainArguments): Sgd {
  return new Sgd(model.parameters(), {
    lr,
    momentum,
    nesterov,
    weightDecay,
    clipNorm,
    adder: rate === 'adaptive' ? { rate, eta } : { rate },
  });
}

const paperBatch = 256;

/** The batch of the paper for official data sets; for images in folders the default of `fit`, which takes enough steps even with few images. */
export const batchFor = ({ dataset, limit }: TrainArguments, { length }: Dataset): number =>
  dataset === folderName ? defaultBatch(Math.min(limit ?? length, length)) : paperBatch;

/** All layers except the head. */
function bodyLayers(model: Model): string[] {
  const head = headLayers(model);
  return model
    .children()
    .map(([name]) => name)
    .filter((name) => !head.includes(name));
}

export function scheduleOf({ schedule, epochs, warmUp = 0 }: TrainArguments): Schedule {
  const into = {
    cosine: () => schedules.cosine({ epochs }),
    constant: () => schedules.constant(),
    step: () => schedules.step({ milestones: [epochs / 2, (epochs * 3) / 4] }),
    polynomial: () => schedules.polynomial({ epochs, power: 1 }),
  }[schedule]();
  return warmUp > 0 ? schedules.warmUp({ epochs: warmUp, into }) : into;
}

/** The command that gives the same weights: options that differ from the defaults, without folders and options that do not affect the weights. */
export function commandOf(args: TrainArguments, defaults: TrainArguments): string {
  const { data, out, threads, resume, json, weights, teacher, skipBad, ...rest } = args;
  const files = Object.entries({ weights, teacher }).filter(([, file]) => file !== undefined);
  const own = { ...rest, ...Object.fromEntries(files.map(([name, file]) => [name, basename(file!)])) };
  const usual = { ...defaults, batch: paperBatch } as unknown as Record<string, unknown>;
  const options = Object.entries(own)
    .filter(([name, value]) => name === 'dataset' || String(value) !== String(usual[name]))
    .map(([name, value]) => optionText(name, value));
  return ['addernet train', ...options].join(' ');
}

const isDigits = (dataset: string): boolean => /mnist|digits/.test(dataset);

/** The input shape of a new network: that of its model, or --image-size. Throws what createModel throws. */
export function newInputShape(args: TrainArguments): Model['inputShape'] {
  const { inputShape } = createModel(networkName(args), { seed: null });
  return args.imageSize ? [...args.imageSize, inputShape[2]] : inputShape;
}

/** The network of --model, otherwise the default for the data set. */
export const networkName = ({ model, dataset }: Pick<TrainArguments, 'model' | 'dataset'>): string =>
  model ?? (isDigits(dataset) ? 'lenet5bn' : 'resnet20');

/** CIFAR is trained with shifts of 4 pixels and mirrored images. Digits leave less margin, and mirrored digits are no digits. */
function augmentationOf({ augment, dataset }: TrainArguments): Augmentation | undefined {
  const crop = { crop: isDigits(dataset) ? 2 : 4 };
  const choice = augment === 'auto' ? (isDigits(dataset) ? 'crop' : 'crop+flip') : augment;
  return { none: undefined, crop, 'crop+flip': { ...crop, flip: true } }[choice];
}
