// Quantizes a float network with the options of the command line.
import type { Model } from '../models';
import { type QuantizedModel, type QuantizeOptions, quantize } from '../quantize';
import { type DataArguments, openData } from './open-data';
import { withClassNames } from './open-network';

export interface QuantizeArguments extends Partial<DataArguments>, QuantizeOptions {
  weights: string;
}

/** Calibrates on the first training images of the given data set, by default the network's own. */
export async function quantizeNetwork(
  model: Model,
  { weights, bits, range, calibration, ...args }: QuantizeArguments,
): Promise<QuantizedModel> {
  const images = await openData({ ...args, dataset: args.dataset ?? model.metadata.dataset }, 'train', model.inputShape);
  return await quantize(await withClassNames(model, weights, images), images, { bits, range, calibration });
}
