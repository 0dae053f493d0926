// A compiled network, ready to run.

import { type NativePlan, rethrow } from '../binding';
import { defaultBackground } from '../data/background';
import { readImage } from '../data/image';
import { type Color, checkImageOptions, type ImageOptions, type ImageShape } from '../data/image-options';
import type { ImageSource } from '../data/image-source';
import { normalize } from '../data/normalize';
import { AdderNetError, type ErrorCode } from '../errors';
import { type FileSource, readSource, sourcePath } from '../io/file-source';
import { checkFloat, type OutOption, outputTensor } from '../ops/out';
import { checkOptions, optionNames } from '../options';
import { shown } from '../quoted';
import { elementCount, type Shape, shapeText } from '../shape';
import { checkBuffer, Tensor, typedArrayName } from '../tensor';
import { checkSignal, type RunOptions, throwIfAborted, unlessAborted } from './abort';
import { type Classification, classification, type Labels } from './classification';
import { checkRounds, type NodeInfo, type Profile, type ProfileOptions, profileNames, profileOf } from './profile';
import { RunQueue } from './run-queue';

/** How images are classified. */
export interface ClassifyOptions extends ImageOptions, RunOptions {
  /** How many classes to name. Default 5. */
  readonly top?: number | undefined;
  /** The color behind transparent pixels. Default: white, or black for a network of white on black; with `invert` the opposite. */
  readonly background?: Color | undefined;
  /** Columns of an image that is given as the bytes of its pixels; together with `height`. */
  readonly width?: number | undefined;
  /** Rows of an image that is given as the bytes of its pixels; together with `width`. */
  readonly height?: number | undefined;
}

const runNames = optionNames<RunOptions>({ signal: true });
const runSyncNames = optionNames<OutOption>({ out: true });
const classifyNames = optionNames<ClassifyOptions>({
  ...{ top: true, width: true, height: true, signal: true },
  ...{ maxPixels: true, background: true, invert: true },
});

/** A compiled network, made by `compile`. It holds native memory until `dispose()` is called or the object is collected. */
export class InferenceSession {
  /** Shape of one image, [h,w,c]. */
  readonly inputShape: Shape;
  /** Shape of the output for one image, such as [classes]. */
  readonly outputShape: Shape;
  readonly #nodes: readonly NodeInfo[];
  readonly #labels: Labels | undefined;
  readonly #queue = new RunQueue();
  #plan: NativePlan | undefined;

  /**
   * @param nodes  those of the plan
   * @param labels normalization and class names, of a network that classifies images
   */
  constructor(plan: NativePlan, inputShape: Shape, outputShape: Shape, nodes: readonly NodeInfo[], labels?: Labels) {
    this.#plan = plan;
    this.#nodes = nodes;
    this.#labels = labels;
    this.inputShape = Object.freeze(inputShape);
    this.outputShape = Object.freeze(outputShape);
  }

  /** The name of each class, by its index; undefined if the metadata has none. */
  get classNames(): readonly string[] | undefined {
    return this.#labels?.classNames;
  }

  /**
   * Runs on another thread, so that the event loop is not blocked. `x` is copied before this returns. Runs of one session follow each
   * other; runs of several sessions share the threads. The outputs for an image are bit-identical in any batch and with any number of threads.
   *
   * @param x [n, ...inputShape], float32, any n
   * @returns [n, ...outputShape]
   * @throws {AdderNetError} as a rejection: ERR_SHAPE, ERR_DTYPE; ERR_ARGUMENT if x is no tensor, or an option is unknown; ERR_DISPOSED after
   *   dispose; ERR_MEMORY if memory runs out. The signal's reason if it aborts
   */
  async run(x: Tensor, options: RunOptions = {}): Promise<Tensor> {
    const plan = this.#alive();
    checkOptions('run', options, runNames);
    checkSignal('run', options.signal);
    const n = this.#checkInput('run', x);
    return await this.#enqueue(x, n, options.signal, (data, y) => start(plan, data, y, n));
  }

