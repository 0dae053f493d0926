// The convolution by multiplication: the first layer and the classifier of adder networks, and the CNN baseline.
import { conv2d, conv2dGradFilter, conv2dGradInput } from '../ops';
import { Conv2dLayer, type Conv2dOptions, type ConvFunctions, type ConvImplementation } from './conv2d-layer';

/** The standard deviation that keeps the variance of gradients through a ReLU (He et al., ICCV 2015). */
export const kaiming = (fanOut: number): number => Math.sqrt(2 / fanOut);

export const product: ConvFunctions = {
  forward: conv2d,
  gradInput: (gy, x, filters, options) => conv2dGradInput(gy, filters, x.shape, options),
  gradFilter: (gy, x, filters, options) => conv2dGradFilter(gy, x, filters.shape, options),
};

const multiplication: ConvImplementation = {
  kind: 'conv',
  ...product,
  key: 'weight',
  rule: 'ordinary',
  std: kaiming,
  cost: { multiplications: 1, additions: 1, xnors: 0 },
};

/**
 * y[n,ho,wo,co] = sum_{kh,kw,ci} x[n, ho*s+kh*d-p, wo*s+kw*d-p, ci] * w[co,kh,kw,ci] (+ b[co])
 * Filters are initialized from N(0, 2/fan), fan = kh*kw*co/groups (Kaiming, fan-out).
 */
export class Conv2d extends Conv2dLayer {
  /** @throws {AdderNetError} ERR_ARGUMENT if an option is unknown or out of range, or the groups do not divide the channels */
  constructor(inputChannels: number, outputChannels: number, options: Conv2dOptions) {
    super(inputChannels, outputChannels, options, multiplication);
  }
}
