// Signs and their straight-through gradient, with which binary convolutions are trained.
import { native, rethrow } from '../binding';
import { checkOptions, optionNames } from '../options';
import { type ConvGeometry, convGeometry, type Padding, type Shape } from '../shape';
import type { Tensor } from '../tensor';
import { checkFloat, checkShapeIs, type OutOption, outNames, outputTensor } from './out';

/** What `sign` takes. */
export interface SignOptions extends OutOption {
  /** Rows and columns of +1 added on each side, [top, left, bottom, right] where the sides differ. Default 0. */
  padding?: Padding | undefined;
}

const names = optionNames<SignOptions>({ padding: true, out: true });

/**
 * `y = −1 where x < 0, else +1`: so also where x is NaN. Padding counts as zeros, whose sign is +1.
 *
 * @param x [n, h, w, c], float32
 * @returns [n, top + h + bottom, left + w + right, c]
 * @throws {AdderNetError} ERR_SHAPE, ERR_DTYPE, ERR_ARGUMENT
 */
export function sign(x: Tensor, options: SignOptions = {}): Tensor {
  checkOptions('sign', options, names);
  const { padding, out } = options;
  checkFloat('sign', 'x', x);
  const { output, packed } = paddedGeometry(x.shape, padding);
  const y = outputTensor('sign', out, output, [x]);
  rethrow(() => native().sign(x.data, y.data, packed));
  return y;
}

/**
 * A gradient for `sign`, which has none: `gx = gy · max(0, 2 − 2|x|)`, the derivative of two parabolas that stand in for it
 * (Bi-Real Net, ECCV 2018). `out` may be `gy` itself.
 *
 * @throws {AdderNetError} ERR_SHAPE, ERR_DTYPE, ERR_ARGUMENT
 */
export function signGrad(gy: Tensor, x: Tensor, options: OutOption = {}): Tensor {
  checkOptions('signGrad', options, outNames);
  checkFloat('signGrad', 'gy', gy);
  checkFloat('signGrad', 'x', x);
  checkShapeIs('signGrad', 'x', x, gy.shape);
  const gx = outputTensor('signGrad', options.out, gy.shape, [x], [gy]);
  rethrow(() => native().signGrad(gy.data, x.data, gx.data));
  return gx;
}

/** Shape of `sign(x, { padding })`. Throws what `sign` throws. */
export const paddedShape = (x: Shape, padding: Padding | undefined): Shape => paddedGeometry(x, padding).output;

/** A convolution of one pixel has the shapes of padding. */
const paddedGeometry = (x: Shape, padding: Padding | undefined): ConvGeometry =>
  convGeometry('sign', x, [x[3] ?? 1, 1, 1, x[3] ?? 1], { padding: padding ?? 0 });