  /**
   * Runs on this thread and returns when the result is there, without a copy of x; waits for a run in progress. Throws what run rejects with.
   * @throws {AdderNetError} ERR_ARGUMENT if `out` overlaps x
   */
  runSync(x: Tensor, options: OutOption = {}): Tensor {
    const plan = this.#alive();
    checkOptions('runSync', options, runSyncNames);
    const n = this.#checkInput('runSync', x);
    const y = outputTensor('runSync', options.out, [n, ...this.outputShape], [x]);
    rethrow(() => plan.runSync(x.data, y.data, n));
    return y;
  }

  /**
   * Measures how long each node of the network takes, on another thread. In each round the network is run twice: as `run` does it, and with
   * a clock around each node. On one thread both do the same. On several, `run` gives each thread images of its own where there are enough
   * of them, and a profile has all threads share each node, so that its nodes may add up to more. Profiles and runs of a session take turns.
   *
   * @param x [n, ...inputShape], float32, any n
   * @throws {AdderNetError} as a rejection: ERR_ARGUMENT if rounds is out of range; as run. The signal's reason if it aborts
   */
  async profile(x: Tensor, options: ProfileOptions = {}): Promise<Profile> {
    const plan = this.#alive();
    checkOptions('profile', options, profileNames);
    const { rounds = 20, signal } = options;
    checkRounds(rounds);
    checkSignal('profile', signal);
    const n = this.#checkInput('profile', x);
    let times: Float64Array = new Float64Array();
    const output = await this.#enqueue(x, n, signal, async (data, y) => {
      times = await profile(plan, data, y, n, rounds);
    });
    return profileOf(this.#nodes, times, output);
  }

  /**
   * Normalizes pixels as the network takes them: (image / 255 - mean) / std, with mean and std of the model's metadata.
   * @param images [n, ...inputShape], or one image of inputShape; bytes, as a tensor or a typed array
   * @returns [n, ...inputShape], for {@link run}
   * @throws {AdderNetError} ERR_ARGUMENT if the network is no Model, or images are neither; ERR_SHAPE, ERR_DTYPE
   */
  normalize(images: Tensor<Uint8Array> | Uint8Array | Uint8ClampedArray): Tensor {
    const { mean, std } = this.#classifier('normalize').normalization;
    const batch = images instanceof Tensor ? images : this.#batchOf(images);
    const shape = batch.shape.length === this.inputShape.length ? [1, ...batch.shape] : batch.shape;
    this.#checkShape('normalize', 'images', shape);
    return normalize(batch.reshape(shape), mean, std);
  }

  /**
   * Classifies several images in one run, each as if it were alone.
   * @returns for each image the most probable classes, best first
   * @throws {AdderNetError} as for one image; the message names the image
   */
  classify(images: readonly ImageSource[], options?: ClassifyOptions): Promise<Classification[][]>;
  /**
   * Classifies an image: it is scaled to cover the network's input, cropped at the center, and normalized by the model's metadata. Files and
   * other sizes than the network's need the package sharp.
   *
   * Transparent pixels get the color `background`: by default white, and black if the network is for gray images with a mean below 0.5, as
   * those of MNIST, which are white on black; with `invert` the opposite.
   *
   * @param image the path or file: URL of a file, PNG, JPEG, WebP, BMP and others; the bytes of one; `{ data, width, height }`, such as a
   *   canvas gives; or, with the options `width` and `height`, pixels: bytes, rows from the top, of red, green and blue; or of these and
   *   opacity; or of gray
   * @returns the most probable classes, best first
   * @throws {AdderNetError} as a rejection: ERR_ARGUMENT if the network is no Model, an option or the number of bytes does
   *   not fit, an image has more than `maxPixels`, or a logit is not finite; ERR_FORMAT if a file holds no image, ERR_CORRUPT if it is cut off or damaged;
   *   ERR_PEER_MISSING if sharp is needed and not installed; as run. The signal's reason if it aborts
   */
  classify(image: ImageSource, options?: ClassifyOptions): Promise<Classification[]>;
  async classify(
    images: ImageSource | readonly ImageSource[],
    options: ClassifyOptions = {},
  ): Promise<Classification[] | Classification[][]> {
    this.#alive();
    checkOptions('classify', options, classifyNames);
    const { top = 5, signal } = options;
    checkSignal('classify', signal);
    checkImageOptions(options);
    const labels = this.#classifier('classify');
    if (!Number.isSafeInteger(top) || top < 1)
      throw new AdderNetError(
        'ERR_ARGUMENT',
        `classify: top is ${shown(top)}, expected a number of classes, of which there are ${this.outputShape[0]}`,
      );
    const isBatch = Array.isArray(images);
    const sources: readonly ImageSource[] = isBatch ? images : [images as ImageSource];
    if (sources.length === 0) return [];
    const batch = await unlessAborted(this.#readBatch(sources, labels, options, isBatch), signal);
    const plan = this.#alive();
    const logits = await this.#enqueue(batch, sources.length, signal, (data, y) => start(plan, data, y, sources.length));
    const classes = this.outputShape[0]!;
    const results = sources.map((_, i) =>
      classification(logits.data.subarray(i * classes, (i + 1) * classes), labels, top, isBatch ? `images[${i}]` : 'the image'),
    );
    return isBatch ? results : results[0]!;
  }

  /** Bytes of native memory: packed weights, and intermediate values, which grow with the largest batch so far up to a limit. */
  get memory(): number {
    return this.#plan?.memory() ?? 0;
  }

  /** Frees the native memory when the runs that were started before have ended. Does nothing the second time. */
  dispose(): void {
    const plan = this.#plan;
    this.#plan = undefined;
    if (plan) this.#queue.whenIdle(() => plan.dispose());
  }

  /** Lets `using` dispose of the session, see {@link dispose}. */
  [Symbol.dispose](): void {
    this.dispose();
  }

  #alive(): NativePlan {
    if (!this.#plan) throw new AdderNetError('ERR_DISPOSED', 'InferenceSession: the session was disposed of: compile the model again');
    return this.#plan;
  }

  /** Starts a run of n images when those before it have ended, and gives its output. A run that has to wait works on a copy of x. */
  async #enqueue(
    x: Tensor,
    n: number,
    signal: AbortSignal | undefined,
    start: (x: Float32Array, y: Float32Array) => Promise<void>,
  ): Promise<Tensor> {
    throwIfAborted(signal);
    const y = Tensor.zeros([n, ...this.outputShape]);
    const data = this.#queue.isIdle ? x.data : x.data.slice();
    let cancel = () => {};
    const result = new Promise<Tensor>((resolve, reject) => {
      cancel = this.#queue.add(() => start(data, y.data).then(() => resolve(y), reject));
    });
    return await unlessAborted(result, signal, cancel);
  }

  async #readBatch(
    sources: readonly ImageSource[],
    labels: Labels,
    { width, height, maxPixels, invert, background = defaultBackground(labels.normalization, invert) }: ClassifyOptions,
    isBatch: boolean,
  ): Promise<Tensor> {
    const shape = this.inputShape as ImageShape;
    const size = elementCount(shape);
    const bytes = new Uint8Array(sources.length * size);
    const read = async (source: ImageSource, i: number) => {
      const image = width === undefined && height === undefined ? source : await asPixels(source, width, height);
      const name = isBatch ? `images[${i}]${typeof source === 'string' ? `, '${source}'` : ''}` : undefined;
      const { data } = await readImage(image, shape, { maxPixels, invert, background }, name);
      bytes.set(data, i * size);
    };
    await Promise.all(sources.map(read));
    return this.normalize(new Tensor(bytes, [sources.length, ...shape]));
  }

  #classifier(op: string): Labels {
    if (!this.#labels || this.inputShape.length !== 3 || this.outputShape.length !== 1)
      throw new AdderNetError('ERR_ARGUMENT', `${op}: the session is of layers alone, which say nothing of images: compile a model`);
    return this.#labels;
  }

  #batchOf(bytes: Uint8Array | Uint8ClampedArray): Tensor<Uint8Array> {
    const type = typedArrayName(bytes);
    const size = elementCount(this.inputShape);
    if (type !== 'Uint8Array' && type !== 'Uint8ClampedArray')
      throw new AdderNetError('ERR_ARGUMENT', `normalize: images are ${type ?? String(bytes)}, expected a Tensor of bytes, or bytes`);
    checkBuffer(bytes as Uint8Array, 'normalize: images');
    if (bytes.length % size !== 0)
      throw new AdderNetError('ERR_SHAPE', `normalize: ${bytes.length} bytes are no images of ${shapeText(this.inputShape)}, ${size} each`);
    return new Tensor(new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length), [bytes.length / size, ...this.inputShape]);
  }

  /** Checks x and returns the number of images. */
  #checkInput(op: string, x: Tensor): number {
    const type = typedArrayName(x);
    if (type !== undefined) {
      const size = elementCount(this.inputShape);
      const images = (x as unknown as Float32Array).length / size;
      const shape = `[${Number.isInteger(images) && images > 0 ? images : 'n'},${this.inputShape.join(',')}]`;
      throw new AdderNetError('ERR_ARGUMENT', `${op}: x is a ${type}, expected a Tensor: new Tensor(data, ${shape})`);
    }
    checkFloat(op, 'x', x);
    this.#checkShape(op, 'x', x.shape);
    return x.shape[0]!;
  }

  #checkShape(op: string, name: string, shape: Shape): void {
    if (shape.length === 0 || shapeText(shape.slice(1)) !== shapeText(this.inputShape))
      throw new AdderNetError('ERR_SHAPE', `${op}: ${name} has shape ${shapeText(shape)}, expected [n,${this.inputShape.join(',')}]`);
  }
}

