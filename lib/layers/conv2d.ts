// The ordinary convolution, by multiplication: first layer and classifier of the adder networks, and the baseline.
import { conv2d } from '../ops';
import { type Arithmetic, type Conv2dOptions, Convolution } from './convolution';

const multiplication: Arithmetic = {
  forward: conv2d,
  key: 'weight',
  kind: 'ordinary',
  std: (fanOut) => Math.sqrt(2 / fanOut),
  cost: { multiplications: 1, additions: 1, xnors: 0 },
};

/**
 * y[n,ho,wo,co] = sum_{kh,kw,ci} x[n, ho*s+kh*d-p, wo*s+kw*d-p, ci] * w[co,kh,kw,ci] (+ b[co])
 * Filters start as N(0, 2/fan), fan = kh*kw*co/groups (Kaiming, fan-out).
 */
export class Conv2d extends Convolution {
  constructor(inputChannels: number, outputChannels: number, options: Conv2dOptions) {
    super(inputChannels, outputChannels, options, multiplication);
  }
}
