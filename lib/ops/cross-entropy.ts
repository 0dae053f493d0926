// The loss of a classifier.
import { native, rethrow } from '../binding';
import { AdderNetError } from '../errors';
import { checkOptions, optionNames } from '../options';
import { shapeText } from '../shape';
import { checkBuffer, type Tensor, typedArrayName } from '../tensor';
import { checkFloat, checkNumber, type OutOption, outputTensor } from './out';

/** What `softmaxCrossEntropy` takes. */
export interface CrossEntropyOptions extends OutOption {
  /** Share of the target spread evenly over all classes, 0 to 1. Default 0. */
  labelSmoothing?: number | undefined;
}

const names = optionNames<CrossEntropyOptions>({ labelSmoothing: true, out: true });

/** What `softmaxCrossEntropy` gives. */
export interface CrossEntropy {
  /** Mean over the batch, in nats. */
  loss: number;
  /** Rows whose target is the first of the largest logits. */
  correct: number;
  /** Gradient of the loss by the logits, [n, classes]. */
  grad: Tensor;
}

/**
 * Softmax and cross-entropy in one: with `p = softmax(logits)` and `q = (1 − s) · [c = target] + s / classes`,
 * `loss = −1/n · Σ q · log p` and `grad = (p − q) / n`. `out` takes the gradient and may be `logits` itself.
 *
 * The loss is worked out in double. A NaN in a row makes its loss and gradient NaN, and the row counts as wrong.
 *
 * @param logits  [n, classes], float32
 * @param targets n integers from 0 to classes − 1
 * @throws {AdderNetError} ERR_SHAPE, ERR_DTYPE; ERR_ARGUMENT for a target or an option out of range; ERR_MEMORY
 */
export function softmaxCrossEntropy(logits: Tensor, targets: Int32Array, options: CrossEntropyOptions = {}): CrossEntropy {
  const op = 'softmaxCrossEntropy';
  checkOptions(op, options, names);
  checkFloat(op, 'logits', logits);
  if (typedArrayName(targets) !== 'Int32Array') throw new AdderNetError('ERR_DTYPE', `${op}: targets are not an Int32Array`);
  checkBuffer(targets, `${op}: targets`);
  const [n, classes] = logits.shape;
  if (logits.shape.length !== 2 || n !== targets.length)
    throw new AdderNetError(
      'ERR_SHAPE',
      `${op}: logits have shape ${shapeText(logits.shape)}, expected [n,classes] with n = ${targets.length}, the number of targets`,
    );
  const bad = targets.findIndex((target) => target < 0 || target >= classes!);
  if (bad >= 0)
    throw new AdderNetError('ERR_ARGUMENT', `${op}: targets[${bad}] is ${targets[bad]}, expected an integer from 0 to ${classes! - 1}`);
  const { labelSmoothing = 0 } = options;
  checkNumber(op, 'labelSmoothing', labelSmoothing, (v) => v >= 0 && v <= 1, 'a number from 0 to 1');
  const grad = outputTensor(op, options.out, logits.shape, [], [logits]);
  return { ...rethrow(() => native().softmaxCrossEntropy(logits.data, targets, labelSmoothing, grad.data)), grad };
}
