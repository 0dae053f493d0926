// VGG-small for CIFAR: 128-128-pool-256-256-pool-512-512-pool-classifier, all 3x3; the first layer and the classifier are ordinary.
import { BatchNorm, Conv2d, Flatten, type Layer, Linear, MaxPool2d, Relu } from '../layers';
import { type NetworkSpec, unitConv2d } from './unit';

export function vggSmall(spec: NetworkSpec): Record<string, Layer> {
  const { classes, random } = spec;
  const unit = (ci: number, co: number) => unitConv2d(spec, ci, co, { kernel: 3, padding: 1 });
  return {
    conv1: new Conv2d(3, 128, { kernel: 3, padding: 1, random }),
    bn1: new BatchNorm(128),
    relu1: new Relu(),
    conv2: unit(128, 128),
    bn2: new BatchNorm(128),
    relu2: new Relu(),
    pool1: new MaxPool2d({ kernel: 2 }),
    conv3: unit(128, 256),
    bn3: new BatchNorm(256),
    relu3: new Relu(),
    conv4: unit(256, 256),
    bn4: new BatchNorm(256),
    relu4: new Relu(),
    pool2: new MaxPool2d({ kernel: 2 }),
    conv5: unit(256, 512),
    bn5: new BatchNorm(512),
    relu5: new Relu(),
    conv6: unit(512, 512),
    bn6: new BatchNorm(512),
    relu6: new Relu(),
    pool3: new MaxPool2d({ kernel: 2 }),
    flatten: new Flatten(),
    fc: new Linear(4 * 4 * 512, classes, { random }),
  };
}
