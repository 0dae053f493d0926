// VGG-small for CIFAR: 128-128-pool-256-256-pool-512-512-pool-classifier, all 3x3. The first layer and the classifier multiply.
import { Conv2d, Flatten, type Layer, Linear, MaxPool2d } from '../layers';
import { afterConv, innerConv2d, type NetworkSpec } from './network-parts';

/** Height and width of the smallest image that three poolings can halve. */
export const minVggSize = 8;

export function vggSmall(spec: NetworkSpec): Record<string, Layer> {
  const { classes, random, inputShape } = spec;
  const [h, w, channels] = inputShape;
  const conv = (ci: number, co: number) => innerConv2d(spec, ci, co, { kernel: 3, padding: 1 });
  return {
    conv1: new Conv2d(channels, 128, { kernel: 3, padding: 1, random }),
    ...afterConv(spec, 1, 128),
    conv2: conv(128, 128),
    ...afterConv(spec, 2, 128, { pool1: new MaxPool2d({ kernel: 2 }) }),
    conv3: conv(128, 256),
    ...afterConv(spec, 3, 256),
    conv4: conv(256, 256),
    ...afterConv(spec, 4, 256, { pool2: new MaxPool2d({ kernel: 2 }) }),
    conv5: conv(256, 512),
    ...afterConv(spec, 5, 512),
    conv6: conv(512, 512),
    ...afterConv(spec, 6, 512, { pool3: new MaxPool2d({ kernel: 2 }) }),
    flatten: new Flatten(),
    fc: new Linear((h >> 3) * (w >> 3) * 512, classes, { random }),
  };
}
