// Padding for windows of even size.
import { native, rethrow } from '../binding';
import { AdderNetError } from '../errors';
import { checkOptions, optionNames } from '../options';
import { checkShape, type Shape, shapeText } from '../shape';
import type { Tensor } from '../tensor';
import { checkFloat, checkNumber, checkShapeIs, type OutOption, outNames, outputTensor } from './out';

/** What `symmetricPad2d` takes. */
export interface SymmetricPadOptions extends OutOption {
  /** What padding reads. Default 0. */
  value?: number | undefined;
}

const names = optionNames<SymmetricPadOptions>({ value: true, out: true });

/** @throws {AdderNetError} ERR_SHAPE unless x has rank 4 and the output a size that memory can hold */
export function symmetricPadShape(op: string, x: Shape): Shape {
  if (x.length !== 4) throw new AdderNetError('ERR_SHAPE', `${op}: x has shape ${shapeText(x)}, expected rank 4, [n,h,w,c]`);
  const [n, h, w, c] = x as [number, number, number, number];
  const output = [n, h + 1, w + 1, c];
  checkShape(`${op}: shape of the output`, output);
  return output;
}

/**
 * Adds one row and one column, for each quarter of the channels at another corner of the image (Wu et al., "Convolution with even-sized kernels
 * and symmetric padding", NeurIPS 2019). A 2x2 window without other padding then gives an image of the size of `x`, and the windows of all
 * quarters together lie around a pixel evenly, as a 3x3 window does.
 *
 * `y[n,i,j,c] = x[n, i − top, j − left, c]`, `value` outside of `x`; of quarter `q = 0 … 3`, channels `⌊q·c/4⌋` to `⌊(q+1)·c/4⌋ − 1`, `top` is 1 for
 * `q < 2` and `left` is 1 for even `q`, 0 otherwise.
 *
 * @param x [n, h, w, c], float32
 * @returns [n, h + 1, w + 1, c]
 * @throws {AdderNetError} ERR_SHAPE, ERR_DTYPE, ERR_ARGUMENT
 */
export function symmetricPad2d(x: Tensor, options: SymmetricPadOptions = {}): Tensor {
  checkOptions('symmetricPad2d', options, names);
  checkFloat('symmetricPad2d', 'x', x);
  const { value = 0, out } = options;
  checkNumber('symmetricPad2d', 'value', value, () => true, 'a finite number');
  const y = outputTensor('symmetricPad2d', out, symmetricPadShape('symmetricPad2d', x.shape), [x]);
  rethrow(() => native().symmetricPad2d(x.data, value, y.data, Int32Array.from(x.shape)));
  return y;
}

/**
 * The gradient of `symmetricPad2d`: `gx[n,i,j,c] = gy[n, i + top, j + left, c]`.
 *
 * @param gy    [n, h + 1, w + 1, c], float32
 * @param shape of what was padded, [n, h, w, c]
 * @returns     [n, h, w, c]
 * @throws {AdderNetError} ERR_SHAPE, ERR_DTYPE, ERR_ARGUMENT
 */
export function symmetricPad2dGrad(gy: Tensor, shape: Shape, options: OutOption = {}): Tensor {
  checkOptions('symmetricPad2dGrad', options, outNames);
  checkFloat('symmetricPad2dGrad', 'gy', gy);
  checkShapeIs('symmetricPad2dGrad', 'gy', gy, symmetricPadShape('symmetricPad2dGrad', shape));
  const gx = outputTensor('symmetricPad2dGrad', options.out, shape, [gy]);
  rethrow(() => native().symmetricPad2dGrad(gy.data, gx.data, Int32Array.from(shape)));
  return gx;
}
