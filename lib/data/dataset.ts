// Labeled images for training, evaluation and calibration. Pixels are bytes, NHWC; a target is the index of a class.

import { AdderNetError } from '../errors';
import { checkDType } from '../ops/out';
import { checkOptions, optionNames } from '../options';
import { shown } from '../quoted';
import { elementCount, shapeText } from '../shape';
import { Tensor, typedArrayName } from '../tensor';

/** Labeled images for training, evaluation and calibration. */
export interface Dataset {
  /** The name, for messages. */
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
   * Images `start` to `end` - 1 as [n,h,w,c]. The result is read-only, since it may be a view of the data set.
   * @throws {AdderNetError} ERR_ARGUMENT if the range is empty or outside the data set
   */
  images(start: number, end: number): Tensor<Uint8Array>;
  /**
   * The classes of these images, [n]. The result is read-only.
   * @throws {AdderNetError} ERR_ARGUMENT if the range is empty or outside the data set
   */
  targets(start: number, end: number): Int32Array;
  /**
   * Copies the images at these indices and their classes, in this order. An index may occur more than once.
   * @param images  n·h·w·c bytes to write to; may be on a SharedArrayBuffer
   * @param targets n numbers to write to
   * @throws {AdderNetError} ERR_ARGUMENT if an index is outside the data set, or the arrays do not have exactly these lengths
   */
  gather(indices: Int32Array, images: Uint8Array, targets: Int32Array): void | Promise<void>;
}

/**
 * @param op the caller, for messages
 * @throws {AdderNetError} ERR_ARGUMENT unless `dataset` is a Dataset
 */
export function checkDataset(op: string, dataset: unknown): asserts dataset is Dataset {
  const { length, classes, imageShape, gather } = Object(dataset) as Partial<Record<keyof Dataset, unknown>>;
  if (!Number.isInteger(length) || !Number.isInteger(classes) || !Array.isArray(imageShape) || typeof gather !== 'function')
    throw new AdderNetError(
      'ERR_ARGUMENT',
      `${op}: the data set is ${dataset === null || typeof dataset !== 'object' ? String(dataset) : `a ${dataset.constructor?.name ?? 'plain object'}`}, expected a Dataset, such as openDataset() or await openImageFolder() returns`,
    );
}

type Sizes = Pick<Dataset, 'name' | 'length' | 'imageShape'>;

/** @throws {AdderNetError} ERR_ARGUMENT unless `start` to `end` is a range of images of the data set */
export function checkRange({ name, length }: Sizes, start: number, end: number): void {
  if (!Number.isInteger(start) || !Number.isInteger(end) || start < 0 || start >= end || end > length)
    throw new AdderNetError('ERR_ARGUMENT', `${name}: images ${start} to ${end} were requested, expected 0 <= start < end <= ${length}`);
}

/** @throws {AdderNetError} ERR_ARGUMENT unless the arguments of {@link Dataset.gather} fit the data set and each other */
export function checkGather({ name, length, imageShape }: Sizes, indices: Int32Array, images: Uint8Array, targets: Int32Array): void {
  const imageBytes = elementCount(imageShape);
  if (images.length !== indices.length * imageBytes || targets.length !== indices.length)
    throw new AdderNetError(
      'ERR_ARGUMENT',
      `${name}: gather has room for ${images.length} bytes and ${targets.length} targets, but ${indices.length} images of ${shapeText(imageShape)} are ${indices.length * imageBytes} bytes`,
    );
  const wrong = indices.findIndex((index) => index < 0 || index >= length);
  if (wrong >= 0)
    throw new AdderNetError('ERR_ARGUMENT', `${name}: image ${indices[wrong]} was requested from gather, expected 0 to ${length - 1}`);
}

/** The contents of a data set in memory. */
export interface ImageDatasetOptions {
  /** The name, for messages. */
  readonly name: string;
  /** [n,h,w,c]; not copied. */
  readonly images: Tensor<Uint8Array>;
  /** The class of each image; not copied. */
  readonly targets: Int32Array;
  /** Number of classes. */
  readonly classes: number;
  /** What each class is called, by its index. */
  readonly classNames?: readonly string[] | undefined;
}

const names = optionNames<ImageDatasetOptions>({ name: true, images: true, targets: true, classes: true, classNames: true });

/** A data set in memory. */
export class ImageDataset implements Dataset {
  /** The name, for messages. */
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
   * @throws {AdderNetError} ERR_SHAPE if images are not [n,h,w,c] with n targets; ERR_DTYPE if they are not bytes, or targets are not an
   *   Int32Array; ERR_ARGUMENT if a target or the names do not fit the classes, or an option is unknown
   */
  constructor(options: ImageDatasetOptions) {
    checkOptions('ImageDataset', options, names);
    const { name, images, targets, classes, classNames } = options;
    if (typeof name !== 'string') throw new AdderNetError('ERR_ARGUMENT', `ImageDataset: name is ${shown(name)}, expected a string`);
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

  /** See {@link Dataset.images}. Returns a view. */
  images(start: number, end: number): Tensor<Uint8Array> {
    checkRange(this, start, end);
    const [h, w, c] = this.imageShape;
    const size = h * w * c;
    return new Tensor(this.#images.subarray(start * size, end * size), [end - start, h, w, c]);
  }

  /** See {@link Dataset.targets}. Returns a view. */
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
