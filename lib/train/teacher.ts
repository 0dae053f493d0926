// A trained network that teaches another one, by its logits and, if it has them, by its features.
import { bodyAndHead, type Model } from '../models';
import { checkModel } from '../models/model';
import type { Shape } from '../shape';
import type { Tensor } from '../tensor';
import type { Classifier } from './evaluate';

/** A teacher that gives its features besides its logits. */
export interface FeatureTeacher extends Classifier {
  /** Shape of the features of one image. */
  readonly featureShape: Shape;
  /** x [n,h,w,c], normalized -> features [n,...featureShape], the input of the head, and logits [n,classes] */
  forwardWithFeatures(x: Tensor): { features: Tensor; logits: Tensor };
}

/**
 * Makes a teacher of a trained network, whose features the student is trained to have, too.
 * @param featuresOf computes the body of `model`, such as a session of it, `compile(bodyAndHead(model).body, { input: model.inputShape })`.
 *   Default: its layers compute it
 * @throws {AdderNetError} ERR_ARGUMENT if no layer of the network can begin a head: see replaceHead
 */
export function featureTeacher(model: Model, featuresOf?: (x: Tensor) => Tensor): FeatureTeacher {
  checkModel('featureTeacher', model);
  const { name, inputShape, classes, classNames, normalization } = model;
  const { body, head } = bodyAndHead(model);
  const forwardWithFeatures = (x: Tensor) => {
    const features = featuresOf ? featuresOf(x) : body.forward(x);
    return { features, logits: head.forward(features) };
  };
  const featureShape = body.outputShape([1, ...inputShape]).slice(1);
  return {
    name,
    inputShape,
    classes,
    classNames,
    normalization,
    featureShape,
    forwardWithFeatures,
    forward: (x) => forwardWithFeatures(x).logits,
  };
}
