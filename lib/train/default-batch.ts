// The default batch size.

const maxBatch = 128;
/** With fewer images the statistics of batch norms are too noisy. */
const minBatch = 8;
const minSteps = 16;

/** 128, or for few images the largest power of two with which an epoch has at least 16 steps, but at least 8. */
export function defaultBatch(images: number): number {
  return Math.min(maxBatch, Math.max(minBatch, 2 ** Math.floor(Math.log2(images / minSteps))));
}
