// The loss of a batch: how far a network's outputs are from their targets, and the gradient by which it trains.
import { AdderNetError } from '../errors';
import { nameOf } from '../layers/name-of';
import { softmaxCrossEntropy } from '../ops';
import { shown } from '../quoted';
import { shapeText } from '../shape';
import { Tensor } from '../tensor';

/** The result of a loss for one batch. */
export interface LossValue {
  /** Mean over the batch. */
  readonly loss: number;
  /** The gradient of that mean with respect to the outputs: float32, of their shape. */
  readonly grad: Tensor;
  /** How many outputs were right. Default: how many have their largest logit at the target. */
  readonly correct?: number | undefined;
}

/**
 * What training minimizes, such as `ops.softmaxCrossEntropy`. It leaves the outputs as they are.
 * @param outputs what the network computed, such as logits [n,classes]
 * @param targets the class of each image, [n]
 */
export type Loss = (outputs: Tensor, targets: Int32Array) => LossValue;

/** Softmax cross-entropy; see `ops.softmaxCrossEntropy` for `labelSmoothing`. */
export const crossEntropy =
  (labelSmoothing?: number): Loss =>
  (logits, targets) =>
    softmaxCrossEntropy(logits, targets, { labelSmoothing });

/** @throws {AdderNetError} ERR_ARGUMENT unless it is a function */
export function checkLoss(op: string, loss: unknown): void {
  if (typeof loss !== 'function')
    throw new AdderNetError('ERR_ARGUMENT', `${op}: loss is ${shown(loss)}, expected a function (outputs, targets) => ({ loss, grad })`);
}

/**
 * The loss of a batch, checked, because the function may be custom.
 * @throws {AdderNetError} ERR_ARGUMENT unless it is a number and a gradient of the outputs' shape
 */
export function lossOf(op: string, loss: Loss, outputs: Tensor, targets: Int32Array): LossValue {
  const value: Partial<LossValue> = Object(loss(outputs, targets));
  const { grad, correct } = value;
  if (typeof value.loss !== 'number')
    throw new AdderNetError(
      'ERR_ARGUMENT',
      `${op}: the loss gave ${shown(value.loss)} as loss, expected a number, the mean over the batch`,
    );
  if (!(grad instanceof Tensor) || grad.dtype !== 'f32' || shapeText(grad.shape) !== shapeText(outputs.shape))
    throw new AdderNetError(
      'ERR_ARGUMENT',
      `${op}: the loss gave ${grad instanceof Tensor ? `${grad.dtype} ${shapeText(grad.shape)}` : nameOf(grad)} as grad, expected a tensor f32 ${shapeText(outputs.shape)} as the outputs`,
    );
  if (correct !== undefined && typeof correct !== 'number')
    throw new AdderNetError('ERR_ARGUMENT', `${op}: the loss gave ${shown(correct)} as correct, expected how many outputs were right`);
  return { loss: value.loss, grad, correct };
}
