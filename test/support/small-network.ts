// A small adder network for images of 6x6, which trains in a moment.
import { layers, Model } from '../../dist';
import { Random } from '../../dist/random';

export const smallMetadata = {
  name: 'small',
  kind: 'adder',
  classes: 3,
  inputShape: [6, 6, 1],
  normalization: { mean: [0.3], std: [0.3] },
  dataset: 'patterns',
} as const;

export function smallNetwork(seed = 1): Model {
  const random = new Random(seed);
  return new Model(
    {
      conv1: new layers.AdderConv2d(1, 6, { kernel: 3, random }),
      bn1: new layers.BatchNorm(6),
      relu: new layers.Relu(),
      fc: new layers.Conv2d(6, 3, { kernel: 4, random }),
      bn2: new layers.BatchNorm(3),
      flatten: new layers.Flatten(),
    },
    smallMetadata,
  );
}
