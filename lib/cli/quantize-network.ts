// From a float network to a quantized one, as the command line says.
import type { Model } from '../models';
import { type QuantizedModel, type QuantizeOptions, quantize } from '../quantize';
import { type DataArguments, openData } from './open-data';

export interface QuantizeArguments extends Partial<DataArguments>, QuantizeOptions {}

/** Calibrated on the first training images of the network's own data set, or of the one named. */
export async function quantizeNetwork(model: Model, { bits, range, calibration, ...args }: QuantizeArguments): Promise<QuantizedModel> {
  const images = await openData({ ...args, dataset: args.dataset ?? model.metadata.dataset }, 'train', model.inputShape);
  return await quantize(model, images, { bits, range, calibration });
}
