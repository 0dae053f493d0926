/// <reference lib="esnext.disposable" preserve="true" />
// A compiled network, ready to run.
import { type NativePlan, rethrow } from '../binding';
import { normalize } from '../data/normalize';
import { fitPicture, type Pixels, readPicture } from '../data/picture';
import { AdderNetError } from '../errors';
import { checkFloat, type OutOption, outputTensor } from '../ops/out';
import { type Shape, shapeText } from '../shape';
import { Tensor } from '../tensor';
import { type Classification, classification, type Labels } from './classification';

/** width and height tell pixels from a file. */
export interface ClassifyOptions extends Partial<Omit<Pixels, 'data'>> {
  /** How many classes to name. Default 5. */
  readonly top?: number | undefined;
}

/** Made by `compile`. It holds native memory, which goes at `dispose()`, or with the object itself. */
export class InferenceSession {
  /** Shape of one image, [h,w,c]. */
  readonly inputShape: Shape;
  /** Shape of what one image gives, such as [classes]. */
  readonly outputShape: Shape;
  readonly #labels: Labels | undefined;
  #plan: NativePlan | undefined;

  /** @param labels of a classifier of images */
  constructor(plan: NativePlan, inputShape: Shape, outputShape: Shape, labels?: Labels) {
    this.#plan = plan;
    this.#labels = labels;
    this.inputShape = Object.freeze(inputShape);
    this.outputShape = Object.freeze(outputShape);
  }

  /**
   * Runs on another thread, so that the event loop goes on. `x` is copied before this returns. Runs of one session follow each other;
   * those of several share the threads. An image gives the same bits in any batch and with any number of threads.
   *
   * @param x [n, ...inputShape], float32, any n
   * @returns [n, ...outputShape]
   * @throws {AdderNetError} as a rejection: ERR_SHAPE, ERR_DTYPE; ERR_DISPOSED after dispose; ERR_MEMORY if memory runs out
   */
  async run(x: Tensor): Promise<Tensor> {
    const plan = this.#alive();
    const n = this.#checkInput(x);
    const y = Tensor.zeros([n, ...this.outputShape]);
    await new Promise<void>((resolve, reject) => {
      const done = (code: string | undefined) => (code === undefined ? resolve() : reject(runError(code)));
      rethrow(() => plan.run(x.data, y.data, n, done));
    });
    return y;
  }

  /**
   * The same at once, and without a copy; waits for a run under way. Errors as of run, thrown.
   * @throws {AdderNetError} ERR_ARGUMENT if `out` overlaps x
   */
  runSync(x: Tensor, { out }: OutOption = {}): Tensor {
    const plan = this.#alive();
    const n = this.#checkInput(x);
    const y = outputTensor('runSync', out, [n, ...this.outputShape], [x]);
    rethrow(() => plan.runSync(x.data, y.data, n));
    return y;
  }

  /**
   * Classifies a picture: scaled to cover the network's input, what is beyond cut off evenly, and normalised as the model's metadata says.
   * Files and other sizes than the network's need the package sharp.
   *
   * @param picture the path of a file, PNG, JPEG, WebP and others; or the bytes of one; or, with `width` and `height`, pixels: bytes, rows from
   *   the top, of red, green and blue; or of these and opacity; or of grey
   * @returns the likeliest classes, best first
   * @throws {AdderNetError} as a rejection: ERR_ARGUMENT if the session is not of a model for images, or width, height, `top` or the number of
   *   bytes do not fit; ERR_FORMAT if a file holds no picture; ERR_PEER_MISSING if sharp is needed and not installed; as run
   */
  async classify(picture: string | Uint8Array, { width, height, top = 5 }: ClassifyOptions = {}): Promise<Classification[]> {
    this.#alive();
    const labels = this.#labels;
    const [classes, ...others] = this.outputShape;
    if (!labels || this.inputShape.length !== 3 || others.length > 0)
      throw new AdderNetError('ERR_ARGUMENT', 'classify: the session is of layers alone, which say nothing of pictures: compile a model');
    if (!Number.isSafeInteger(top) || top < 1)
      throw new AdderNetError('ERR_ARGUMENT', `classify: top is ${top}, expected a number of classes, of which there are ${classes}`);
    const shape = this.inputShape as [number, number, number];
    const isFile = width === undefined && height === undefined;
    const image = isFile ? await readPicture(picture, shape) : await fitPicture({ data: picture, width, height } as Pixels, shape);
    const { mean, std } = labels.normalization;
    const logits = await this.run(normalize(image, mean, std));
    return classification(logits.data, labels, top);
  }

  /** Bytes of native memory: packed weights, and intermediate values, which grow with the largest batch so far up to a limit. */
  get memory(): number {
    return this.#plan?.memory ?? 0;
  }

  /** Frees the native memory; runs that were asked for before still end. Does nothing the second time. */
  dispose(): void {
    this.#plan?.dispose();
    this.#plan = undefined;
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  #alive(): NativePlan {
    if (!this.#plan) throw new AdderNetError('ERR_DISPOSED', 'InferenceSession: the session was disposed of: compile the model again');
    return this.#plan;
  }

  /** The number of images. */
  #checkInput(x: Tensor): number {
    checkFloat('InferenceSession', 'x', x);
    const [n, ...image] = x.shape;
    if (n === undefined || shapeText(image) !== shapeText(this.inputShape))
      throw new AdderNetError(
        'ERR_SHAPE',
        `InferenceSession: x has shape ${shapeText(x.shape)}, expected [n,${this.inputShape.join(',')}]`,
      );
    return n;
  }
}

const runError = (code: string): AdderNetError =>
  code === 'ERR_ARGUMENT'
    ? new AdderNetError(code, 'run: x holds a number that is not finite, which no quantised number stands for')
    : new AdderNetError('ERR_MEMORY', 'run: not enough memory for working buffers');
