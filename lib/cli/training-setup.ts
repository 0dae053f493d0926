// From the arguments of `addernet train` to data, network and learning rates.
import { basename } from 'node:path';
import type { Augmentation } from '../data/augment';
import type { Dataset } from '../data/dataset';
import { splitDataset } from '../data/subset';
import { load } from '../files';
import type { FilterGradient } from '../layers';
import { bodyAndHead, createModel, type HeadOptions, headLayers, type Model, replaceHead, type Unit } from '../models';
import { type Schedule, schedule as schedules } from '../optim';
import { compile, compiled } from '../session';
import type { Distillation } from '../train/loss';
import { type FeatureTeacher, featureTeacher } from '../train/teacher';
import { openData } from './open-data';

export interface TrainArguments {
  model?: string;
  unit: Unit;
  dataset: string;
  data?: string;
  weights?: string;
  freeze?: string[];
  epochs: number;
  batch: number;
  lr: number;
  eta: number;
  rate: 'adaptive' | 'increased' | 'plain';
  gradient: FilterGradient;
  momentum: number;
  nesterov: boolean;
  weightDecay: number;
  clipNorm?: number;
  schedule: 'cosine' | 'constant' | 'step' | 'polynomial';
  warmUp?: number;
  labelSmoothing: number;
  average?: number;
  teacher?: string;
  temperature: number;
  teacherShare: number;
  teacherFeatures: number;
  augment: 'auto' | 'none' | 'crop' | 'crop+flip';
  validation?: number;
  patience?: number;
  limit?: number;
  seed: number;
  threads?: number;
  out?: string;
  resume?: boolean;
  json?: boolean;
}

/** The images a training sees, and how. */
export interface TrainingData {
  readonly train: Dataset;
  /** Held out of the training images, or the test images where nothing is. */
  readonly validation: Dataset;
  readonly test: Dataset;
  readonly augment: Augmentation | undefined;
  /** What is learnt besides the targets; undefined without a teacher. */
  readonly distillation: Distillation | undefined;
}

/** @throws {AdderNetError} ERR_ARGUMENT, ERR_FORMAT, ERR_CORRUPT: what opening the data set and the teacher throws */
export async function openTrainingData(args: TrainArguments): Promise<TrainingData> {
  const { dataset, data, validation, seed } = args;
  const shape = createModel(networkName(args), { seed: null }).inputShape;
  const [all, test] = [await openData(dataset, data, 'train', shape), await openData(dataset, data, 'test', shape)];
  const [augment, distillation] = [augmentationOf(args), await distillationOf(args)];
  if (validation === undefined) return { train: all, validation: test, test, augment, distillation };
  const [train, heldOut] = splitDataset(all, validation, seed);
  return { train, validation: heldOut, test, augment, distillation };
}

async function distillationOf({
  teacher: file,
  temperature,
  teacherShare: share,
  teacherFeatures: features,
}: TrainArguments): Promise<Distillation | undefined> {
  if (file === undefined) return undefined;
  const teacher = features > 0 ? await compiledTeacher(await load(file, { dtype: 'f32' })) : await compiled(await load(file));
  return { teacher, temperature, share, features };
}

async function compiledTeacher(model: Model): Promise<FeatureTeacher> {
  const session = await compile(bodyAndHead(model).body, { input: model.inputShape });
  return featureTeacher(model, (x) => session.runSync(x));
}

/** A new network, or a trained one to go on from: with a new head where it tells other classes. */
export async function startingModel(args: TrainArguments, { train }: TrainingData): Promise<Model> {
  const { unit, weights, seed, gradient: filterGradient, freeze = [] } = args;
  const classes = { classes: train.classes, dataset: args.dataset, ...(train.classNames && { classNames: train.classNames }) };
  const model = weights
    ? await trainedModel(weights, args, classes)
    : createModel(networkName(args), { unit, seed, filterGradient, ...classes });
  for (const name of freeze.flatMap((name) => (name === 'body' ? bodyLayers(model) : [name]))) model.layer(name).freeze();
  return model;
}

async function trainedModel(
  weights: string,
  args: TrainArguments,
  target: Pick<HeadOptions, 'classes' | 'classNames' | 'dataset'>,
): Promise<Model> {
  const model = await load(weights, { model: args.model, dtype: 'f32' });
  const sameClasses = model.classes === target.classes && String(model.classNames) === String(target.classNames);
  return sameClasses ? model : replaceHead(model, { ...target, seed: args.seed, filterGradient: args.gradient });
}

/** All layers but the head. */
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

/** What to type for the same weights: what is not as by default, without folders and what the weights do not depend on. */
export function commandOf(args: TrainArguments, defaults: TrainArguments): string {
  const { data, out, threads, resume, json, weights, teacher, ...rest } = args;
  const files = Object.entries({ weights, teacher }).filter(([, file]) => file !== undefined);
  const own = { ...rest, ...Object.fromEntries(files.map(([name, file]) => [name, basename(file!)])) };
  const usual = defaults as unknown as Record<string, unknown>;
  const options = Object.entries(own)
    .filter(([name, value]) => name === 'dataset' || String(value) !== String(usual[name]))
    .map(([name, value]) => {
      const option = `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
      return value === true ? option : `${option} ${[value].flat().join(' ')}`;
    });
  return ['addernet train', ...options].join(' ');
}

const isDigits = (dataset: string): boolean => /mnist|digits/.test(dataset);

/** The network meant for a data set, where none is named. */
export const networkName = ({ model, dataset }: Pick<TrainArguments, 'model' | 'dataset'>): string =>
  model ?? (isDigits(dataset) ? 'lenet5bn' : 'resnet20');

/** CIFAR is trained with crops of 4 pixels and mirror images; digits fill less of an image, and a mirror makes other signs of them. */
function augmentationOf({ augment, dataset }: TrainArguments): Augmentation | undefined {
  const crop = { crop: isDigits(dataset) ? 2 : 4 };
  const choice = augment === 'auto' ? (isDigits(dataset) ? 'crop' : 'crop+flip') : augment;
  return { none: undefined, crop, 'crop+flip': { ...crop, flip: true } }[choice];
}
