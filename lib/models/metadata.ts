// What travels with the weights of a network, in floats or in integers, and networks that say it by name.
import { type NetworkKind, networkKinds } from '../conv-kind';
import { AdderNetError } from '../errors';
import { optionNames } from '../options';
import { shown } from '../quoted';
import { check, integer, listOf, number, objectWith, oneOf, optional, type Rule, rule, text } from '../schema';
import type { InputShape } from './network-parts';
import { defaultTask, type Task, tasks } from './task';

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
  readonly kind: NetworkKind;
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
    throw new AdderNetError('ERR_SHAPE', `${name}: inputShape is ${shown(inputShape)}, expected [height, width, channels]`);
}

/** How many training runs may build on each other. */
const maxTrainings = 100;
const trainingRule = (depth: number): Rule<Training> => {
  const own = objectWith({ command: text(100_000), seed: number(), epochs: number(), accuracy: number(), images: number() });
  const origin: Rule<Training> = (value) =>
    depth === maxTrainings ? rule<Training>(`at most ${maxTrainings} runs`, () => false)(value) : trainingRule(depth + 1)(value);
  return (value) => own(value) ?? objectWith({ startedFrom: optional(origin) })(value);
};

const isName = (value: unknown) => typeof value === 'string' && value !== '' && value.length <= 200;
const named = objectWith({ name: rule<string>('the name of the network', isName) });
const rules = objectWith({
  kind: oneOf(networkKinds),
  task: optional(oneOf(Object.keys(tasks) as Task[])),
  classes: integer(1),
  dataset: text(200, 'the name of a data set'),
  training: optional(trainingRule(1)),
  classNames: optional(listOf(text(10_000), 'a list of names')),
});

const positiveStd = rule<number>('a positive std', (value) => Number.isFinite(value) && (value as number) > 0);

/**
 * Checks metadata, including its types, because it may come from a file.
 * @throws {AdderNetError} ERR_ARGUMENT, or ERR_SHAPE for the input shape
 */
export function checkMetadata(metadata: ModelMetadata): void {
  check('Model', metadata, named, 'ERR_ARGUMENT');
  const { name, classes, inputShape, classNames }: ModelMetadata = metadata;
  check(name, metadata, rules, 'ERR_ARGUMENT');
  checkInputShape(name, inputShape);
  if (classNames && classNames.length !== classes)
    throw new AdderNetError(
      'ERR_ARGUMENT',
      `${name}: classNames has ${classNames.length} names, expected one for each of ${classes} classes`,
    );
  const [, , channels] = inputShape;
  const perChannel = (inner: Rule<number>, what: string) => listOf(inner, `${what} for each of ${channels} channels`, channels);
  const normalization = objectWith({ mean: perChannel(number(), 'a mean'), std: perChannel(positiveStd, 'a positive std') });
  check(name, metadata, objectWith({ normalization }), 'ERR_ARGUMENT');
}
