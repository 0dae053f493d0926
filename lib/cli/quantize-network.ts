// What --weights names: float networks and quantised ones; and from one to the other.
import { type LoadOptions, load, type Model } from '../models';
import { quantizedKey, readWeights } from '../models/model-file';
import { loadQuantized, type QuantizedModel, quantize } from '../quantize';
import { compile } from '../session';
import type { Classifier } from '../train/evaluate';
import { openData } from './open-data';

export interface QuantizeArguments {
  dataset?: string;
  data?: string;
  bits: number;
  range: 'auto' | 'max' | number;
  calibration: number;
}

/** @throws {AdderNetError} what loading throws */
export async function loadNetwork(weights: string, options: LoadOptions): Promise<Model | QuantizedModel> {
  const { metadata } = await readWeights(weights);
  return quantizedKey in metadata ? await loadQuantized(weights) : await load(weights, options);
}

/** The same network in one native call. */
export async function compiled(model: Model | QuantizedModel): Promise<Classifier> {
  const { name, inputShape, classes, normalization } = model;
  const session = await compile(model);
  return { name, inputShape, classes, normalization, forward: (x) => session.runSync(x) };
}

/** Calibrated on the first training images of the network's own data set, or of the one named. */
export async function quantizeNetwork(
  model: Model,
  { dataset, data, bits, range, calibration }: QuantizeArguments,
): Promise<QuantizedModel> {
  const images = await openData(dataset ?? model.metadata.dataset, data, 'train', model.inputShape);
  return await quantize(model, images, { bits, range, calibration });
}
