// Accuracy of a network on a data set.

import { performance } from 'node:perf_hooks';
import { setImmediate } from 'node:timers/promises';
import { BatchLoader } from '../data/batch-loader';
import { checkDataset, type Dataset } from '../data/dataset';
import { matchClasses } from '../data/match-classes';
import { AdderNetError } from '../errors';
import { nameOf } from '../layers/name-of';
import type { Model } from '../models';
import { softmaxCrossEntropy } from '../ops';
import { checkOptions, optionNames } from '../options';
import { shown } from '../quoted';
import { shapeText } from '../shape';
import type { Tensor } from '../tensor';

/** What `evaluate` takes. */
export interface EvaluateOptions {
  /** Images at a time. Default 100. */
  batch?: number | undefined;
  /** Only the first so many images. Default: all. */
  limit?: number | undefined;
  /** Called after every batch with the images done so far and the number of all. */
  onBatch?: ((done: number, images: number) => void) | undefined;
}

const names = optionNames<EvaluateOptions>({ batch: true, limit: true, onBatch: true });

/** What `evaluate` measured. */
export interface Evaluation {
  /** Part of the images, 0 to 1, whose class has the largest logit. */
  top1: number;
  /** Part of the images whose class is among the five largest. */
  top5: number;
  /** Mean cross-entropy, in nats. */
  loss: number;
  /** How many there were. */
  images: number;
  /** Time of the forward passes and of waiting for their input. */
  seconds: number;
  /** The same by the second. */
  imagesPerSecond: number;
}

/** What can be evaluated: float networks, and quantised ones. */
export interface Classifier extends Pick<Model, 'name' | 'inputShape' | 'classes' | 'normalization'> {
  /** What its classes are called, by their index; the data set's are matched to them. */
  readonly classNames?: readonly string[] | undefined;
  /** x [n,h,w,c], normalized -> logits [n,classes] */
  forward(x: Tensor): Tensor;
}

/**
 * Runs the network over the data set; the event loop gets its turn between batches.
 * Classes are matched by their names, where the network and the data set have some.
 * @throws {AdderNetError} as a rejection: ERR_SHAPE if images or classes are not of the network's sizes; ERR_ARGUMENT if it is no network for
 *   images or no data set, the classes have other names, or an option is unknown or out of range
 */
export async function evaluate(model: Classifier, dataset: Dataset, options: EvaluateOptions = {}): Promise<Evaluation> {
  checkOptions('evaluate', options, names);
  const { batch = 100, limit, onBatch } = options;
  if (onBatch !== undefined && typeof onBatch !== 'function')
    throw new AdderNetError('ERR_ARGUMENT', `evaluate: onBatch is ${shown(onBatch)}, expected a function`);
  checkFits('evaluate', model, dataset);
  const matched = matchClasses(dataset, model.classNames, 'evaluate');
  const loader = new BatchLoader(matched, { batch, limit, normalization: model.normalization });
  let [first, firstFive, loss, images, seconds] = [0, 0, 0, 0, 0];
  let began = performance.now();
  for await (const { x, targets } of loader.batches(0)) {
    const logits = model.forward(x);
    seconds += (performance.now() - began) / 1000;
    targets.forEach((target, i) => {
      const rank = rankOf(logits.data.subarray(i * model.classes, (i + 1) * model.classes), target);
      if (rank < 1) first++;
      if (rank < 5) firstFive++;
    });
    loss += softmaxCrossEntropy(logits, targets).loss * targets.length;
    images += targets.length;
    onBatch?.(images, loader.images);
    await setImmediate();
    began = performance.now();
  }
  return { top1: first / images, top5: firstFive / images, loss: loss / images, images, seconds, imagesPerSecond: images / seconds };
}

/** @throws {AdderNetError} ERR_ARGUMENT unless `model` says what images it takes */
export function checkClassifier(op: string, model: unknown): asserts model is Classifier {
  const { inputShape, classes, normalization, forward } = Object(model) as Partial<Record<keyof Classifier, unknown>>;
  if (!Array.isArray(inputShape) || !Number.isInteger(classes) || typeof forward !== 'function' || typeof normalization !== 'object')
    throw new AdderNetError(
      'ERR_ARGUMENT',
      `${op}: model is ${nameOf(model)}, expected a Model, which says what images it takes: new Model(layers, metadata); or a quantized one`,
    );
}

/** @throws {AdderNetError} ERR_SHAPE unless a data set has images and classes of the network's sizes; ERR_ARGUMENT unless they are such */
export function checkFits(op: string, model: Classifier, dataset: Dataset): void {
  checkClassifier(op, model);
  checkDataset(op, dataset);
  if (shapeText(dataset.imageShape) !== shapeText(model.inputShape) || dataset.classes !== model.classes)
    throw new AdderNetError(
      'ERR_SHAPE',
      `${op}: ${dataset.name} has images ${shapeText(dataset.imageShape)} of ${dataset.classes} classes, but ${model.name} takes ${shapeText(model.inputShape)} and tells ${model.classes}`,
    );
}

/** How many classes come before `target`, of equal logits the first; a NaN is no answer and comes last. */
function rankOf(logits: Float32Array, target: number): number {
  const own = logits[target]!;
  if (Number.isNaN(own)) return logits.length;
  return logits.reduce((rank, logit, i) => rank + (logit > own || (logit === own && i < target) ? 1 : 0), 0);
}
