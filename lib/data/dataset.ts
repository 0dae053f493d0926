// Labeled images, as training, evaluation and calibration see them. Pixels are bytes, NHWC; a target is the index of a class.

import { AdderNetError } from '../errors';
import { checkDType } from '../ops/out';
import { checkOptions, optionNames } from '../options';
import { shown } from '../quoted';
import { elementCount, shapeText } from '../shape';
import { Tensor, typedArrayName } from '../tensor';

/** Labeled images: what training, evaluation and calibration read. */
export interface Dataset {
  /** For messages. */
  readonly name: string;
  /** Number of images. */
  readonly length: number;
  /** Number of classes. */
  readonly classes: number;
  /** What each class is called, by its index. */
  readonly classNames?: readonly string[];
  /** [h, w, c] */
  readonly imageShape: readonly [number, number, number];
  /**
   * Images `start` up to, not including, `end`: [n,h,w,c]. Read only: it may be a view of the data set.
   * @throws {AdderNetError} ERR_ARGUMENT if that is no range within the data set
   */
  images(start: number, end: number): Tensor<Uint8Array>;
  /**
   * The classes of the same images, [n]. Read only.
   * @throws {AdderNetError} ERR_ARGUMENT
   */
  targets(start: number, end: number): Int32Array;
  /**
   * Copies the images at these indices, and their classes, in this order; an index may come twice.
   * @param images  n·h·w·c bytes to write to; they may lie on a SharedArrayBuffer
   * @param targets n numbers to write to
   * @throws {AdderNetError} ERR_ARGUMENT if an index lies outside of the data set, or there is not room for just as many
   */
  gather(indices: Int32Array, images: Uint8Array, targets: Int32Array): void | Promise<void>;
}

/**
 * @param op who asks, for messages
 * @throws {AdderNetError} ERR_ARGUMENT unless `dataset` has what batches are made of
 */
export function checkDataset(op: string, dataset: unknown): asserts dataset is Dataset {
  const { length, classes, imageShape, gather } = Object(dataset) as Partial<Record<keyof Dataset, unknown>>;
  if (!Number.isInteger(length) || !Number.isInteger(classes) || !Array.isArray(imageShape) || typeof gather !== 'function')
    throw new AdderNetError(
      'ERR_ARGUMENT',
      `${op}: the data set is ${dataset === null || typeof dataset !== 'object' ? String(dataset) : `a ${dataset.constructor?.name ?? 'plain object'}`}, expected a Dataset, as openDataset() and openImageFolder() give (await the latter)`,
    );
}

type Sizes = Pick<Dataset, 'name' | 'length' | 'imageShape'>;

/** @throws {AdderNetError} ERR_ARGUMENT unless `start` to `end` is a range of images of the data set */
export function checkRange({ name, length }: Sizes, start: number, end: number): void {
  if (!Number.isInteger(start) || !Number.isInteger(end) || start < 0 || start >= end || end > length)
    throw new AdderNetError('ERR_ARGUMENT', `${name}: images ${start} to ${end} were asked for, expected 0 <= start < end <= ${length}`);
}

/** @throws {AdderNetError} ERR_ARGUMENT unless {@link Dataset.gather} can do as asked */
export function checkGather({ name, length, imageShape }: Sizes, indices: Int32Array, images: Uint8Array, targets: Int32Array): void {
  const imageBytes = elementCount(imageShape);
  if (images.length !== indices.length * imageBytes || targets.length !== indices.length)
    throw new AdderNetError(
      'ERR_ARGUMENT',
      `${name}: gather has room for ${images.length} bytes and ${targets.length} targets, but ${indices.length} images of ${shapeText(imageShape)} are ${indices.length * imageBytes} bytes`,
    );
  const wrong = indices.findIndex((index) => index < 0 || index >= length);
  if (wrong >= 0)
    throw new AdderNetError('ERR_ARGUMENT', `${name}: gather was asked for image ${indices[wrong]}, expected 0 to ${length - 1}`);
}

