// Prepares batches of training images while the network works on the previous one. All random choices of a batch follow from (seed, epoch,
// step), those of an image from (seed), so any batch can be made without the ones before it. This makes training that resumes in mid-epoch
// bit-identical.

import { AdderNetError } from '../errors';
import { cropMirrorNormalize } from '../ops/crop-mirror-normalize';
import { checkOptions, optionNames } from '../options';
import { shown } from '../quoted';
import { Random } from '../random';
import { elementCount, type Shape, shapeText } from '../shape';
import { Tensor } from '../tensor';
import { type Augmentation, checkAugmentation, drawMirrored, drawWindows, type Transform } from './augment';
import { checkDataset, type Dataset } from './dataset';
import { normalizationTables } from './normalize';

/** How batches are made from a data set. */
export interface BatchLoaderOptions {
  /** Images in a batch. */
  batch: number;
  /** Mean and standard deviation of each channel, for pixels from 0 to 1; usually `model.normalization`. */
  normalization: { readonly mean: readonly number[]; readonly std: readonly number[] };
  /** Random variations of the images. Default: none. */
  augment?: Augmentation | Transform | undefined;
  /** Whether every epoch takes the images in another order. Default false. */
  shuffle?: boolean | undefined;
  /** The seed of the order and the augmentation, a safe integer. Default 0. */
  seed?: number | undefined;
  /** Use only the first `limit` images of the data set. Default: all. */
  limit?: number | undefined;
}

const names = optionNames<BatchLoaderOptions>({
  ...{ batch: true, normalization: true, augment: true },
  ...{ shuffle: true, seed: true, limit: true },
});

/** Normalized images and their classes. */
export interface Batch {
  /** [n,h,w,c], float32, normalized. */
  x: Tensor;
  /** The class of each image, [n]. */
  targets: Int32Array;
}

/** The memory of one batch. Bytes and floats are shared with other threads. */
interface Buffers {
  readonly bytes: Uint8Array;
  readonly floats: Float32Array;
  readonly targets: Int32Array;
  /** Resolves, and never rejects, when the work on this memory is done; undefined if there is none. */
  busy?: Promise<void> | undefined;
}

/** Makes batches of a data set, alternating between two sets of buffers. */
export class BatchLoader {
  /** Images in an epoch. */
  readonly images: number;
  /** Batches in an epoch; the last one holds what is left. */
  readonly steps: number;
  readonly #dataset: Dataset;
  readonly #batch: number;
  readonly #tables: Float32Array;
  readonly #crop: number;
  /** Whether each image is mirrored in even epochs, and not in odd ones; undefined if none ever is. */
  readonly #mirrored: Uint8Array | undefined;
  readonly #transform: Transform | undefined;
  readonly #shuffle: boolean;
  readonly #seed: number;
  readonly #buffers: readonly Buffers[];
  #turn = 0;
  #order: { readonly epoch: number; readonly indices: Int32Array } | undefined;

