// A network that knows its name: layers, and what has to travel with the weights to use them.
import { AdderNetError } from '../errors';
import { type Layer, Sequential } from '../layers';
import { Summary } from './summary';
import type { Unit } from './unit';

/** Images are scaled to 0..1, then (image - mean[c]) / std[c] for each channel c. */
export interface Normalization {
  readonly mean: readonly number[];
  readonly std: readonly number[];
}

/** Where weights come from. */
export interface Training {
  /** The command that made them, without its folders. */
  readonly command: string;
  readonly seed: number;
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
  readonly unit: Unit;
  readonly classes: number;
  /** Size of one image, [h,w,c]. */
  readonly inputShape: readonly [number, number, number];
  readonly normalization: Normalization;
  /** Name of the data the network is meant for, such as cifar10. */
  readonly dataset: string;
  /** One name for each class, in order. */
  readonly classNames?: readonly string[];
  readonly training?: Training;
}

/** x [n,h,w,c], normalized -> logits [n,classes]. */
export class Model extends Sequential {
  readonly metadata: ModelMetadata;

  /** @throws {AdderNetError} ERR_ARGUMENT if names or normalization do not fit; ERR_SHAPE if the layers do not lead from inputShape to classes */
  constructor(layers: Readonly<Record<string, Layer>>, metadata: ModelMetadata) {
    super(layers);
    checkMetadata(metadata);
    const [, ...logits] = this.outputShape([1, ...metadata.inputShape]);
    if (logits.length !== 1 || logits[0] !== metadata.classes)
      throw new AdderNetError(
        'ERR_SHAPE',
        `${metadata.name}: the layers give [n,${logits.join(',')}], expected [n,${metadata.classes}], a logit for each class`,
      );
    this.metadata = metadata;
  }

  get name(): string {
    return this.metadata.name;
  }

  get unit(): Unit {
    return this.metadata.unit;
  }

  get classes(): number {
    return this.metadata.classes;
  }

  get inputShape(): readonly [number, number, number] {
    return this.metadata.inputShape;
  }

  get normalization(): Normalization {
    return this.metadata.normalization;
  }

  get classNames(): readonly string[] | undefined {
    return this.metadata.classNames;
  }

  /** Shapes, parameters and operations of every layer, for one image. Printing it prints a table. */
  summary(): Summary {
    return new Summary(this, [1, ...this.inputShape]);
  }
}

/** Types too: metadata may come from a file. */
function checkMetadata({ name, classes, inputShape, normalization, dataset, classNames }: ModelMetadata): void {
  if (typeof dataset !== 'string') throw new AdderNetError('ERR_ARGUMENT', `${name}: dataset is ${String(dataset)}, expected its name`);
  if (classNames !== undefined && !(Array.isArray(classNames) && classNames.every((text) => typeof text === 'string')))
    throw new AdderNetError('ERR_ARGUMENT', `${name}: classNames is ${JSON.stringify(classNames)}, expected a list of names`);
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
      `${name}: normalization is ${JSON.stringify(normalization)}, expected a mean and a positive std for each of ${channels} channels`,
    );
}
