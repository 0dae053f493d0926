// The running statistics of batch norms lag ten or more steps behind the filters, and start at 0 and 1. In an adder network, whose means are
// hundreds of standard deviations away from 0, they would make a network after few steps look untrained; and the statistics of averaged weights
// are not the average of the statistics. So they are estimated again from images of the finished epoch, before anything is measured or saved.
import type { BatchLoader } from '../data/batch-loader';
import { BatchNorm, type Layer } from '../layers';
import type { Model } from '../models';

/** About this many images are enough, in at least this many batches. */
const enoughImages = 5000;
const minBatches = 8;

/** Sets running statistics, except in frozen layers, to the mean over the images of the first batches of an epoch. */
export async function estimateStatistics(model: Model, loader: BatchLoader, epoch: number): Promise<void> {
  const norms = [...batchNorms(model)].filter((norm) => norm.isTrainable);
  if (norms.length === 0) return;
  const momenta = norms.map(({ momentum }) => momentum);
  let [batches, images] = [0, 0];
  try {
    for await (const { x, targets } of loader.batches(epoch)) {
      batches++;
      images += targets.length;
      for (const norm of norms) norm.momentum = targets.length / images; // the last batch of an epoch may be small
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
