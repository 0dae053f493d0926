// The binary convolution, of the signs of x with the signs of the filters. It is the second baseline, and needs no multiplications either.
import { conv2dGradFilter, conv2dGradInput, sign, signGrad, xnorConv2d } from '../ops';
import { paddedShape } from '../ops/sign';
import { elementCount } from '../shape';
import type { Tensor } from '../tensor';
import { kaiming } from './conv2d';
import { Conv2dLayer, type Conv2dOptions, type ConvImplementation } from './conv2d-layer';

const xnor: ConvImplementation = {
  kind: 'xnor',
  forward: xnorConv2d,
  gradInput(gy, x, filters, options, buffers) {
    const binary = binarize(filters, buffers.take('binary filters', filters.shape));
    const gsigns = conv2dGradInput(gy, binary, x.shape, options);
    return signGrad(gsigns, x, { out: gsigns });
  },
  // Padding is +1 and contributes to the gradient, so the signs are padded before the convolution.
  gradFilter(gy, x, filters, { padding, out, ...options }, buffers) {
    const signs = sign(x, { padding, out: buffers.take('signs', paddedShape(x.shape, padding)) });
    const gbinary = conv2dGradFilter(gy, signs, filters.shape, { ...options, out });
    return throughBinarization(gbinary, filters);
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

const signOf = (weight: number): number => (weight < 0 ? -1 : 1);

/** The filters of each output channel, with alpha = mean |w|. */
function* outputChannels(filters: Tensor): Generator<{ first: number; weights: Float32Array; alpha: number }> {
  const [co, ...window] = filters.shape;
  const k = elementCount(window);
  for (let first = 0; first < co! * k; first += k) {
    const weights = filters.data.subarray(first, first + k);
    yield { first, weights, alpha: weights.reduce((sum, weight) => sum + Math.abs(weight), 0) / k };
  }
}

/** alpha * sgn(w) */
function binarize(filters: Tensor, binary: Tensor): Tensor {
  for (const { first, weights, alpha } of outputChannels(filters))
    weights.forEach((w, i) => {
      binary.data[first + i] = alpha * signOf(w);
    });
  return binary;
}

/** Turns the gradient gb with respect to alpha * sgn(w), in place, into that of w: alpha * [|w| <= 1] * gb + sgn(w) / k * sum gb * sgn(w). */
function throughBinarization(gradient: Tensor, filters: Tensor): Tensor {
  for (const { first, weights, alpha } of outputChannels(filters)) {
    const g = gradient.data.subarray(first, first + weights.length);
    const galpha = weights.reduce((sum, w, i) => sum + g[i]! * signOf(w), 0);
    weights.forEach((w, i) => {
      g[i] = (Math.abs(w) <= 1 ? g[i]! : 0) * alpha + (signOf(w) * galpha) / weights.length;
    });
  }
  return gradient;
}