/** What a data set in memory is made of. */
export interface ImageDatasetOptions {
  /** For messages. */
  readonly name: string;
  /** [n,h,w,c], used as it is */
  readonly images: Tensor<Uint8Array>;
  /** The class of each image, used as it is. */
  readonly targets: Int32Array;
  /** Number of classes. */
  readonly classes: number;
  /** What each class is called, by its index. */
  readonly classNames?: readonly string[] | undefined;
}

const names = optionNames<ImageDatasetOptions>({ name: true, images: true, targets: true, classes: true, classNames: true });

/** A data set in memory. */
export class ImageDataset implements Dataset {
  /** For messages. */
  readonly name: string;
  /** Number of images. */
  readonly length: number;
  /** Number of classes. */
  readonly classes: number;
  /** What each class is called, by its index. */
  readonly classNames?: readonly string[];
  /** [h, w, c] */
  readonly imageShape: readonly [number, number, number];
  readonly #images: Uint8Array;
  readonly #targets: Int32Array;

  /**
   * @throws {AdderNetError} ERR_SHAPE if images are not [n,h,w,c] with n targets; ERR_DTYPE if they are not bytes, or targets no Int32Array;
   *   ERR_ARGUMENT if a target or the names do not fit the classes, or an option is unknown
   */
  constructor(options: ImageDatasetOptions) {
    checkOptions('ImageDataset', options, names);
    const { name, images, targets, classes, classNames } = options;
    if (typeof name !== 'string') throw new AdderNetError('ERR_ARGUMENT', `ImageDataset: name is ${shown(name)}, expected a text`);
    checkDType(name, 'images', images, 'u8');
    const [n, h, w, c] = images.shape;
    if (n === undefined || h === undefined || w === undefined || c === undefined || images.shape.length !== 4)
      throw new AdderNetError('ERR_SHAPE', `${name}: images have shape ${shapeText(images.shape)}, expected [n,h,w,c]`);
    if (typedArrayName(targets) !== 'Int32Array')
      throw new AdderNetError(
        'ERR_DTYPE',
        `${name}: targets are ${typedArrayName(targets) ?? Object.prototype.toString.call(targets)}, expected an Int32Array`,
      );
    if (targets.length !== n) throw new AdderNetError('ERR_SHAPE', `${name}: ${targets.length} targets for ${n} images`);
    if (!Number.isSafeInteger(classes) || classes < 1)
      throw new AdderNetError('ERR_ARGUMENT', `${name}: classes is ${shown(classes)}, expected a positive integer`);
    const wrong = targets.findIndex((target) => target < 0 || target >= classes);
    if (wrong >= 0)
      throw new AdderNetError('ERR_ARGUMENT', `${name}: the target of image ${wrong} is ${targets[wrong]}, expected 0 to ${classes - 1}`);
    if (classNames !== undefined && !(Array.isArray(classNames) && classNames.every((text) => typeof text === 'string')))
      throw new AdderNetError('ERR_ARGUMENT', `${name}: classNames is ${shown(classNames)}, expected a list of names`);
    if (classNames && classNames.length !== classes)
      throw new AdderNetError('ERR_ARGUMENT', `${name}: ${classNames.length} class names for ${classes} classes`);
    this.name = name;
    this.length = n;
    this.classes = classes;
    if (classNames) this.classNames = classNames;
    this.imageShape = [h, w, c];
    this.#images = images.data;
    this.#targets = targets;
  }

  /** See {@link Dataset.images}. It is a view. */
  images(start: number, end: number): Tensor<Uint8Array> {
    checkRange(this, start, end);
    const [h, w, c] = this.imageShape;
    const size = h * w * c;
    return new Tensor(this.#images.subarray(start * size, end * size), [end - start, h, w, c]);
  }

  /** See {@link Dataset.targets}. It is a view. */
  targets(start: number, end: number): Int32Array {
    checkRange(this, start, end);
    return this.#targets.subarray(start, end);
  }

  /** See {@link Dataset.gather}. */
  gather(indices: Int32Array, images: Uint8Array, targets: Int32Array): void {
    checkGather(this, indices, images, targets);
    const size = elementCount(this.imageShape);
    indices.forEach((index, i) => {
      images.set(this.#images.subarray(index * size, (index + 1) * size), i * size);
      targets[i] = this.#targets[index]!;
    });
  }
}
