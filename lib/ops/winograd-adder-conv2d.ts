// Winograd adder convolutions and their gradients: 3x3 windows at stride 1, four pairs for each output and channel where a window has nine.
import { native, type QuantizedArray, rethrow } from '../binding';
import { optionNames } from '../options';
import type { ConvGeometry, Padding } from '../shape';
import { Tensor } from '../tensor';
import { checkBias, checkFloat, checkShapeIs, type OutOption, outputTensor } from './out';
import { type WinogradIntegerOptions, winogradAdderConv2dInteger } from './winograd-adder-conv2d-integer';
import { checkWinogradOptions, winogradGeometry } from './winograd-geometry';

/** What the gradients of `winogradAdderConv2d` take. */
export interface WinogradOptions extends OutOption {
  /** Rows and columns of zeros added on each side, [top, left, bottom, right] where the sides differ. Default 0. */
  padding?: Padding | undefined;
}

/** What `winogradAdderConv2d` takes. */
export interface WinogradConvolutionOptions extends WinogradOptions {
  /** Added to each output channel, [co]. */
  bias?: Tensor | undefined;
}

const gradNames = optionNames<WinogradOptions>({ padding: true, out: true });
const names = [...gradNames, ...optionNames<Pick<WinogradConvolutionOptions, 'bias'>>({ bias: true })];

/**
 * Winograd adder convolution, F(2x2, 3x3) (Li et al., "Winograd Algorithm for AdderNet", ICML 2021): a network of its own, not a faster way to
 * the numbers of {@link adderConv2d}, since L1 does not distribute over the transforms.
 *
 * Tiles `d` of 4x4 pixels, two apart, become 2x2 outputs: `V = Bᵀ d B`, `S[i,j,co] = −Σ_ci |V[i,j,ci] − U[i,j,co,ci]|`, `z = Aᵀ S A`,
 * with the balanced matrices `Bᵀ = [1 0 −1 0; 0 1 1 0; 0 −1 1 0; 0 1 0 −1]` and `Aᵀ = [−1 1 1 0; 0 1 −1 1]`. The windows are 3x3 at stride 1;
 * padding reads zeros, which are transformed like everything.
 *
 * Outputs are centered over the channels of a pixel, `y[co] = z[co] − mean(z) + bias[co]`, which is not in the paper: how far a tile is from all
 * filters says nothing about any of them, differs between the outputs of a tile, and slows down training. So they are of either sign,
 * and a single channel is 0.
 *
 * In float32, errors are about 2e-6 of what is added up, which is more than the output: five sums less four, less the mean. A NaN makes all
 * channels of the outputs NaN that read its position of a tile; an infinity may.
 *
 * In uint8 and int16 the result is exact in int32; padding reads `padValue`, and there is no bias, but `constants` for each output of a tile.
 * The V of bytes, −510 to 1020, become bytes again at each position p: `V' = clamp((V + offsets[p]) >> shifts[p], 0, 255)`, and
 * `z = Aᵀ (S[p] · 2^shifts[p]) A + constants`, centered by `⌊mean(z) + ½⌋`. x of int16 has 13 bits and sign, −8192 to 8191, so that int16
 * holds V, and nothing but the mean is rounded. There are at most 467,861 channels of bytes, half of that for each shift, and 1,820 of int16.
 *
 * @param x       activations [n, h, w, ci], float32, uint8 or int16
 * @param filters U, [4, 4, co, ci], of the same dtype
 * @returns       [n, ho, wo, co], float32 or int32, with ho = top + h + bottom − 2
 * @throws {AdderNetError} ERR_SHAPE if the shapes do not fit; ERR_DTYPE if a tensor is of another dtype; ERR_ARGUMENT if an option is unknown
 *   or out of range, x of int16 holds more than 13 bits, memory is detached, or `out` overlaps an input; ERR_MEMORY if working memory runs out
 */
