// When training is over: the accuracy on validation images no longer rises.
import type { EpochRecord } from './progress';

/** When training stops before its last epoch. */
export interface EarlyStopping {
  /** Epochs without a new best accuracy after which training stops. */
  patience: number;
  /** By how much an accuracy must exceed the best so far to count as new. Default 0. */
  minDelta?: number;
}

/** Whether the best accuracy on validation images is `patience` epochs old. */
export function hasPlateaued(history: readonly EpochRecord[], { patience, minDelta = 0 }: EarlyStopping): boolean {
  let [best, epochsSince] = [Number.NEGATIVE_INFINITY, 0];
  for (const { validation } of history)
    if (validation && validation.accuracy > best + minDelta) [best, epochsSince] = [validation.accuracy, 0];
    else epochsSince++;
  return epochsSince >= patience;
}
