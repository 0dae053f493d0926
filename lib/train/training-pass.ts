// Forward, loss and backward of one batch: gradients are ready for the optimiser.

import { bodyAndHead, type Model } from '../models';
import type { Tensor } from '../tensor';
import { featureDistance } from './feature-distance';
import { type LossOptions, lossOf } from './loss';
import type { FeatureTeacher } from './teacher';

/** x [n,h,w,c] and n classes -> mean loss, and how many logits were largest at the class */
export type TrainingPass = (x: Tensor, targets: Int32Array) => { loss: number; correct: number };

export function trainingPass(model: Model, options: LossOptions): TrainingPass {
  const { teacher, features: weight = 0 } = options.distillation ?? {};
  if (weight > 0) return featurePass(model, teacher as FeatureTeacher, weight, options);
  return (x, targets) => {
    const logits = model.forward(x, { training: true });
    const { loss, correct, grad } = lossOf(logits, targets, teacher?.forward(x), options);
    model.backward(grad, { inputGradient: false });
    return { loss, correct };
  };
}

/** The distance between features enters where the head meets the body. */
function featurePass(model: Model, teacher: FeatureTeacher, weight: number, options: LossOptions): TrainingPass {
  const { body, head } = bodyAndHead(model);
  return (x, targets) => {
    const told = teacher.answer(x);
    const features = body.forward(x, { training: true });
    const { loss, correct, grad } = lossOf(head.forward(features, { training: true }), targets, told.logits, options);
    const distance = featureDistance(features, told.features);
    const gradient = head.backward(grad)!;
    distance.grad.data.forEach((g, i) => {
      gradient.data[i]! += weight * g;
    });
    body.backward(gradient, { inputGradient: false });
    return { loss: loss + weight * distance.loss, correct };
  };
}
