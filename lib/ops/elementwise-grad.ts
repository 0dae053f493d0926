// Gradients of ReLU and of a bias.
import { native, rethrow } from '../binding';
import { checkOptions } from '../options';
import type { Tensor } from '../tensor';
import { channelsOf, checkFloat, checkShapeIs, type OutOption, outNames, outputTensor } from './out';

/**
 * The gradient of `relu`: `gx = gy` where `y > 0`, else 0 (so also where y is NaN). `y` may be the input or the output of the ReLU;
 * `out` may be `gy` or `y` itself.
 * @throws {AdderNetError} ERR_SHAPE, ERR_DTYPE, ERR_ARGUMENT
 */
export function reluGrad(gy: Tensor, y: Tensor, options: OutOption = {}): Tensor {
  checkOptions('reluGrad', options, outNames);
  checkFloat('reluGrad', 'gy', gy);
  checkFloat('reluGrad', 'y', y);
  checkShapeIs('reluGrad', 'y', y, gy.shape);
  const gx = outputTensor('reluGrad', options.out, gy.shape, [], [gy, y]);
  rethrow(() => native().reluGrad(gy.data, y.data, gx.data));
  return gx;
}

/**
 * The gradient of a bias: `gbias[c] = Σ gy[..., c]`, summed in double.
 *
 * @param gy [..., c], float32
 * @returns [c]
 * @throws {AdderNetError} ERR_SHAPE, ERR_DTYPE, ERR_ARGUMENT; ERR_MEMORY if working memory runs out
 */
export function biasGrad(gy: Tensor, options: OutOption = {}): Tensor {
  checkOptions('biasGrad', options, outNames);
  checkFloat('biasGrad', 'gy', gy);
  const gbias = outputTensor('biasGrad', options.out, [channelsOf('biasGrad', 'gy', gy)], [gy]);
  rethrow(() => native().biasGrad(gy.data, gbias.data));
  return gbias;
}
