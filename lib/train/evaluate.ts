// Accuracy of a network on a data set.
import { setImmediate } from 'node:timers/promises';
import type { Dataset } from '../data/dataset';
import { normalize } from '../data/normalize';
import { AdderNetError } from '../errors';
import type { Model } from '../models';
import { shapeText } from '../shape';

export interface EvaluateOptions {
  /** Images at a time. Default 100. */
  batch?: number | undefined;
  /** Only the first so many images. Default: all. */
  limit?: number | undefined;
  /** Called after every batch with the images done so far and the number of all. */
  onBatch?: ((done: number, images: number) => void) | undefined;
}

export interface Evaluation {
  /** Part of the images, 0 to 1, whose class has the largest logit. */
  top1: number;
  /** Part of the images whose class is among the five largest. */
  top5: number;
  images: number;
  /** Time of the forward passes and of preparing their input. */
  seconds: number;
  imagesPerSecond: number;
}

/**
 * Runs the network over the data set; the event loop gets its turn between batches.
 * @throws {AdderNetError} ERR_SHAPE if images or classes are not those of the network; ERR_ARGUMENT if an option is out of range
 */
export async function evaluate(model: Model, dataset: Dataset, options: EvaluateOptions = {}): Promise<Evaluation> {
  const { batch = 100, limit = dataset.length, onBatch } = options;
  for (const [name, value] of Object.entries({ batch, limit }))
    if (!Number.isInteger(value) || value < 1)
      throw new AdderNetError('ERR_ARGUMENT', `evaluate: ${name} is ${String(value)}, expected a positive integer`);
  if (shapeText(dataset.imageShape) !== shapeText(model.inputShape) || dataset.classes !== model.classes)
    throw new AdderNetError(
      'ERR_SHAPE',
      `evaluate: ${dataset.name} has images ${shapeText(dataset.imageShape)} of ${dataset.classes} classes, but ${model.name} takes ${shapeText(model.inputShape)} and tells ${model.classes}`,
    );

  const images = Math.min(limit, dataset.length);
  const { mean, std } = model.normalization;
  let [first, firstFive, nanoseconds] = [0, 0, 0n];
  for (let start = 0; start < images; start += batch) {
    const end = Math.min(start + batch, images);
    const began = process.hrtime.bigint();
    const logits = model.forward(normalize(dataset.images(start, end), mean, std)).data;
    nanoseconds += process.hrtime.bigint() - began;
    dataset.targets(start, end).forEach((target, i) => {
      const rank = rankOf(logits.subarray(i * model.classes, (i + 1) * model.classes), target);
      if (rank < 1) first++;
      if (rank < 5) firstFive++;
    });
    onBatch?.(end, images);
    await setImmediate();
  }
  const seconds = Number(nanoseconds) / 1e9;
  return { top1: first / images, top5: firstFive / images, images, seconds, imagesPerSecond: images / seconds };
}

/** How many classes come before `target`, of equal logits the first; a NaN is no answer and comes last. */
function rankOf(logits: Float32Array, target: number): number {
  const own = logits[target]!;
  if (Number.isNaN(own)) return logits.length;
  return logits.reduce((rank, logit, i) => rank + (logit > own || (logit === own && i < target) ? 1 : 0), 0);
}
