// What is measured of a network's outputs beside their loss, for each task of lib/models/task.ts.
import type { Task } from '../models';
import type { Tensor } from '../tensor';

/** What `evaluate` measures of a classification. */
export interface ClassificationMetrics {
  /** Part of the images, 0 to 1, whose class has the largest logit. */
  top1: number;
  /** Part of the images whose class is among the five largest. */
  top5: number;
}

/** Sums up what the batches of a data set show. */
interface Meter<Metrics> {
  add(outputs: Tensor, targets: Int32Array): void;
  /** @param images how many have been added */
  metrics(images: number): Metrics;
}

interface TaskMetrics<Metrics> {
  /** How many outputs of a batch are right. */
  readonly countCorrect: (outputs: Tensor, targets: Int32Array) => number;
  readonly meter: () => Meter<Metrics>;
}

export const taskMetrics = {
  classification: {
    countCorrect: (logits, targets) => ranksOf(logits, targets).filter((rank) => rank < 1).length,
    meter: () => {
      let [first, firstFive] = [0, 0];
      return {
        add: (logits, targets) => {
          for (const rank of ranksOf(logits, targets)) {
            if (rank < 1) first++;
            if (rank < 5) firstFive++;
          }
        },
        metrics: (images) => ({ top1: first / images, top5: firstFive / images }),
      };
    },
  },
} satisfies { readonly classification: TaskMetrics<ClassificationMetrics> } & Record<Task, TaskMetrics<unknown>>;

/** How many classes come before the target of each image, of equal logits the first; a NaN is no answer and comes last. */
function ranksOf({ data, shape }: Tensor, targets: Int32Array): number[] {
  const classes = shape[1]!;
  return Array.from(targets, (target, image) => {
    const logits = data.subarray(image * classes, (image + 1) * classes);
    const own = logits[target]!;
    if (Number.isNaN(own)) return classes;
    return logits.reduce((rank, logit, i) => rank + (logit > own || (logit === own && i < target) ? 1 : 0), 0);
  });
}
