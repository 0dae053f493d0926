// What a weights file or a name holds: a float network or a quantised one.
import { type LoadOptions, load, type Model } from '../models';
import { quantizedKey, readWeights } from '../models/model-file';
import { loadQuantized } from './quantized-file';
import type { QuantizedModel } from './quantized-model';

/** @throws {AdderNetError} what load and loadQuantized throw */
export async function loadNetwork(weights: string, options: LoadOptions = {}): Promise<Model | QuantizedModel> {
  const { metadata } = await readWeights(weights);
  return quantizedKey in metadata ? await loadQuantized(weights) : await load(weights, options);
}
