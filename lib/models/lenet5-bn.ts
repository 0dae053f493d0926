// LeNet-5 with batch norm for MNIST. Every layer with weights is of the network's kind: the fully connected ones are convolutions over
// 1x1 images.
import { BatchNorm, Flatten, type Layer, MaxPool2d } from '../layers';
import { afterConv, innerConv2d, type NetworkSpec } from './network-parts';

/** What the second pooling leaves of a row or column of pixels: 5 of 28. */
const mapSize = (pixels: number): number => ((pixels >> 1) - 4) >> 1;
/** Rows and columns of the smallest image. */
export const minLenetSize = 12;

/** The kernel of the third layer is as large as its input. */
export const lenet5bn = (spec: NetworkSpec): Record<string, Layer> => ({
  // The network is meant for 32x32 images; a padding of 2 makes them of MNIST's 28x28.
  conv1: innerConv2d(spec, spec.inputShape[2], 6, { kernel: 5, padding: 2 }),
  ...afterConv(spec, 1, 6, { pool1: new MaxPool2d({ kernel: 2 }) }),
  conv2: innerConv2d(spec, 6, 16, { kernel: 5 }),
  ...afterConv(spec, 2, 16, { pool2: new MaxPool2d({ kernel: 2 }) }),
  conv3: innerConv2d(spec, 16, 120, { kernel: [mapSize(spec.inputShape[0]), mapSize(spec.inputShape[1])] }),
  ...afterConv(spec, 3, 120),
  conv4: innerConv2d(spec, 120, 84, { kernel: 1 }),
  ...afterConv(spec, 4, 84),
  fc: innerConv2d(spec, 84, spec.classes, { kernel: 1 }),
  bn5: new BatchNorm(spec.classes),
  flatten: new Flatten(),
});
