// Convolutions: check the shapes, make the output, one native call.
import { native, rethrow } from '../binding';
import { AdderNetError } from '../errors';
import { checkOptions, optionNames } from '../options';
import { type ConvOptions, convGeometry, shapeText } from '../shape';
import type { Tensor } from '../tensor';
import { adderConv2dInteger, type IntegerArray, type IntegerConvolutionOptions, isInteger } from './conv2d-integer';
import { checkBias, checkFloat, type OutOption, outputTensor } from './out';

/** What a convolution of floats takes. */
export interface ConvolutionOptions extends ConvOptions, OutOption {
  /** Added to each output channel, [co]. */
  bias?: Tensor | undefined;
}

const names = optionNames<ConvolutionOptions>({ stride: true, padding: true, dilation: true, groups: true, bias: true, out: true });

/** What `linear` takes. */
export interface LinearOptions extends OutOption {
  /** Added to each output, [co]. */
  bias?: Tensor | undefined;
}
const linearNames = optionNames<LinearOptions>({ bias: true, out: true });

/**
 * Adder convolution: the negative L1 distance between each window of `x` and each filter.
 *
 * `y[n,ho,wo,co] = -Σ |x[n, ho·s + kh·d − p, wo·s + kw·d − p, ci] − w[co,kh,kw,ci]| + bias[co]`  (AdderNet, CVPR 2020, eq. 2).
 * p is the padding above or on the left. Padding reads zeros and counts: |0 − w| is added. Without bias no output is above 0, so a batch
 * normalization must follow before a ReLU.
 *
 * In float32 on x86 the distance is computed as Σx + Σw − … from 2·Σmax(x, w), whose error is about 2e-6·(Σ|x| + Σ|w|); a NaN in a window or
 * a filter makes the output NaN, and an infinity may.
 *
 * In uint8, int8 and int16 the result is exact in int32; padding reads `padValue`, and there is no bias. A filter has at most 8,421,504
 * elements, or 32,768 in int16.
 *
 * @param x       activations [n, h, w, ci], float32, uint8, int8 or int16
 * @param filters [co, kh, kw, ci / groups], of the same dtype
 * @returns       [n, ho, wo, co], float32 or int32, with ho = ⌊(top + h + bottom − d(kh − 1) − 1) / s⌋ + 1
 * @throws {AdderNetError} ERR_SHAPE if the shapes do not fit; ERR_DTYPE if a tensor is of another dtype; ERR_ARGUMENT if an option is out
 *   of range, memory is detached, or `out` overlaps an input; ERR_MEMORY if working memory runs out
 */
export function adderConv2d(x: Tensor, filters: Tensor, options?: ConvolutionOptions): Tensor;
export function adderConv2d<A extends IntegerArray>(
  x: Tensor<A>,
  filters: Tensor<A>,
  options?: IntegerConvolutionOptions,
): Tensor<Int32Array>;
export function adderConv2d(
  x: Tensor | Tensor<IntegerArray>,
  filters: Tensor | Tensor<IntegerArray>,
  options: ConvolutionOptions | IntegerConvolutionOptions = {},
): Tensor | Tensor<Int32Array> {
  if (isInteger(x)) return adderConv2dInteger(x, filters as Tensor<IntegerArray>, options as IntegerConvolutionOptions);
  return convolution('adderConv2d', x, filters as Tensor, options as ConvolutionOptions);
}

/**
 * Ordinary convolution (cross-correlation): the multiplication baseline, on the same drivers as the adder.
 *
 * `y[n,ho,wo,co] = Σ x[n, ho·s + kh·d − p, wo·s + kw·d − p, ci] · w[co,kh,kw,ci] + bias[co]`
 *
 * Shapes, options and errors as {@link adderConv2d}.
 */
export function conv2d(x: Tensor, filters: Tensor, options: ConvolutionOptions = {}): Tensor {
  return convolution('conv2d', x, filters, options);
}

/**
 * Binary convolution, the multiplication-free baseline at inference: `x` and the filters are replaced by their signs.
 *
 * `y[n,ho,wo,co] = α[co] · Σ sgn(x[n, ho·s + kh·d − p, wo·s + kw·d − p, ci]) · sgn(w[co,kh,kw,ci]) + bias[co]`, `α[co] = mean |w[co]|`.
 * sgn(0) and sgn(−0) are +1, so padding counts as +1. The sum is exact. A NaN in `x` counts as +1; one in a filter makes its channel NaN.
 *
 * Shapes, options and errors as {@link adderConv2d}.
 */
export function xnorConv2d(x: Tensor, filters: Tensor, options: ConvolutionOptions = {}): Tensor {
  return convolution('xnorConv2d', x, filters, options);
}

/**
 * Fully connected layer: `y[n,co] = Σ x[n,k] · w[co,k] + bias[co]`.
 *
 * @param x       [n, k], float32
 * @param weights [co, k], float32
 * @returns       [n, co]
 * @throws {AdderNetError} as {@link adderConv2d}
 */
export function linear(x: Tensor, weights: Tensor, options: LinearOptions = {}): Tensor {
  checkOptions('linear', options, linearNames);
  checkFloat('linear', 'x', x);
  checkFloat('linear', 'weights', weights);
  const [n, k] = x.shape;
  const [co, inputs] = weights.shape;
  if (x.shape.length !== 2 || weights.shape.length !== 2 || k !== inputs)
    throw new AdderNetError(
      'ERR_SHAPE',
      `linear: x has shape ${shapeText(x.shape)} and weights ${shapeText(weights.shape)}, expected [n,k] and [co,k]`,
    );
  const out = options.out && outputTensor('linear', options.out, [n!, co!], [x, weights]).reshape([n!, 1, 1, co!]);
  const y = convolution('linear', x.reshape([n!, 1, 1, k!]), weights.reshape([co!, 1, 1, k!]), { bias: options.bias, out });
  return options.out ?? y.reshape([n!, co!]);
}

function convolution(
  op: 'adderConv2d' | 'conv2d' | 'xnorConv2d' | 'linear',
  x: Tensor,
  filters: Tensor,
  options: ConvolutionOptions,
): Tensor {
  checkOptions(op, options, names);
  checkFloat(op, 'x', x);
  checkFloat(op, 'filters', filters);
  const geometry = convGeometry(op, x.shape, filters.shape, options);
  checkBias(op, options.bias, geometry.output[3]);
  const y = outputTensor(op, options.out, geometry.output, options.bias ? [x, filters, options.bias] : [x, filters]);
  rethrow(() => native()[op === 'linear' ? 'conv2d' : op](x.data, filters.data, options.bias?.data, y.data, geometry.packed));
  return y;
}
