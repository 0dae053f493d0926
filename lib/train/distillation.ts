// Training with a teacher: the outputs of another network for the same images are part of the loss (Hinton et al., 2015).
import { AdderNetError } from '../errors';
import { bodyAndHead, type Model } from '../models';
import { nameList, shown } from '../quoted';
import { shapeText } from '../shape';
import { Tensor } from '../tensor';
import { type Classifier, checkClassifier } from './evaluate';
import type { LossValue } from './loss';
import type { FeatureTeacher } from './teacher';

/** How a teacher trains a network. */
export interface Distillation {
  /** A trained network for the same images, classes and normalization; `compile` makes it fast. */
  readonly teacher: Classifier | FeatureTeacher;
  /** Divides logits, so that small probabilities count. Default 4. */
  readonly temperature?: number | undefined;
  /** Weight of the teacher in the loss, 0 to 1; the targets have the rest. Default 0.9. */
  readonly alpha?: number | undefined;
  /**
   * Weight of the distance between the directions of both networks' features, which is at most 4. It needs a teacher from `featureTeacher`.
   * Default 0.
   */
  readonly features?: number | undefined;
}

/**
 * (1 - alpha) * loss + alpha * T^2 * KL(softmax(teacher / T) || softmax(logits / T)), the mean over the batch, and its gradient: T^2 keeps
 * gradients at their size whatever the temperature T.
 * @param logits        [n,classes]
 * @param value         the loss with respect to the targets
 * @param teacherLogits the teacher's, for the same images
 */
export function distilledLoss(
  logits: Tensor,
  { loss, correct, grad: gradByTargets }: LossValue,
  teacherLogits: Tensor,
  { temperature = 4, alpha = 0.9 }: Omit<Distillation, 'teacher'>,
): LossValue {
  const [n, classes] = logits.shape as [number, number];
  const grad = Tensor.zeros(logits.shape);
  let divergence = 0;
  for (let row = 0; row < n; row++) {
    const [first, end] = [row * classes, (row + 1) * classes];
    const logP = logSoftmax(logits.data.subarray(first, end), temperature);
    const logQ = logSoftmax(teacherLogits.data.subarray(first, end), temperature);
    for (let c = 0; c < classes; c++) {
      const [p, q] = [Math.exp(logP[c]!), Math.exp(logQ[c]!)];
      divergence += q * (logQ[c]! - logP[c]!);
      grad.data[first + c] = (1 - alpha) * gradByTargets.data[first + c]! + (alpha * temperature * (p - q)) / n;
    }
  }
  return { loss: (1 - alpha) * loss + (alpha * temperature ** 2 * divergence) / n, correct, grad };
}

function logSoftmax(logits: Float32Array, temperature: number): Float64Array {
  const max = logits.reduce((a, b) => Math.max(a, b));
  const scaled = Float64Array.from(logits, (logit) => (logit - max) / temperature);
  const total = Math.log(scaled.reduce((sum, v) => sum + Math.exp(v), 0));
  return scaled.map((v) => v - total);
}

/** @throws {AdderNetError} ERR_SHAPE or ERR_ARGUMENT unless the teacher has the same inputs and classes, and the options are in range */
export function checkDistillation(model: Model, { teacher, temperature = 4, alpha = 0.9, features = 0 }: Distillation): void {
  checkClassifier('fit: distillation.teacher', teacher);
  if (shapeText(teacher.inputShape) !== shapeText(model.inputShape) || teacher.classes !== model.classes)
    throw new AdderNetError(
      'ERR_SHAPE',
      `fit: the teacher takes ${shapeText(teacher.inputShape)} and classifies ${teacher.classes} classes, but ${model.name} ${shapeText(model.inputShape)} and ${model.classes}`,
    );
  if (JSON.stringify(teacher.normalization) !== JSON.stringify(model.normalization))
    throw new AdderNetError('ERR_ARGUMENT', `fit: the teacher has another normalization than ${model.name}, but both see the same images`);
  checkSameClasses(model, teacher);
  if (!(temperature > 0 && Number.isFinite(temperature)))
    throw new AdderNetError('ERR_ARGUMENT', `fit: distillation.temperature is ${shown(temperature)}, expected a positive number like 4`);
  if (!(alpha >= 0 && alpha <= 1))
    throw new AdderNetError('ERR_ARGUMENT', `fit: distillation.alpha is ${shown(alpha)}, expected a number from 0 to 1`);
  if (!(features >= 0 && Number.isFinite(features)))
    throw new AdderNetError('ERR_ARGUMENT', `fit: distillation.features is ${shown(features)}, expected a weight like 1, or 0 for none`);
  if (features > 0) checkFeatures(model, teacher);
}

/** Logits are compared by index, so the classes must be in the same order; classes without names are assumed to be. */
function checkSameClasses({ name, classNames }: Model, { classNames: teachers }: Classifier): void {
  if (!classNames || !teachers || JSON.stringify(classNames) === JSON.stringify(teachers)) return;
  const difference =
    JSON.stringify([...classNames].sort()) === JSON.stringify([...teachers].sort()) ? 'in another order than' : 'other than';
  throw new AdderNetError(
    'ERR_ARGUMENT',
    `fit: the classes of the teacher are ${difference} those of ${name}: ${nameList(teachers)}, and ${nameList(classNames)}: train ${name} with the classNames of the teacher`,
  );
}

function checkFeatures(model: Model, teacher: Classifier | FeatureTeacher): void {
  if (!('forwardWithFeatures' in teacher))
    throw new AdderNetError('ERR_ARGUMENT', 'fit: distillation.features needs a teacher with features: featureTeacher(model)');
  const featureShape = bodyAndHead(model)
    .body.outputShape([1, ...model.inputShape])
    .slice(1);
  if (shapeText(featureShape) !== shapeText(teacher.featureShape))
    throw new AdderNetError(
      'ERR_SHAPE',
      `fit: the teacher has features ${shapeText(teacher.featureShape)}, ${model.name} has ${shapeText(featureShape)}: take a teacher of the same network, or no features`,
    );
}
