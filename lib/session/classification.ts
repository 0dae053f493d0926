// From logits to classes with names.
import type { ModelMetadata } from '../models';
import { softmax } from '../ops';
import { Tensor } from '../tensor';

/** What a network says of its images and its answers. */
export type Labels = Pick<ModelMetadata, 'normalization' | 'classNames'>;

/** A class that an image may be of. */
export interface Classification {
  /** Index of the class, from 0. */
  readonly class: number;
  /** As the model's metadata has it, `class 7` where it has none. */
  readonly name: string;
  /** From 0 to 1; those of all classes add up to 1. */
  readonly probability: number;
}

/** The `top` likeliest classes of one image, best first. */
export function classification(logits: Float32Array, { classNames }: Labels, top: number): Classification[] {
  const probabilities = softmax(new Tensor(logits, [1, logits.length])).data;
  return Array.from(probabilities, (probability, i) => ({ class: i, name: classNames?.[i] ?? `class ${i}`, probability }))
    .sort((a, b) => b.probability - a.probability)
    .slice(0, top);
}
