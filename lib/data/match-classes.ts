// Matches classes by name, because a data set may list its classes in another order than a network.
import { AdderNetError } from '../errors';
import type { Tensor } from '../tensor';
import { checkDataset, type Dataset } from './dataset';

/** A data set with its classes in another order. */
class Reordered implements Dataset {
  readonly name: string;
  readonly length: number;
  readonly classes: number;
  readonly imageShape: readonly [number, number, number];
  readonly #source: Dataset;
  /** Maps the old index of each class to the new one. */
  readonly #indices: Int32Array;

  constructor(
    source: Dataset,
    readonly classNames: readonly string[],
  ) {
    this.name = source.name;
    this.length = source.length;
    this.classes = source.classes;
    this.imageShape = source.imageShape;
    this.#source = source;
    this.#indices = Int32Array.from(source.classNames!, (name) => classNames.indexOf(name));
  }

  images(start: number, end: number): Tensor<Uint8Array> {
    return this.#source.images(start, end);
  }

  targets(start: number, end: number): Int32Array {
    return this.#source.targets(start, end).map((target) => this.#indices[target]!);
  }

  gather(indices: Int32Array, images: Uint8Array, targets: Int32Array): void | Promise<void> {
    const rename = () =>
      targets.forEach((target, i) => {
        targets[i] = this.#indices[target]!;
      });
    const gathering = this.#source.gather(indices, images, targets);
    return gathering ? gathering.then(rename) : rename();
  }
}

/**
 * Returns the data set with its classes in the order of a network, matched by name. If one of them has no names, or the order is already the
 * same, that is the data set itself.
 * @param classNames the classes of the network, `model.classNames`
 * @param op         the caller, for messages
 * @throws {AdderNetError} ERR_ARGUMENT if the two have different names
 */
export function matchClasses(dataset: Dataset, classNames: readonly string[] | undefined, op = 'matchClasses'): Dataset {
  checkDataset(op, dataset);
  const { name, classNames: own } = dataset;
  if (!own || !classNames || own.length === 0 || sameList(own, classNames)) return dataset;
  const isUnique = new Set(own).size === own.length;
  if (!isUnique || !sameList([...own].sort(), [...classNames].sort())) {
    const stranger = own.find((className) => !classNames.includes(className));
    const which = stranger === undefined ? '' : `, without ${stranger}`;
    throw new AdderNetError(
      'ERR_ARGUMENT',
      `${op}: the classes of ${name} are ${some(own)}, but those of the network ${some(classNames)}${which}: ${remedy}`,
    );
  }
  return new Reordered(dataset, classNames);
}

const remedy =
  'open the data that the network was trained on (--dataset and --data on the command line); if its classes only have other names, load it with ' +
  '{ classNames }; otherwise give it a new head with models.replaceHead, or train one with addernet train --weights';

const sameList = (a: readonly string[], b: readonly string[]): boolean => a.length === b.length && a.every((name, i) => name === b[i]);

/** Lists a few names, because ImageNet has 1000. */
const some = (names: readonly string[]): string =>
  names.length > 12 ? `${names.slice(0, 12).join(', ')} and ${names.length - 12} more` : names.join(', ');
