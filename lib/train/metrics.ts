// What is measured of the outputs besides their loss, for each task of lib/models/task.ts.
import type { Task } from '../models';
import type { Tensor } from '../tensor';

/** What `evaluate` measures for a classification. */
export interface ClassificationMetrics {
  /** Part of the images, 0 to 1, whose class has the largest logit. */
  top1: number;
  /** Part of the images whose class is among the five largest. */
  top5: number;
}

/** Accumulates over the batches of a data set. */
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

interface MetricsOfTasks {
  readonly classification: TaskMetrics<ClassificationMetrics>;
}

export const taskMetrics: MetricsOfTasks & Record<Task, unknown> = {
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
};

/** For each image, how many classes rank before its target. Of equal logits the first ranks first; a target whose logit is NaN ranks last. */
function ranksOf({ data, shape }: Tensor, targets: Int32Array): number[] {
  const classes = shape[1]!;
  return Array.from(targets, (target, image) => {
    const logits = data.subarray(image * classes, (image + 1) * classes);
    const at = logits[target]!;
    if (Number.isNaN(at)) return classes;
    return logits.reduce((rank, logit, i) => rank + (logit > at || (logit === at && i < target) ? 1 : 0), 0);
  });
}