  /** @throws {AdderNetError} ERR_ARGUMENT if an option is out of range or does not fit the images; ERR_MEMORY if two batches are too large */
  constructor(dataset: Dataset, options: BatchLoaderOptions) {
    checkDataset('BatchLoader', dataset);
    checkOptions('BatchLoader', options, names);
    const { batch, normalization, augment = {}, shuffle = false, seed = 0, limit = dataset.length } = options;
    for (const [name, value] of Object.entries({ batch, limit }))
      if (!Number.isInteger(value) || (value as number) < 1)
        throw new AdderNetError('ERR_ARGUMENT', `BatchLoader: ${name} is ${shown(value)}, expected a positive integer`);
    if (!Number.isSafeInteger(seed))
      throw new AdderNetError('ERR_ARGUMENT', `BatchLoader: seed is ${shown(seed)}, expected an integer between -2^53 and 2^53`);
    if (typeof shuffle !== 'boolean')
      throw new AdderNetError('ERR_ARGUMENT', `BatchLoader: shuffle is ${shown(shuffle)}, expected true or false`);
    if (augment === null || (typeof augment !== 'object' && typeof augment !== 'function'))
      throw new AdderNetError('ERR_ARGUMENT', `BatchLoader: augment is ${shown(augment)}, expected { crop, flip } or a function`);
    this.#transform = typeof augment === 'function' ? augment : undefined;
    const windows = typeof augment === 'function' ? {} : augment;
    checkAugmentation('BatchLoader', windows, dataset.imageShape);
    this.#crop = windows.crop ?? 0;
    this.#mirrored = windows.flip ? drawMirrored(dataset.length, Random.of(seed)) : undefined;
    const { mean, std }: Partial<BatchLoaderOptions['normalization']> = normalization ?? {};
    this.#tables = normalizationTables('BatchLoader', dataset.imageShape[2], mean, std);
    this.#dataset = dataset;
    this.#shuffle = shuffle;
    this.#seed = seed;
    this.images = Math.min(limit, dataset.length);
    this.#batch = Math.min(batch, this.images);
    this.steps = Math.ceil(this.images / this.#batch);
    this.#buffers = [allocate(this.#batch, dataset.imageShape), allocate(this.#batch, dataset.imageShape)];
  }

  /**
   * Makes a batch. Unless the data set is asynchronous, all JavaScript work is done when this returns, and other threads do the rest: call it
   * for the next batch before computing with this one.
   * @param epoch any integer from 0; each has its own order and augmentation
   * @param step  from 0 to {@link steps} - 1
   * @returns a batch whose memory is overwritten by the second call after this one; no more than two loads may run at a time
   * @throws {AdderNetError} as a rejection: ERR_ARGUMENT if there is no such batch; ERR_SHAPE or ERR_DTYPE if a transform returns anything but
   *   bytes of the given shape; and whatever the transform or the data set throws
   */
  async load(epoch: number, step: number): Promise<Batch> {
    if (!Number.isSafeInteger(epoch) || epoch < 0)
      throw new AdderNetError('ERR_ARGUMENT', `BatchLoader: epoch is ${shown(epoch)}, expected an integer from 0`);
    if (!Number.isInteger(step) || step < 0 || step >= this.steps)
      throw new AdderNetError('ERR_ARGUMENT', `BatchLoader: step is ${shown(step)}, expected an integer from 0 to ${this.steps - 1}`);
    const buffers = this.#buffers[this.#turn]!;
    this.#turn = 1 - this.#turn;
    const fill = () => this.#fill(buffers, epoch, step);
    const batch = buffers.busy ? buffers.busy.then(fill) : fill();
    const settle = () => {
      if (buffers.busy === busy) buffers.busy = undefined;
    };
    const busy = batch.then(settle, settle);
    buffers.busy = busy;
    return batch;
  }

  /**
   * The batches of an epoch from step `first` on, each made while the previous one is in use. A batch is valid until the next one is requested.
   * @throws {AdderNetError} what {@link load} throws
   */
  async *batches(epoch: number, first = 0): AsyncGenerator<Batch, void, void> {
    let next = first < this.steps ? this.load(epoch, first) : undefined;
    for (let step = first + 1; next; step++) {
      const batch = await next;
      next = step < this.steps ? this.load(epoch, step) : undefined;
      next?.catch(() => {}); // the error is thrown where `next` is awaited; until then it must not count as unhandled
      yield batch;
    }
  }

  async #fill(buffers: Buffers, epoch: number, step: number): Promise<Batch> {
    const indices = this.#indices(epoch).slice(step * this.#batch, (step + 1) * this.#batch);
    const n = indices.length;
    const shape = [n, ...this.#dataset.imageShape];
    const images = new Tensor(buffers.bytes.subarray(0, elementCount(shape)), shape);
    const x = new Tensor(buffers.floats.subarray(0, images.size), shape);
    const targets = buffers.targets.subarray(0, n);
    const gathering = this.#dataset.gather(indices, images.data, targets);
    if (gathering) await gathering; // no unconditional await, or the rest would wait until JavaScript is idle
    const random = Random.of(this.#seed, epoch, step);
    if (this.#transform) images.data.set(transformed(this.#transform, images, random));
    const mirrored = this.#mirrored && Uint8Array.from(indices, (index) => this.#mirrored![index]! ^ (epoch & 1));
    await cropMirrorNormalize(images, drawWindows(n, this.#crop, random, mirrored), this.#tables, x);
    return { x, targets };
  }

  /** The order of the images in an epoch. */
  #indices(epoch: number): Int32Array {
    if (this.#order && (!this.#shuffle || this.#order.epoch === epoch)) return this.#order.indices;
    const indices = Int32Array.from({ length: this.images }, (_, i) => i);
    if (this.#shuffle) Random.of(this.#seed, epoch).shuffle(indices);
    this.#order = { epoch, indices };
    return indices;
  }
}

function transformed(transform: Transform, images: Tensor<Uint8Array>, random: Random): Uint8Array {
  const { shape } = images;
  const result: unknown = transform(images, random);
  if (!(result instanceof Tensor) || shapeText(result.shape) !== shapeText(shape))
    throw new AdderNetError(
      'ERR_SHAPE',
      `BatchLoader: augment returned ${result instanceof Tensor ? shapeText(result.shape) : String(result)}, expected a Tensor of the given shape ${shapeText(shape)}`,
    );
  if (result.dtype !== 'u8')
    throw new AdderNetError('ERR_DTYPE', `BatchLoader: augment returned dtype ${result.dtype}, expected u8: normalization comes after it`);
  return result.data;
}

function allocate(batch: number, imageShape: Shape): Buffers {
  const elements = batch * elementCount(imageShape);
  try {
    return {
      bytes: new Uint8Array(new SharedArrayBuffer(elements)),
      floats: new Float32Array(new SharedArrayBuffer(elements * Float32Array.BYTES_PER_ELEMENT)),
      targets: new Int32Array(batch),
    };
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    throw new AdderNetError(
      'ERR_MEMORY',
      `BatchLoader: two batches of ${batch} images of ${shapeText(imageShape)} do not fit in memory; choose a smaller batch`,
      { cause },
    );
  }
}
