// From logits to classes with names.
import type { ModelMetadata } from '../models';

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
  return Array.from(softmax(logits), (probability, i) => ({ class: i, name: classNames?.[i] ?? `class ${i}`, probability }))
    .sort((a, b) => b.probability - a.probability)
    .slice(0, top);
}

/** exp(x - max) / sum: taking the largest off first keeps exp within its range. */
function softmax(logits: Float32Array): Float64Array {
  const largest = logits.reduce((a, b) => Math.max(a, b));
  const exponentials = Float64Array.from(logits, (logit) => Math.exp(logit - largest));
  const sum = exponentials.reduce((a, b) => a + b);
  return exponentials.map((e) => e / sum);
}
