// A network that knows its name: layers, and what has to travel with the weights to use them.
import { type ConvKind, convKinds } from '../conv-kind';
import { AdderNetError } from '../errors';
import { type LoadedState, type LoadStateOptions, Sequential, type SequentialLayers } from '../layers';
import { checkCount } from '../layers/count';
import { nameOf } from '../layers/name-of';
import { checkOptions, optionNames } from '../options';
import { shapeText } from '../shape';
import type { InputShape } from './network-parts';
import { Summary } from './summary';
import { defaultTask, isTask, type Task, tasks } from './task';

/** Images are scaled to 0..1, then (image - mean[c]) / std[c] for each channel c. */
export interface Normalization {
  readonly mean: readonly number[];
  readonly std: readonly number[];
}

/** Where weights come from. */
export interface Training {
  /** The command that made them, without its folders. */
  readonly command: string;
  /** Of the training. */
  readonly seed: number;
  /** How many it took. */
  readonly epochs: number;
  /** Part of the images it was measured on that were classified right, 0 to 1. */
  readonly accuracy: number;
  /** How many those were. */
  readonly images: number;
  /** Of the weights that this training began with, where those were not random. */
  readonly startedFrom?: Training;
}

/** Plain data, to be stored beside the weights. */
export interface ModelMetadata {
  /** Name of the network, such as resnet20. */
  readonly name: string;
  /** What its inner layers compute with. */
  readonly kind: ConvKind;
  /** What it is for. Default 'classification'. */
  readonly task?: Task;
  /** How many there are. */
  readonly classes: number;
  /** Size of one image, [h,w,c]. */
  readonly inputShape: InputShape;
  /** How images are normalized. */
  readonly normalization: Normalization;
  /** Name of the data the network is meant for, such as cifar10. */
  readonly dataset: string;
  /** One name for each class, in order. */
  readonly classNames?: readonly string[];
  /** Where the weights come from. */
  readonly training?: Training;
}

/** Names of what metadata holds. */
export const metadataNames = optionNames<ModelMetadata>({
  name: true,
  kind: true,
  task: true,
  classes: true,
  inputShape: true,
  normalization: true,
  dataset: true,
  classNames: true,
  training: true,
});

/** x [n,h,w,c], normalized -> what its task asks for: logits [n,classes] of a classification. */
export class Model extends Sequential {
  /** What travels with the weights. */
  readonly metadata: ModelMetadata;

  /**
   * @param layers in forward order: a list, an object by name, or a Sequential, whose layers it shares
   * @throws {AdderNetError} ERR_ARGUMENT if names or metadata do not fit; ERR_SHAPE if the layers do not lead from inputShape to
   *   what the task asks for, such as a logit for each class
   */
  constructor(layers: SequentialLayers | Sequential, metadata: ModelMetadata) {
    super(layers instanceof Sequential ? layers.layers : layers);
    checkOptions('Model', metadata, metadataNames);
    checkMetadata(metadata);
    this.metadata = metadata;
    const given = this.outputShape([1, ...metadata.inputShape]).slice(1);
    const { shape, meaning } = tasks[this.task].outputs(metadata);
    if (shapeText(given) !== shapeText(shape))
      throw new AdderNetError(
        'ERR_SHAPE',
        `${metadata.name}: the layers give [n,${given.join(',')}], expected [n,${shape.join(',')}], ${meaning}`,
      );
  }

  /** Those of the layers; `inputShape` is the model's own by default. */
  override loadStateDict(state: LoadedState, options: LoadStateOptions = {}): { missing: string[]; unexpected: string[] } {
    return super.loadStateDict(state, { inputShape: this.inputShape, ...options });
  }

  /** As metadata has it. */
  get name(): string {
    return this.metadata.name;
  }

  /** What its inner layers compute with. */
  get kind(): ConvKind {
    return this.metadata.kind;
  }

  /** What it is for. */
  get task(): Task {
    return this.metadata.task ?? defaultTask;
  }

  /** How many logits an image gives. */
  get classes(): number {
    return this.metadata.classes;
  }

  /** Of one image, [h,w,c]. */
  get inputShape(): InputShape {
    return this.metadata.inputShape;
  }

  /** How images are normalized. */
  get normalization(): Normalization {
    return this.metadata.normalization;
  }