/** Begins a run, which copies x before this returns. */
const start = (plan: NativePlan, x: Float32Array, y: Float32Array, n: number): Promise<void> =>
  new Promise((resolve, reject) => {
    rethrow(() => plan.run(x, y, n, (code) => (code === undefined ? resolve() : reject(runError('run', code as ErrorCode)))));
  });

/** The same for the rounds of a profile, whose times it gives. */
const profile = (plan: NativePlan, x: Float32Array, y: Float32Array, n: number, rounds: number): Promise<Float64Array> =>
  new Promise((resolve, reject) => {
    rethrow(() =>
      plan.profile(x, y, n, rounds, (code, times) =>
        code === undefined ? resolve(times) : reject(runError('profile', code as ErrorCode)),
      ),
    );
  });

/** An image of the bytes of its pixels, where width and height say that they are no file. */
async function asPixels(source: ImageSource, width: number | undefined, height: number | undefined): Promise<ImageSource> {
  if (sourcePath('classify', source as FileSource) !== undefined)
    throw new AdderNetError(
      'ERR_ARGUMENT',
      'classify: width and height are of pixels, but the image is a file, which has its own: leave them out',
    );
  return { data: await readSource('classify', source as FileSource), width, height } as ImageSource;
}

const runErrors: Partial<Record<ErrorCode, string>> = {
  ERR_ARGUMENT: 'x holds a number that is not finite, for which no quantized number stands',
  ERR_SHAPE: 'the memory of the output was taken away during the run',
  ERR_MEMORY: 'not enough memory for working buffers',
};
const runError = (op: string, code: ErrorCode): AdderNetError =>
  new AdderNetError(code, `${op}: ${runErrors[code] ?? 'native code failed'}`);
