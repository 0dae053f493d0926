// A network is evaluated on a data set, without changing it.
import { performance } from 'node:perf_hooks';
import { setImmediate } from 'node:timers/promises';
import { BatchLoader } from '../data/batch-loader';
import { checkDataset, type Dataset } from '../data/dataset';
import { matchClasses } from '../data/match-classes';
import { AdderNetError } from '../errors';
import { nameOf } from '../layers/name-of';
import type { Model, Task } from '../models';
import { defaultTask } from '../models/task';
import { checkOptions, optionNames } from '../options';
import { shown } from '../quoted';
import { shapeText } from '../shape';
import type { Tensor } from '../tensor';
import { checkLoss, crossEntropy, type Loss, lossOf } from './loss';
import { type ClassificationMetrics, taskMetrics } from './metrics';

/** Options of `evaluate`. */
export interface EvaluateOptions {
  /** Images in a batch. Default 100. */
  batch?: number | undefined;
  /** Use only the first images, this many. Default: all. */
  limit?: number | undefined;
  /** The loss to measure. Default: softmax cross-entropy. */
  loss?: Loss | undefined;
  /** Is called after every batch with the number of images done so far and of all images. */
  onBatch?: ((done: number, images: number) => void) | undefined;
}

const names = optionNames<EvaluateOptions>({ batch: true, limit: true, loss: true, onBatch: true });

/** The result of `evaluate`. */
export interface Evaluation extends ClassificationMetrics {
  /** Mean loss of an image: cross-entropy in nats, unless another loss was given. */
  loss: number;
  /** How many images there were. */
  images: number;
  /** Time of the forward passes and of waiting for their input. */
  seconds: number;
  /** Images divided by that time. */
  imagesPerSecond: number;
}

/** What can be evaluated: float networks, and quantized ones. */
export interface Classifier extends Pick<Model, 'name' | 'inputShape' | 'classes' | 'normalization'> {
  /** What the network is for. Default 'classification'. */
  readonly task?: Task | undefined;
  /** The names of its classes, by index; those of the data set are matched to them. */
  readonly classNames?: readonly string[] | undefined;
  /** x [n,h,w,c], normalized -> logits [n,classes] */
  forward(x: Tensor): Tensor;
}

/**
 * Runs the network over the data set; the event loop gets its turn between batches.
 * Classes are matched by name, where both the network and the data set have names.
 * @throws {AdderNetError} as a rejection: ERR_SHAPE if images or classes do not fit the network; ERR_ARGUMENT if it is no network for
 *   images or no data set, the classes have other names, an option is unknown or out of range, or `loss` gives no loss
 */
export async function evaluate(model: Classifier, dataset: Dataset, options: EvaluateOptions = {}): Promise<Evaluation> {
  checkOptions('evaluate', options, names);
  const { batch = 100, limit, loss: lossFunction = crossEntropy(), onBatch } = options;
  checkLoss('evaluate', lossFunction);
  if (onBatch !== undefined && typeof onBatch !== 'function')
    throw new AdderNetError('ERR_ARGUMENT', `evaluate: onBatch is ${shown(onBatch)}, expected a function`);
  checkFits('evaluate', model, dataset);
  const matched = matchClasses(dataset, model.classNames, 'evaluate');
  const loader = new BatchLoader(matched, { batch, limit, normalization: model.normalization });
  const meter = taskMetrics[model.task ?? defaultTask].meter();
  let [loss, images, seconds] = [0, 0, 0];
  let began = performance.now();
  for await (const { x, targets } of loader.batches(0)) {
    const outputs = model.forward(x);
    seconds += (performance.now() - began) / 1000;
    meter.add(outputs, targets);
    loss += lossOf('evaluate', lossFunction, outputs, targets).loss * targets.length;
    images += targets.length;
    onBatch?.(images, loader.images);
    await setImmediate();
    began = performance.now();
  }
  return { ...meter.metrics(images), loss: loss / images, images, seconds, imagesPerSecond: images / seconds };
}

/** @throws {AdderNetError} ERR_ARGUMENT unless `model` describes the images that it takes */
export function checkClassifier(op: string, model: unknown): asserts model is Classifier {
  const { inputShape, classes, normalization, forward } = Object(model) as Partial<Record<keyof Classifier, unknown>>;
  if (!Array.isArray(inputShape) || !Number.isInteger(classes) || typeof forward !== 'function' || typeof normalization !== 'object')
    throw new AdderNetError(
      'ERR_ARGUMENT',
      `${op}: model is ${nameOf(model)}, expected a Model, which describes the images that it takes: new Model(layers, metadata); or a quantized model`,
    );
}

/** @throws {AdderNetError} ERR_SHAPE unless the images and classes of the data set fit the network; ERR_ARGUMENT unless both are what they must be */
export function checkFits(op: string, model: Classifier, dataset: Dataset): void {
  checkClassifier(op, model);
  checkDataset(op, dataset);
  if (shapeText(dataset.imageShape) !== shapeText(model.inputShape) || dataset.classes !== model.classes)
    throw new AdderNetError(
      'ERR_SHAPE',
      `${op}: ${dataset.name} has images ${shapeText(dataset.imageShape)} of ${dataset.classes} classes, but ${model.name} takes ${shapeText(model.inputShape)} and classifies ${model.classes}`,
    );
}
