// A compiled classifier, for code that evaluates networks by their logits.
import type { Layer } from '../layers';
import type { Model } from '../models';
import type { Tensor } from '../tensor';
import { compile, type QuantizedNetwork } from './compile';
import type { InferenceSession } from './inference-session';

type Description = Pick<Model, 'name' | 'inputShape' | 'classes' | 'normalization' | 'classNames'>;

/** A classifier that computes as its network does, in one native call. */
export interface CompiledClassifier extends Description {
  /** The session that runs it. The caller disposes of it. */
  readonly session: InferenceSession;
  /** x [n,h,w,c], normalized -> logits [n,classes] */
  forward(x: Tensor): Tensor;
}

/** Compiles a classifier. Throws what compile throws. */
export async function compiled(model: Description & (Layer | QuantizedNetwork)): Promise<CompiledClassifier> {
  const { name, inputShape, classes, normalization, classNames } = model;
  const session = await compile(model);
  return { name, inputShape, classes, normalization, classNames, session, forward: (x) => session.runSync(x) };
}
