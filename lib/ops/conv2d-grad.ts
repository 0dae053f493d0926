// Gradients of the convolutions, layer by layer: what the backward pass of a network is made of. The adder's are the training rule of the
// paper, not the derivative of its distance.
import { native, rethrow } from '../binding';
import { AdderNetError } from '../errors';
import { checkOptions, optionNames } from '../options';
import { type ConvGeometry, type ConvOptions, convGeometry, type Shape } from '../shape';
import type { Tensor } from '../tensor';
import { checkFloat, checkShapeIs, type OutOption, outputTensor } from './out';

/** What `adderConv2dGradInput` takes. */
export interface AdderGradInputOptions extends ConvOptions, OutOption {
  /** clamp(w − x, −1, 1), or the ablation sgn(w − x). Default 'hardtanh'. */
  gradient?: 'hardtanh' | 'sign' | undefined;
}

/** What `adderConv2dGradFilter` takes. */
export interface AdderGradFilterOptions extends ConvOptions, OutOption {
  /** x − w, or the ablation sgn(x − w). Default 'full'. */
  gradient?: 'full' | 'sign' | undefined;
}

const names = optionNames<ConvOptions & OutOption>({ stride: true, padding: true, dilation: true, groups: true, out: true });
const adderNames = [...names, ...optionNames<Pick<AdderGradInputOptions, 'gradient'>>({ gradient: true })];

/**
 * Gradient of an adder convolution to its input.
 *
 * `gx[n,h,w,ci] = Σ clamp(w − x, −1, 1) · gy` over the outputs whose window holds the input (AdderNet, CVPR 2020, eq. 5; clamp is closed).
 * What falls on padding is dropped.
 *
 * @param gy      gradient to the output, [n, ho, wo, co], float32
 * @param x       the activations of the forward pass, [n, h, w, ci]
 * @param filters [co, kh, kw, ci / groups]
 * @returns       [n, h, w, ci]
 * @throws {AdderNetError} as adderConv2d, and ERR_SHAPE if gy is not of the output's shape
 */
export function adderConv2dGradInput(gy: Tensor, x: Tensor, filters: Tensor, options: AdderGradInputOptions = {}): Tensor {
  const op = 'adderConv2dGradInput';
  checkOptions(op, options, adderNames);
  const sign = isSign(op, options.gradient, 'hardtanh');
  checkFloats(op, { gy, x, filters });
  const geometry = geometryOf(op, gy, x.shape, filters.shape, options);
  const gx = outputTensor(op, options.out, x.shape, [gy, x, filters]);
  rethrow(() => native().adderConv2dGradInput(gy.data, x.data, filters.data, gx.data, geometry.packed, sign));
  return gx;
}

/**
 * Gradient of an adder convolution to its filters, in full precision.
 *
 * `gw[co,k] = Σ (x[.., k] − w[co,k]) · gy[n,ho,wo,co]` over all windows (AdderNet, CVPR 2020, eq. 4). Padding counts, with x = 0.
 *
 * Shapes and errors as {@link adderConv2dGradInput}.
 * @returns [co, kh, kw, ci / groups]
 */
export function adderConv2dGradFilter(gy: Tensor, x: Tensor, filters: Tensor, options: AdderGradFilterOptions = {}): Tensor {
  const op = 'adderConv2dGradFilter';
  checkOptions(op, options, adderNames);
  const sign = isSign(op, options.gradient, 'full');
  checkFloats(op, { gy, x, filters });
  const geometry = geometryOf(op, gy, x.shape, filters.shape, options);
  const gw = outputTensor(op, options.out, filters.shape, [gy, x, filters]);
  rethrow(() => native().adderConv2dGradFilter(gy.data, x.data, filters.data, gw.data, geometry.packed, sign));
  return gw;
}

/**
 * Gradient of an ordinary convolution to its input: `gx = Σ w · gy`.
 *
 * @param gy         [n, ho, wo, co], float32
 * @param filters    [co, kh, kw, ci / groups]
 * @param inputShape [n, h, w, ci] of the activations of the forward pass
 * @throws {AdderNetError} as conv2d, and ERR_SHAPE if gy is not of the output's shape
 */
export function conv2dGradInput(gy: Tensor, filters: Tensor, inputShape: Shape, options: ConvOptions & OutOption = {}): Tensor {
  const op = 'conv2dGradInput';
  checkOptions(op, options, names);
  checkFloats(op, { gy, filters });
  const geometry = geometryOf(op, gy, inputShape, filters.shape, options);
  const gx = outputTensor(op, options.out, inputShape, [gy, filters]);
  rethrow(() => native().conv2dGradInput(gy.data, filters.data, gx.data, geometry.packed));
  return gx;
}

/**
 * Gradient of an ordinary convolution to its filters: `gw = Σ x · gy`.
 *
 * @param gy          [n, ho, wo, co], float32
 * @param x           the activations of the forward pass, [n, h, w, ci]
 * @param filterShape [co, kh, kw, ci / groups]
 * @throws {AdderNetError} as conv2d, and ERR_SHAPE if gy is not of the output's shape
 */
export function conv2dGradFilter(gy: Tensor, x: Tensor, filterShape: Shape, options: ConvOptions & OutOption = {}): Tensor {
  const op = 'conv2dGradFilter';
  checkOptions(op, options, names);
  checkFloats(op, { gy, x });
  const geometry = geometryOf(op, gy, x.shape, filterShape, options);
  const gw = outputTensor(op, options.out, filterShape, [gy, x]);
  rethrow(() => native().conv2dGradFilter(gy.data, x.data, gw.data, geometry.packed));
  return gw;
}

function checkFloats(op: string, tensors: Record<string, Tensor>): void {
  for (const [name, tensor] of Object.entries(tensors)) checkFloat(op, name, tensor);
}

function geometryOf(op: string, gy: Tensor, x: Shape, filters: Shape, options: ConvOptions): ConvGeometry {
  const geometry = convGeometry(op, x, filters, options);
  checkShapeIs(op, 'gy', gy, geometry.output);
  return geometry;
}

function isSign(op: string, gradient: string | undefined, other: string): boolean {
  if (gradient !== undefined && gradient !== other && gradient !== 'sign')
    throw new AdderNetError('ERR_ARGUMENT', `${op}: gradient is '${gradient}', expected '${other}' or 'sign'`);
  return gradient === 'sign';
}
