// From logits to probabilities.
import { AdderNetError } from '../errors';
import { checkOptions } from '../options';
import { shapeText } from '../shape';
import type { Tensor } from '../tensor';
import { checkFloat, type OutOption, outNames, outputTensor } from './out';

/**
 * `p[n,c] = exp(x[n,c]) / Σ exp(x[n,·])`, worked out in double and rounded once: each row adds up to 1. `out` may be `logits` itself.
 *
 * A NaN, or an infinity above 0, makes its row NaN.
 *
 * @param logits [n, classes], float32
 * @returns      [n, classes]
 * @throws {AdderNetError} ERR_SHAPE, ERR_DTYPE, ERR_ARGUMENT
 */
export function softmax(logits: Tensor, options: OutOption = {}): Tensor {
  checkOptions('softmax', options, outNames);
  checkFloat('softmax', 'logits', logits);
  const [n, classes] = logits.shape as [number, number];
  if (logits.shape.length !== 2)
    throw new AdderNetError('ERR_SHAPE', `softmax: logits have shape ${shapeText(logits.shape)}, expected rank 2, [n,classes]`);
  const p = outputTensor('softmax', options.out, logits.shape, [], [logits]);
  for (let row = 0; row < n; row++) {
    const own = logits.data.subarray(row * classes, (row + 1) * classes);
    // Taking the largest off first keeps exp within its range.
    const largest = own.reduce((a, b) => Math.max(a, b));
    const exponentials = Float64Array.from(own, (logit) => Math.exp(logit - largest));
    const sum = exponentials.reduce((a, b) => a + b);
    for (let c = 0; c < classes; c++) p.data[row * classes + c] = exponentials[c]! / sum;
  }
  return p;
}
