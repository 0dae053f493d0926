// The loss of a step: cross-entropy to the targets, and, beside a teacher, to what it says of the same images (Hinton et al., 2015).
import { AdderNetError } from '../errors';
import type { Model } from '../models';
import { bodyAndHead } from '../models';
import { type CrossEntropy, softmaxCrossEntropy } from '../ops';
import { nameList, shown } from '../quoted';
import { shapeText } from '../shape';
import type { Tensor } from '../tensor';
import { type Classifier, checkClassifier } from './evaluate';
import type { FeatureTeacher } from './teacher';

/** How a teacher trains a network. */
export interface Distillation {
  /** A trained network of the same images, classes and normalization; `compile` makes it fast. */
  readonly teacher: Classifier | FeatureTeacher;
  /** Divides logits, so that small probabilities count. Default 4. */
  readonly temperature?: number | undefined;
  /** Share of the loss that goes by the teacher, 0 to 1; the rest goes by the targets. Default 0.9. */
  readonly share?: number | undefined;
  /**
   * Weight of the distance between the directions of the features of both, at most 4; the teacher is one of `featureTeacher`. Default 0.
   */
  readonly features?: number | undefined;
}

export interface LossOptions {
  readonly labelSmoothing?: number | undefined;
  readonly distillation?: Distillation | undefined;
}

/**
 * (1 - share) * cross-entropy(targets) + share * T^2 * KL(softmax(teacher / T) || softmax(logits / T)), the mean over the batch, and its
 * gradient: T^2 keeps gradients at their size whatever the temperature T.
 * @param logits [n,classes]
 * @param told logits of the teacher, of the same images; needed with distillation
 */
export function lossOf(
  logits: Tensor,
  targets: Int32Array,
  told: Tensor | undefined,
  { labelSmoothing, distillation }: LossOptions,
): CrossEntropy {
  if (!distillation) return softmaxCrossEntropy(logits, targets, { labelSmoothing });
  const { temperature = 4, share = 0.9 } = distillation;
  const [n, classes] = logits.shape as [number, number];
  const wanted = told!.data;
  const { loss, correct, grad } = softmaxCrossEntropy(logits, targets, { labelSmoothing });
  let divergence = 0;
  for (let row = 0; row < n; row++) {
    const [first, end] = [row * classes, (row + 1) * classes];
    const logP = logSoftmax(logits.data.subarray(first, end), temperature);
    const logQ = logSoftmax(wanted.subarray(first, end), temperature);
    for (let c = 0; c < classes; c++) {
      const [p, q] = [Math.exp(logP[c]!), Math.exp(logQ[c]!)];
      divergence += q * (logQ[c]! - logP[c]!);
      grad.data[first + c] = (1 - share) * grad.data[first + c]! + (share * temperature * (p - q)) / n;
    }
  }
  return { loss: (1 - share) * loss + (share * temperature ** 2 * divergence) / n, correct, grad };
}

function logSoftmax(logits: Float32Array, temperature: number): Float64Array {
  const largest = logits.reduce((a, b) => Math.max(a, b));
  const scaled = Float64Array.from(logits, (logit) => (logit - largest) / temperature);
  const total = Math.log(scaled.reduce((sum, v) => sum + Math.exp(v), 0));
  return scaled.map((v) => v - total);
}

/** @throws {AdderNetError} ERR_SHAPE or ERR_ARGUMENT unless the teacher answers the same question, and the options are in range */
export function checkDistillation(model: Model, { teacher, temperature = 4, share = 0.9, features = 0 }: Distillation): void {
  checkClassifier('fit: distillation.teacher', teacher);
  if (shapeText(teacher.inputShape) !== shapeText(model.inputShape) || teacher.classes !== model.classes)
    throw new AdderNetError(
      'ERR_SHAPE',
      `fit: the teacher takes ${shapeText(teacher.inputShape)} and tells ${teacher.classes} classes, but ${model.name} ${shapeText(model.inputShape)} and ${model.classes}`,
    );
  if (JSON.stringify(teacher.normalization) !== JSON.stringify(model.normalization))
    throw new AdderNetError('ERR_ARGUMENT', `fit: the teacher has another normalization than ${model.name}: both see the same images`);
  checkSameClasses(model, teacher);
  if (!(temperature > 0 && Number.isFinite(temperature)))
    throw new AdderNetError('ERR_ARGUMENT', `fit: distillation.temperature is ${shown(temperature)}, expected a positive number like 4`);
  if (!(share >= 0 && share <= 1))
    throw new AdderNetError('ERR_ARGUMENT', `fit: distillation.share is ${shown(share)}, expected a number from 0 to 1`);
  if (!(features >= 0 && Number.isFinite(features)))
    throw new AdderNetError('ERR_ARGUMENT', `fit: distillation.features is ${shown(features)}, expected a weight like 1, or 0 for none`);
  if (features > 0) checkFeatures(model, teacher);
}

/** Logits are compared by their place, so the classes must be in the same order; unnamed ones are taken to be. */
function checkSameClasses({ name, classNames: own }: Model, { classNames: told }: Classifier): void {
  if (!own || !told || JSON.stringify(own) === JSON.stringify(told)) return;
  const difference = JSON.stringify([...own].sort()) === JSON.stringify([...told].sort()) ? 'in another order than' : 'other than';
  throw new AdderNetError(
    'ERR_ARGUMENT',
    `fit: the classes of the teacher are ${difference} those of ${name}: ${nameList(told)}, and ${nameList(own)}: train ${name} with the classNames of the teacher`,
  );
}

function checkFeatures(model: Model, teacher: Classifier | FeatureTeacher): void {
  if (!('answer' in teacher))
    throw new AdderNetError('ERR_ARGUMENT', 'fit: distillation.features needs a teacher that tells its features: featureTeacher(model)');
  const own = bodyAndHead(model)
    .body.outputShape([1, ...model.inputShape])
    .slice(1);
  if (shapeText(own) !== shapeText(teacher.featureShape))
    throw new AdderNetError(
      'ERR_SHAPE',
      `fit: the teacher has features ${shapeText(teacher.featureShape)}, ${model.name} has ${shapeText(own)}: take a teacher of the same network, or no features`,
    );
}
