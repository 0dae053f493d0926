// Signs of inputs and filters and their gradients, with which binary convolutions are trained.
import { native, rethrow } from '../binding';
import { AdderNetError } from '../errors';
import { checkOptions, optionNames } from '../options';
import { type ConvGeometry, convGeometry, type Padding, type Shape, shapeText } from '../shape';
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

/**
 * The filters that a binary convolution multiplies with: `y = alpha[co] · sgn(w)`, alpha the mean of |w| of an output channel, sgn(0) = +1
 * (XNOR-Net, ECCV 2016). `out` may be `filters` itself.
 *
 * @param filters w, [co, kh, kw, ci/groups], float32
 * @throws {AdderNetError} ERR_SHAPE, ERR_DTYPE, ERR_ARGUMENT
 */
export function binarize(filters: Tensor, options: OutOption = {}): Tensor {
  checkOptions('binarize', options, outNames);
  checkFilters('binarize', filters);
  const y = outputTensor('binarize', options.out, filters.shape, [], [filters]);
  rethrow(() => native().binarize(filters.data, filters.shape[0]!, y.data));
  return y;
}

/**
 * The gradient of `binarize` with a straight-through estimator for sgn, and through alpha, the mean of the k weights of an output channel:
 * `gw = (alpha · gy where |w| ≤ 1, else 0) + sgn(w) / k · sum gy · sgn(w)`. `out` may be `gy` itself.
 *
 * @throws {AdderNetError} ERR_SHAPE, ERR_DTYPE, ERR_ARGUMENT
 */
export function binarizeGrad(gy: Tensor, filters: Tensor, options: OutOption = {}): Tensor {
  checkOptions('binarizeGrad', options, outNames);
  checkFloat('binarizeGrad', 'gy', gy);
  checkFilters('binarizeGrad', filters);
  checkShapeIs('binarizeGrad', 'gy', gy, filters.shape);
  const gw = outputTensor('binarizeGrad', options.out, filters.shape, [filters], [gy]);
  rethrow(() => native().binarizeGrad(gy.data, filters.data, filters.shape[0]!, gw.data));
  return gw;
}

function checkFilters(op: string, filters: Tensor): void {
  checkFloat(op, 'filters', filters);
  if (filters.shape.length !== 4)
    throw new AdderNetError('ERR_SHAPE', `${op}: filters have shape ${shapeText(filters.shape)}, expected [co, kh, kw, ci/groups]`);
}

/** Shape of `sign(x, { padding })`. Throws what `sign` throws. */
export const paddedShape = (x: Shape, padding: Padding | undefined): Shape => paddedGeometry(x, padding).output;

/** A convolution of one pixel has the shapes of padding. */
const paddedGeometry = (x: Shape, padding: Padding | undefined): ConvGeometry =>
  convGeometry('sign', x, [x[3] ?? 1, 1, 1, x[3] ?? 1], { padding: padding ?? 0 });
