// The running statistics of batch norms lag ten steps and more behind the filters, and begin at 0 and 1. In an adder network, where means are
// hundreds of deviations away from 0, a training of few steps would be measured at chance by them; and those of averaged weights are not the
// average of statistics. So they are taken anew from images of the epoch that is over, before anything is measured or kept.
import type { BatchLoader } from '../data/batch-loader';
import { BatchNorm, type Layer } from '../layers';
import type { Model } from '../models';

/** About as many images as that are enough, in no less than so many batches. */
const enoughImages = 5000;
const minBatches = 8;

/** Running statistics, but for frozen layers', as the mean over the images of the first batches of an epoch. */
export async function estimateStatistics(model: Model, loader: BatchLoader, epoch: number): Promise<void> {
  const norms = [...batchNorms(model)].filter((norm) => norm.isTrainable);
  if (norms.length === 0) return;
  const momenta = norms.map(({ momentum }) => momentum);
  let [batches, images] = [0, 0];
  try {
    for await (const { x, targets } of loader.batches(epoch)) {
      batches++;
      images += targets.length;
      for (const norm of norms) norm.momentum = targets.length / images; // an epoch's last batch may be small
      model.forward(x, { training: true });
      if (batches >= minBatches && images >= enoughImages) break;
    }
  } finally {
    norms.forEach((norm, i) => {
      norm.momentum = momenta[i]!;
    });
  }
}

function* batchNorms(layer: Layer): Generator<BatchNorm> {
  if (layer instanceof BatchNorm) yield layer;
  for (const [, child] of layer.children()) yield* batchNorms(child);
}
