// The adder convolution: minus the L1 distance between a window and a filter, with no multiplication.
import { adderConv2d } from '../ops';
import { type Arithmetic, type Conv2dOptions, Convolution } from './convolution';

const adder: Arithmetic = {
  forward: adderConv2d,
  key: 'adder',
  kind: 'adder',
  std: () => 1,
  cost: { multiplications: 0, additions: 2, xnors: 0 },
};

/**
 * y[n,ho,wo,co] = -sum_{kh,kw,ci} |x[n, ho*s+kh*d-p, wo*s+kw*d-p, ci] - w[co,kh,kw,ci]| (+ b[co])    (AdderNet, CVPR 2020, eq. 2)
 * Filters start as N(0,1). Never above 0 without a bias, so a batch norm has to follow before any ReLU.
 */
export class AdderConv2d extends Convolution {
  constructor(inputChannels: number, outputChannels: number, options: Conv2dOptions) {
    super(inputChannels, outputChannels, options, adder);
  }
}
