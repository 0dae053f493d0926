// One element at a time. `out` may be the very memory of an input.

import { native, rethrow } from '../binding';
import { checkOptions } from '../options';
import type { Tensor } from '../tensor';
import { checkFloat, checkShapeIs, type OutOption, outNames, outputTensor } from './out';

/**
 * `y = max(0, x)`; NaN stays NaN. `out` may be `x` itself.
 * @throws {AdderNetError} ERR_SHAPE, ERR_DTYPE, ERR_ARGUMENT
 */
export function relu(x: Tensor, options: OutOption = {}): Tensor {
  checkOptions('relu', options, outNames);
  checkFloat('relu', 'x', x);
  const y = outputTensor('relu', options.out, x.shape, [], [x]);
  rethrow(() => native().relu(x.data, y.data));
  return y;
}

/**
 * `y = a + b`, shapes alike. `out` may be `a` or `b` itself.
 * @throws {AdderNetError} ERR_SHAPE, ERR_DTYPE, ERR_ARGUMENT
 */
export function add(a: Tensor, b: Tensor, options: OutOption = {}): Tensor {
  checkOptions('add', options, outNames);
  checkFloat('add', 'a', a);
  checkFloat('add', 'b', b);
  checkShapeIs('add', 'b', b, a.shape);
  const y = outputTensor('add', options.out, a.shape, [], [a, b]);
  rethrow(() => native().add(a.data, b.data, y.data));
  return y;
}
