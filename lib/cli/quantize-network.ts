// From a float network to a quantised one, as the command line says.
import type { Model } from '../models';
import { type QuantizedModel, quantize } from '../quantize';
import { openData } from './open-data';

export interface QuantizeArguments {
  dataset?: string;
  data?: string;
  bits: number;
  range: 'auto' | 'max' | number;
  calibration: number;
}

/** Calibrated on the first training images of the network's own data set, or of the one named. */
export async function quantizeNetwork(
  model: Model,
  { dataset, data, bits, range, calibration }: QuantizeArguments,
): Promise<QuantizedModel> {
  const images = await openData(dataset ?? model.metadata.dataset, data, 'train', model.inputShape);
  return await quantize(model, images, { bits, range, calibration });
}
