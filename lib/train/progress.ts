// How far a training run has come: plain data, so that it can be stored and resumed.

/** A finished epoch. */
export interface EpochRecord {
  /** From 1. */
  readonly epoch: number;
  /** The learning rate of its first step. */
  readonly learningRate: number;
  /** Mean loss over the images of the epoch, each by the network as it was in that step. */
  readonly loss: number;
  /** Part of the images, 0 to 1, whose class had the largest logit, or as the loss counts. */
  readonly accuracy: number;
  /** The network at the end of the epoch, in inference, on images that it is not trained on. */
  readonly validation?: { readonly loss: number; readonly accuracy: number };
  /** Time of the epoch, without validation. */
  readonly seconds: number;
  /** Training speed, without validation. */
  readonly imagesPerSecond: number;
  /** The CPU that it was trained on, its instruction set and the threads. Files of development versions do not say. */
  readonly machine?: string | undefined;
}

/** The current epoch. Sums are over its images so far. */
export interface EpochProgress {
  /** From 0. */
  epoch: number;
  /** Batches done. */
  step: number;
  images: number;
  loss: number;
  correct: number;
  seconds: number;
}

export interface Progress {
  readonly history: EpochRecord[];
  current: EpochProgress;
}

export const newEpoch = (epoch: number): EpochProgress => ({ epoch, step: 0, images: 0, loss: 0, correct: 0, seconds: 0 });
