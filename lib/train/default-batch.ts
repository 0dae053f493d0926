// How many images a step takes where none is given.

const maxBatch = 128;
/** Fewer leave batch norms too little to go by. */
const minBatch = 8;
const stepsAnEpoch = 16;

/** 128, but for few images the largest power of two that gives an epoch 16 steps, and at least 8. */
export function defaultBatch(images: number): number {
  return Math.min(maxBatch, Math.max(minBatch, 2 ** Math.floor(Math.log2(images / stepsAnEpoch))));
}
