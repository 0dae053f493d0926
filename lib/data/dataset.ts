// Labelled images, as training, evaluation and calibration see them. Pixels are bytes, NHWC; a target is the index of a class.
import { AdderNetError } from '../errors';
import { shapeText } from '../shape';
import { Tensor } from '../tensor';

export interface Dataset {
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
}

export interface ImageDatasetOptions {
  readonly name: string;
  /** [n,h,w,c], used as it is */
  readonly images: Tensor<Uint8Array>;
  /** The class of each image, used as it is. */
  readonly targets: Int32Array;
  readonly classes: number;
  readonly classNames?: readonly string[];
}

/** A data set in memory. */
export class ImageDataset implements Dataset {
  readonly name: string;
  readonly length: number;
  readonly classes: number;
  readonly classNames?: readonly string[];
  readonly imageShape: readonly [number, number, number];
  readonly #images: Uint8Array;
  readonly #targets: Int32Array;

  /** @throws {AdderNetError} ERR_SHAPE if images are not [n,h,w,c] with n targets; ERR_ARGUMENT if a target or the names do not fit the classes */
  constructor({ name, images, targets, classes, classNames }: ImageDatasetOptions) {
    const [n, h, w, c] = images.shape;
    if (n === undefined || h === undefined || w === undefined || c === undefined || images.shape.length !== 4)
      throw new AdderNetError('ERR_SHAPE', `${name}: images have shape ${shapeText(images.shape)}, expected [n,h,w,c]`);
    if (targets.length !== n) throw new AdderNetError('ERR_SHAPE', `${name}: ${targets.length} targets for ${n} images`);
    if (!Number.isInteger(classes) || classes < 1)
      throw new AdderNetError('ERR_ARGUMENT', `${name}: classes is ${classes}, expected a positive integer`);
    const wrong = targets.findIndex((target) => target < 0 || target >= classes);
    if (wrong >= 0)
      throw new AdderNetError('ERR_ARGUMENT', `${name}: the target of image ${wrong} is ${targets[wrong]}, expected 0 to ${classes - 1}`);
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

  images(start: number, end: number): Tensor<Uint8Array> {
    this.#checkRange(start, end);
    const [h, w, c] = this.imageShape;
    const size = h * w * c;
    return new Tensor(this.#images.subarray(start * size, end * size), [end - start, h, w, c]);
  }

  targets(start: number, end: number): Int32Array {
    this.#checkRange(start, end);
    return this.#targets.subarray(start, end);
  }

  #checkRange(start: number, end: number): void {
    if (!Number.isInteger(start) || !Number.isInteger(end) || start < 0 || start >= end || end > this.length)
      throw new AdderNetError(
        'ERR_ARGUMENT',
        `${this.name}: images ${start} to ${end} were asked for, expected 0 <= start < end <= ${this.length}`,
      );
  }
}
