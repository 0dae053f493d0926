// Gradients of the poolings.
import { native, rethrow } from '../binding';
import { AdderNetError } from '../errors';
import { checkOptions } from '../options';
import { poolGeometry, type Shape, shapeText } from '../shape';
import type { Tensor } from '../tensor';
import { checkFloat, checkShapeIs, type OutOption, outNames, outputTensor } from './out';
import { type PoolOptions, poolNames } from './pool';

/**
 * The gradient of `maxPool2d`: each window's goes to its largest element, to the first of several equal ones, row by row; to some element
 * of it if one is NaN. Where windows overlap it adds up.
 *
 * @param gy      [n, ho, wo, c], float32
 * @param x       what the pooling read, [n, h, w, c]
 * @param options those of the pooling
 * @returns       [n, h, w, c]
 * @throws {AdderNetError} ERR_SHAPE, ERR_DTYPE, ERR_ARGUMENT; ERR_MEMORY if working memory runs out
 */
export function maxPool2dGrad(gy: Tensor, x: Tensor, options: PoolOptions): Tensor {
  checkOptions('maxPool2dGrad', options, poolNames);
  checkFloat('maxPool2dGrad', 'gy', gy);
  checkFloat('maxPool2dGrad', 'x', x);
  const { output, packed } = poolGeometry('maxPool2dGrad', x.shape, options);
  checkShapeIs('maxPool2dGrad', 'gy', gy, output);
  const gx = outputTensor('maxPool2dGrad', options.out, x.shape, [gy, x]);
  rethrow(() => native().maxPool2dGrad(gy.data, x.data, gx.data, packed));
  return gx;
}

/**
 * The gradient of `averagePool2d`: `gx = Σ gy / (kh · kw)` over the windows that hold the pixel.
 *
 * @param gy      [n, ho, wo, c], float32
 * @param shape   of what the pooling read, [n, h, w, c]
 * @param options those of the pooling
 * @returns       [n, h, w, c]
 * @throws {AdderNetError} ERR_SHAPE, ERR_DTYPE, ERR_ARGUMENT
 */
export function averagePool2dGrad(gy: Tensor, shape: Shape, options: PoolOptions): Tensor {
  return averageGrad('averagePool2dGrad', gy, shape, options);
}

/** The gradient of `globalAveragePool2d`: `gx = gy / (h · w)`. Shapes and errors as {@link averagePool2dGrad}, with ho = wo = 1. */
export function globalAveragePool2dGrad(gy: Tensor, shape: Shape, options: OutOption = {}): Tensor {
  checkOptions('globalAveragePool2dGrad', options, outNames);
  if (shape.length !== 4)
    throw new AdderNetError('ERR_SHAPE', `globalAveragePool2dGrad: shape is ${shapeText(shape)}, expected rank 4, [n,h,w,c]`);
  return averageGrad('globalAveragePool2dGrad', gy, shape, { kernel: [shape[1]!, shape[2]!], out: options.out });
}

function averageGrad(op: string, gy: Tensor, shape: Shape, options: PoolOptions): Tensor {
  checkOptions(op, options, poolNames);
  checkFloat(op, 'gy', gy);
  const { output, packed } = poolGeometry(op, shape, options);
  checkShapeIs(op, 'gy', gy, output);
  const gx = outputTensor(op, options.out, shape, [gy]);
  rethrow(() => native().averagePool2dGrad(gy.data, gx.data, packed));
  return gx;
}
