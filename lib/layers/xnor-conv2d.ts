// The binary convolution, of the signs of x with the signs of the filters. It is the second baseline, and needs no multiplications either.
import { binarize, binarizeGrad, conv2dGradFilter, conv2dGradInput, sign, signGrad, xnorConv2d } from '../ops';
import { paddedShape } from '../ops/sign';
import { kaiming } from './conv2d';
import { Conv2dLayer, type Conv2dOptions, type ConvImplementation } from './conv2d-layer';

const xnor: ConvImplementation = {
  kind: 'xnor',
  forward: xnorConv2d,
  gradInput(gy, x, filters, options, buffers) {
    const binary = binarize(filters, { out: buffers.take('binary filters', filters.shape) });
    const gsigns = conv2dGradInput(gy, binary, x.shape, options);
    return signGrad(gsigns, x, { out: gsigns });
  },
  // Padding is +1 and contributes to the gradient, so the signs are padded before the convolution.
  gradFilter(gy, x, filters, { padding, out, ...options }, buffers) {
    const signs = sign(x, { padding, out: buffers.take('signs', paddedShape(x.shape, padding)) });
    const gbinary = conv2dGradFilter(gy, signs, filters.shape, { ...options, out });
    return binarizeGrad(gbinary, filters, { out: gbinary });
  },
  key: 'weight',
  rule: 'binary',
  std: kaiming,
  cost: { multiplications: 0, additions: 1, xnors: 1 },
};

/**
 * y[n,ho,wo,co] = alpha[co] * sum_{kh,kw,ci} sgn(x[n, ho*s+kh*d-p, wo*s+kw*d-p, ci]) * sgn(w[co,kh,kw,ci]) (+ b[co]), alpha = mean |w[co]|
 * (XNOR-Net, ECCV 2016). sgn(0) = +1, and padding counts as +1. Filters are initialized as those of Conv2d.
 *
 * It is trained with straight-through estimators: the gradient of sgn(x) is taken to be that of `ops.signGrad`, and that of sgn(w) to be 1 where
 * |w| <= 1, else 0. The gradient with respect to the filters also goes through alpha.
 */
export class XnorConv2d extends Conv2dLayer {
  /** @throws {AdderNetError} ERR_ARGUMENT if an option is unknown or out of range, or the groups do not divide the channels */
  constructor(inputChannels: number, outputChannels: number, options: Conv2dOptions) {
    super(inputChannels, outputChannels, options, xnor);
  }
}
