// When a training has learned what it will: its accuracy on images it does not learn from stays where it is.
import type { EpochRecord } from './progress';

/** When training stops before its last epoch. */
export interface EarlyStopping {
  /** Epochs without a new best accuracy after which training stops. */
  patience: number;
  /** What an accuracy has to be above the best so far to count as new. Default 0. */
  minDelta?: number;
}

/** Whether the best accuracy on validation lies `patience` epochs back. */
export function stagnates(history: readonly EpochRecord[], { patience, minDelta = 0 }: EarlyStopping): boolean {
  let [best, since] = [Number.NEGATIVE_INFINITY, 0];
  for (const { validation } of history)
    if (validation && validation.accuracy > best + minDelta) [best, since] = [validation.accuracy, 0];
    else since++;
  return since >= patience;
}
