// How far a training has come: plain data, so that it can be stored and taken up again.

/** An epoch that is over. */
export interface EpochRecord {
  /** From 1. */
  readonly epoch: number;
  /** In its first step. */
  readonly learningRate: number;
  /** Mean over the epoch's images, each as the network was when it saw it. */
  readonly loss: number;
  /** Part of the images, 0 to 1, whose class had the largest logit. */
  readonly accuracy: number;
  /** Of the network at the end of the epoch, in inference, on images it does not learn from. */
  readonly validation?: { readonly loss: number; readonly accuracy: number };
  /** Without validation. */
  readonly seconds: number;
  /** Training alone. */
  readonly imagesPerSecond: number;
}

/** The epoch under way. Sums go over its images so far. */
export interface Place {
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
  place: Place;
}

export const startOf = (epoch: number): Place => ({ epoch, step: 0, images: 0, loss: 0, correct: 0, seconds: 0 });
