// A classifier in one native call, for what asks a network for logits.
import type { Layer } from '../layers';
import type { Model } from '../models';
import type { Tensor } from '../tensor';
import { compile, type QuantizedNetwork } from './compile';
import type { InferenceSession } from './inference-session';

type Description = Pick<Model, 'name' | 'inputShape' | 'classes' | 'normalization' | 'classNames'>;

/** What answers as its network does, in one native call. */
export interface CompiledClassifier extends Description {
  /** What runs it. Disposing of it is up to the caller. */
  readonly session: InferenceSession;
  /** x [n,h,w,c], normalized -> logits [n,classes] */
  forward(x: Tensor): Tensor;
}

/** The classifier, compiled. Errors as of compile. */
export async function compiled(model: Description & (Layer | QuantizedNetwork)): Promise<CompiledClassifier> {
  const { name, inputShape, classes, normalization, classNames } = model;
  const session = await compile(model);
  return { name, inputShape, classes, normalization, classNames, session, forward: (x) => session.runSync(x) };
}
