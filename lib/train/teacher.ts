// A trained network that another one learns from: from its logits, and, if it tells them, from its features.
import { bodyAndHead, type Model } from '../models';
import type { Shape } from '../shape';
import type { Tensor } from '../tensor';
import type { Classifier } from './evaluate';

export interface FeatureTeacher extends Classifier {
  /** Of the features of one image. */
  readonly featureShape: Shape;
  /** x [n,h,w,c], normalized -> features [n,...featureShape], which are what the head takes, and logits [n,classes] */
  answer(x: Tensor): { features: Tensor; logits: Tensor };
}

/**
 * @param featuresOf computes the body of `model`, such as a session of it, `compile(bodyAndHead(model).body, { input: model.inputShape })`.
 *   Default: as its layers do
 * @throws {AdderNetError} ERR_ARGUMENT if the network is not one of the registry's
 */
export function featureTeacher(model: Model, featuresOf?: (x: Tensor) => Tensor): FeatureTeacher {
  const { name, inputShape, classes, normalization } = model;
  const { body, head } = bodyAndHead(model);
  const answer = (x: Tensor) => {
    const features = featuresOf ? featuresOf(x) : body.forward(x);
    return { features, logits: head.forward(features) };
  };
  const featureShape = body.outputShape([1, ...inputShape]).slice(1);
  return { name, inputShape, classes, normalization, featureShape, answer, forward: (x) => answer(x).logits };
}
