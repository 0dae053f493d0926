// A trained network that trains another one: by its logits, and, if it tells them, by its features.
import { bodyAndHead, type Model } from '../models';
import { checkModel } from '../models/model';
import type { Shape } from '../shape';
import type { Tensor } from '../tensor';
import type { Classifier } from './evaluate';

/** A teacher that tells its features besides its answers. */
export interface FeatureTeacher extends Classifier {
  /** Of the features of one image. */
  readonly featureShape: Shape;
  /** x [n,h,w,c], normalized -> features [n,...featureShape], which are what the head takes, and logits [n,classes] */
  answer(x: Tensor): { features: Tensor; logits: Tensor };
}

/**
 * A trained network as a teacher whose features the other network is trained to have, too.
 * @param featuresOf computes the body of `model`, such as a session of it, `compile(bodyAndHead(model).body, { input: model.inputShape })`.
 *   Default: as its layers do
 * @throws {AdderNetError} ERR_ARGUMENT if no layer of the network begins a head: see replaceHead
 */
export function featureTeacher(model: Model, featuresOf?: (x: Tensor) => Tensor): FeatureTeacher {
  checkModel('featureTeacher', model);
  const { name, inputShape, classes, classNames, normalization } = model;
  const { body, head } = bodyAndHead(model);
  const answer = (x: Tensor) => {
    const features = featuresOf ? featuresOf(x) : body.forward(x);
    return { features, logits: head.forward(features) };
  };
  const featureShape = body.outputShape([1, ...inputShape]).slice(1);
  return { name, inputShape, classes, classNames, normalization, featureShape, answer, forward: (x) => answer(x).logits };
}
