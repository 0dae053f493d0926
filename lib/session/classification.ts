// From logits to classes with names.
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

/** The `top` most probable classes of one image, best first. */
export function classification(logits: Float32Array, { classNames }: Labels, top: number): Classification[] {
  const probabilities = softmax(new Tensor(logits, [1, logits.length])).data;
  return Array.from(probabilities, (probability, i) => ({ class: i, name: classNames?.[i] ?? `class ${i}`, probability }))
    .sort((a, b) => b.probability - a.probability)
    .slice(0, top);
}
