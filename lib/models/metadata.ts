// What travels with the weights of a network, in floats or in bytes, and networks that say it by name.
import { type ConvKind, convKinds } from '../conv-kind';
import { AdderNetError } from '../errors';
import { checkCount } from '../layers/count';
import { optionNames } from '../options';
import type { InputShape } from './network-parts';
import { defaultTask, isTask, type Task, tasks } from './task';

/** Images are scaled to 0..1, then (image - mean[c]) / std[c] for each channel c. */
export interface Normalization {
  readonly mean: readonly number[];
  readonly std: readonly number[];
}

/** How weights were trained. */
export interface Training {
  /** The command that trained them, without its folders. */
  readonly command: string;
  /** Seed of the training run. */
  readonly seed: number;
  /** Number of epochs. */
  readonly epochs: number;
  /** Accuracy on the images that it was measured on, 0 to 1. */
  readonly accuracy: number;
  /** Number of those images. */
  readonly images: number;
  /** How the initial weights were trained, where those were not random. */
  readonly startedFrom?: Training;
}

/** Plain data, to be stored beside the weights. */
export interface ModelMetadata {
  /** Name of the network, such as resnet20. */
  readonly name: string;
  /** What the inner layers of the network compute with. */
  readonly kind: ConvKind;
  /** What the network is for. Default 'classification'. */
  readonly task?: Task;
  /** How many classes there are, a logit for each. */
  readonly classes: number;
  /** Size of one image, [h,w,c]. */
  readonly inputShape: InputShape;
  /** How images are normalized. */
  readonly normalization: Normalization;
  /** Name of the data the network is meant for, such as cifar10. */
  readonly dataset: string;
  /** One name for each class, in order. */
  readonly classNames?: readonly string[];
  /** How the weights were trained. */
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

const fields = ['name', 'kind', 'classes', 'inputShape', 'normalization', 'classNames'] as const;

/** A network that has what its metadata says by name as well. */
export interface Described extends Omit<ModelMetadata, 'task' | 'classNames' | 'dataset' | 'training'> {
  /** What travels with the weights. */
  readonly metadata: ModelMetadata;
  /** One name for each class, in order, where they are known. */
  readonly classNames: readonly string[] | undefined;
  /** What the network is for. */
  readonly task: Task;
}

// biome-ignore lint/suspicious/noExplicitAny: what TypeScript asks of the constructor of a class that a function extends
type Class<T = object> = abstract new (...args: any[]) => T;

/** A class whose objects are described by the metadata they have. */
export function withMetadata<Base extends Class>(base: Base): Base & Class<Described> {
  abstract class Network extends base {
    abstract readonly metadata: ModelMetadata;
    get task(): Task {
      return this.metadata.task ?? defaultTask;
    }
  }
  for (const field of fields)
    Object.defineProperty(Network.prototype, field, {
      get(this: Network) {
        return this.metadata[field];
      },
    });
  return Network as unknown as Base & Class<Described>;
}

/** @throws {AdderNetError} ERR_SHAPE unless it is three positive integers */
export function checkInputShape(name: string, inputShape: unknown): asserts inputShape is InputShape {
  const isSize = (size: unknown) => Number.isSafeInteger(size) && (size as number) > 0 && (size as number) < 2 ** 31;
  if (!Array.isArray(inputShape) || inputShape.length !== 3 || !inputShape.every(isSize))
    throw new AdderNetError('ERR_SHAPE', `${name}: inputShape is ${brief(inputShape)}, expected [height, width, channels]`);
}

/** A value as JSON, truncated, because it may come from a file. */
const brief = (value: unknown): string => String(JSON.stringify(value)).slice(0, 80);

/**
 * Checks metadata, including its types, because it may come from a file.
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

/** How many training runs may build on each other. */
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
