// Forward pass, loss and backward pass of one batch, after which gradients are ready for the optimizer.
import { bodyAndHead, type Model } from '../models';
import type { Tensor } from '../tensor';
import { type Distillation, distilledLoss } from './distillation';
import { featureDistance } from './feature-distance';
import { type Loss, type LossValue, lossOf } from './loss';
import { taskMetrics } from './metrics';
import type { FeatureTeacher } from './teacher';

/** x [n,h,w,c] and n targets -> the mean loss, and how many outputs were right */
export type TrainingPass = (x: Tensor, targets: Int32Array) => { loss: number; correct: number };

type CountedLoss = (outputs: Tensor, targets: Int32Array) => LossValue & { readonly correct: number };

export function trainingPass(model: Model, loss: Loss, distillation?: Distillation): TrainingPass {
  const { countCorrect } = taskMetrics[model.task];
  const counted: CountedLoss = (outputs, targets) => {
    const value = lossOf('fit', loss, outputs, targets);
    return { ...value, correct: value.correct ?? countCorrect(outputs, targets) };
  };
  if (distillation?.features) return featurePass(model, counted, distillation as FeatureDistillation);
  return (x, targets) => {
    const outputs = model.forward(x, { training: true });
    const byTargets = counted(outputs, targets);
    const { loss, grad } = distillation ? distilledLoss(outputs, byTargets, distillation.teacher.forward(x), distillation) : byTargets;
    model.backward(grad, { inputGradient: false });
    return { loss, correct: byTargets.correct };
  };
}

type FeatureDistillation = Distillation & { readonly teacher: FeatureTeacher; readonly features: number };

/** The gradient of the distance between features is added where the head meets the body. */
function featurePass(model: Model, lossByTargets: CountedLoss, distillation: FeatureDistillation): TrainingPass {
  const { body, head } = bodyAndHead(model);
  const { teacher, features: weight } = distillation;
  return (x, targets) => {
    const target = teacher.forwardWithFeatures(x);
    const features = body.forward(x, { training: true });
    const logits = head.forward(features, { training: true });
    const byTargets = lossByTargets(logits, targets);
    const { loss, grad } = distilledLoss(logits, byTargets, target.logits, distillation);
    const distance = featureDistance(features, target.features);
    const gradient = head.backward(grad)!;
    distance.grad.data.forEach((g, i) => {
      gradient.data[i]! += weight * g;
    });
    body.backward(gradient, { inputGradient: false });
    return { loss: loss + weight * distance.loss, correct: byTargets.correct };
  };
}