  /** One name for each class, where they are known. */
  get classNames(): readonly string[] | undefined {
    return this.metadata.classNames;
  }

  /** Shapes, parameters and operations of every layer, for one image. Printing it prints a table. */
  summary(): Summary {
    return new Summary(this, [1, ...this.inputShape]);
  }
}

/**
 * @param op who asks, for messages
 * @throws {AdderNetError} ERR_ARGUMENT unless `model` is a Model
 */
export function checkModel(op: string, model: unknown): asserts model is Model {
  if (!(model instanceof Model))
    throw new AdderNetError(
      'ERR_ARGUMENT',
      `${op}: model is ${nameOf(model)}, expected a Model, which says what images it takes: new Model(layers, metadata)`,
    );
}

/** @throws {AdderNetError} ERR_SHAPE unless it is three positive integers */
export function checkInputShape(name: string, inputShape: unknown): asserts inputShape is InputShape {
  const isSize = (size: unknown) => Number.isSafeInteger(size) && (size as number) > 0 && (size as number) < 2 ** 31;
  if (!Array.isArray(inputShape) || inputShape.length !== 3 || !inputShape.every(isSize))
    throw new AdderNetError('ERR_SHAPE', `${name}: inputShape is ${brief(inputShape)}, expected [height, width, channels]`);
}

/** A value as JSON, cut short: it may come from a file. */
const brief = (value: unknown): string => String(JSON.stringify(value)).slice(0, 80);

/**
 * Types too: metadata may come from a file.
 * @throws {AdderNetError} ERR_ARGUMENT, or ERR_SHAPE for the input shape
 */
export function checkMetadata(metadata: ModelMetadata): void {
  const { name, kind, task = defaultTask, classes, inputShape, normalization, dataset, classNames, training } = metadata;
  if (typeof name !== 'string' || name === '' || name.length > 200)
    throw new AdderNetError('ERR_ARGUMENT', `Model: name is ${brief(name)}, expected the name of the network`);
  if (!convKinds.includes(kind))
    throw new AdderNetError('ERR_ARGUMENT', `${name}: kind is ${brief(kind)}, expected one of ${convKinds.join(', ')}`);
  if (!isTask(task))
    throw new AdderNetError('ERR_ARGUMENT', `${name}: task is ${brief(task)}, expected one of ${Object.keys(tasks).join(', ')}`);
  checkCount(`${name}: classes`, classes);
  checkInputShape(name, inputShape);
  if (typeof dataset !== 'string') throw new AdderNetError('ERR_ARGUMENT', `${name}: dataset is ${brief(dataset)}, expected its name`);
  if (training !== undefined && !isTraining(training))
    throw new AdderNetError(
      'ERR_ARGUMENT',
      `${name}: training is ${brief(training)}, expected { command, seed, epochs, accuracy, images }`,
    );
  if (classNames !== undefined && !(Array.isArray(classNames) && classNames.every((text) => typeof text === 'string')))
    throw new AdderNetError('ERR_ARGUMENT', `${name}: classNames is ${brief(classNames)}, expected a list of names`);
  if (classNames && classNames.length !== classes)
    throw new AdderNetError(
      'ERR_ARGUMENT',
      `${name}: classNames has ${classNames.length} names, expected one for each of ${classes} classes`,
    );
  const channels = inputShape[2];
  const { mean, std }: Partial<Normalization> = normalization ?? {};
  const isPerChannel = (values: unknown): values is number[] =>
    Array.isArray(values) && values.length === channels && values.every(Number.isFinite);
  if (!isPerChannel(mean) || !isPerChannel(std) || !std.every((s) => s > 0))
    throw new AdderNetError(
      'ERR_ARGUMENT',
      `${name}: normalization is ${brief(normalization)}, expected a mean and a positive std for each of ${channels} channels`,
    );
}

/** How many trainings may have followed each other. */
const maxTrainings = 100;

function isTraining(value: unknown): value is Training {
  let training = value as Partial<Training> | undefined;
  for (let depth = 0; training !== undefined; depth++) {
    if (typeof training !== 'object' || training === null || depth >= maxTrainings) return false;
    const { command, seed, epochs, accuracy, images, startedFrom } = training;
    if (typeof command !== 'string' || ![seed, epochs, accuracy, images].every(Number.isFinite)) return false;
    training = startedFrom;
  }
  return true;
}