export function winogradAdderConv2d(x: Tensor, filters: Tensor, options?: WinogradConvolutionOptions): Tensor;
export function winogradAdderConv2d<Q extends QuantizedArray>(
  x: Tensor<Q>,
  filters: Tensor<Q>,
  options?: WinogradIntegerOptions,
): Tensor<Int32Array>;
export function winogradAdderConv2d(
  x: Tensor | Tensor<QuantizedArray>,
  filters: Tensor | Tensor<QuantizedArray>,
  options: WinogradConvolutionOptions | WinogradIntegerOptions = {},
): Tensor | Tensor<Int32Array> {
  if (isQuantized(x)) return winogradAdderConv2dInteger(x, filters as Tensor<QuantizedArray>, options as WinogradIntegerOptions);
  return winogradAdderConv2dFloat(x, filters as Tensor, options as WinogradConvolutionOptions);
}

const isQuantized = (x: Tensor | Tensor<QuantizedArray>): x is Tensor<QuantizedArray> =>
  x instanceof Tensor && (x.dtype === 'u8' || x.dtype === 'i16');

function winogradAdderConv2dFloat(x: Tensor, filters: Tensor, options: WinogradConvolutionOptions): Tensor {
  const op = 'winogradAdderConv2d';
  checkWinogradOptions(op, options, names);
  checkFloat(op, 'x', x);
  checkFloat(op, 'filters', filters);
  const geometry = winogradGeometry(op, x.shape, filters.shape, options);
  checkBias(op, options.bias, geometry.output[3]);
  const y = outputTensor(op, options.out, geometry.output, options.bias ? [x, filters, options.bias] : [x, filters]);
  rethrow(() => native().winogradAdderConv2d(x.data, filters.data, options.bias?.data, y.data, geometry.packed));
  return y;
}

/**
 * Gradient of a Winograd adder convolution to its input, by the rule of adder layers in the transformed domain:
 *
 * `gS = A (gy − mean_co gy) Aᵀ`, `gV[i,j,ci] = Σ_co gS · clamp(U − V, −1, 1)`, `gx = Σ B gV Bᵀ` over the tiles that hold the input. What falls
 * on padding is dropped.
 *
 * @param gy      gradient to the output, [n, ho, wo, co], float32
 * @param x       the activations of the forward pass, [n, h, w, ci]
 * @param filters U, [4, 4, co, ci]
 * @returns       [n, h, w, ci]
 * @throws {AdderNetError} as {@link winogradAdderConv2d}, and ERR_SHAPE if gy is not of the output's shape
 */
export function winogradAdderConv2dGradInput(gy: Tensor, x: Tensor, filters: Tensor, options: WinogradOptions = {}): Tensor {
  const op = 'winogradAdderConv2dGradInput';
  const geometry = gradientGeometry(op, gy, x, filters, options);
  const gx = outputTensor(op, options.out, x.shape, [gy, x, filters]);
  rethrow(() => native().winogradAdderConv2dGradInput(gy.data, x.data, filters.data, gx.data, geometry.packed));
  return gx;
}

/**
 * Gradient of a Winograd adder convolution to its filters: `gU[i,j,co,ci] = Σ gS · (V − U)` over all tiles, gS as there.
 *
 * Shapes and errors as {@link winogradAdderConv2dGradInput}.
 * @returns [4, 4, co, ci]
 */
export function winogradAdderConv2dGradFilter(gy: Tensor, x: Tensor, filters: Tensor, options: WinogradOptions = {}): Tensor {
  const op = 'winogradAdderConv2dGradFilter';
  const geometry = gradientGeometry(op, gy, x, filters, options);
  const gu = outputTensor(op, options.out, filters.shape, [gy, x, filters]);
  rethrow(() => native().winogradAdderConv2dGradFilter(gy.data, x.data, filters.data, gu.data, geometry.packed));
  return gu;
}

function gradientGeometry(op: string, gy: Tensor, x: Tensor, filters: Tensor, options: WinogradOptions): ConvGeometry {
  checkWinogradOptions(op, options, gradNames);
  for (const [name, tensor] of Object.entries({ gy, x, filters })) checkFloat(op, name, tensor);
  const geometry = winogradGeometry(op, x.shape, filters.shape, options);
  checkShapeIs(op, 'gy', gy, geometry.output);
  return geometry;
}
