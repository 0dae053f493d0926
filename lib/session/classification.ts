// From logits to classes with names.
import { AdderNetError } from '../errors';
import type { ModelMetadata } from '../models';
import { softmax } from '../ops';
import { Tensor } from '../tensor';

/** How a network normalizes images, and the names of its classes. */
export type Labels = Pick<ModelMetadata, 'normalization' | 'classNames'>;

/** One class and how probable it is. */
export interface Classification {
  /** Index of the class, from 0. */
  readonly class: number;
  /** The class name in the model's metadata, or `class 7` if it has none. */
  readonly name: string;
  /** From 0 to 1; the probabilities of all classes add up to 1. */
  readonly probability: number;
}

/**
 * The `top` most probable classes of one image, best first.
 * @param name the image, for messages
 * @throws {AdderNetError} ERR_ARGUMENT if a logit is not finite, so that there are no probabilities
 */
export function classification(logits: Float32Array, { classNames }: Labels, top: number, name = 'the image'): Classification[] {
  const wrong = logits.findIndex((logit) => !Number.isFinite(logit));
  if (wrong >= 0)
    throw new AdderNetError(
      'ERR_ARGUMENT',
      `classify: the logit of class ${wrong} for ${name} is ${logits[wrong]}: the weights of the network are too large, or the std of its normalization is too small`,
    );
  const probabilities = softmax(new Tensor(logits, [1, logits.length])).data;
  return Array.from(probabilities, (probability, i) => ({ class: i, name: classNames?.[i] ?? `class ${i}`, probability }))
    .sort((a, b) => b.probability - a.probability)
    .slice(0, top);
}
