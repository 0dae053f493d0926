// Classes are known by their names: targets of a data set count its own, which may come in another order than a network's.
import { AdderNetError } from '../errors';
import type { Tensor } from '../tensor';
import { checkDataset, type Dataset } from './dataset';

/** Another data set, with classes in another order. */
class Reordered implements Dataset {
  readonly name: string;
  readonly length: number;
  readonly classes: number;
  readonly imageShape: readonly [number, number, number];
  readonly #source: Dataset;
  /** The new index of each class, by its old one. */
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
 * The data set with its classes in the order of a network's, by their names. Where one of the two has no names, or both are alike, that is
 * the data set itself.
 * @param classNames of the network, `model.classNames`
 * @param op         who asks, for messages
 * @throws {AdderNetError} ERR_ARGUMENT if the names are not the same ones
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
  'open the data that it was trained for (on the command line: --dataset and --data); if its classes are the same under other names, load it with ' +
  '{ classNames }; if they are others, give it a new head with models.replaceHead, or train one with addernet train --weights';

const sameList = (a: readonly string[], b: readonly string[]): boolean => a.length === b.length && a.every((name, i) => name === b[i]);

/** Not all of ImageNet's. */
const some = (names: readonly string[]): string =>
  names.length > 12 ? `${names.slice(0, 12).join(', ')} and ${names.length - 12} more` : names.join(', ');
