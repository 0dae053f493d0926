// Exact quantization of adder networks: some images show the ranges of values, and the rest is arithmetic (quantizer.ts).

import { BatchLoader } from '../data/batch-loader';
import { checkDataset, type Dataset } from '../data/dataset';
import { normalize } from '../data/normalize';
import { AdderNetError } from '../errors';
import { checkGraphFinite, fuse, maxBits, minBits, type QuantizedRange, quantizedRange, trace } from '../graph';
import { clamp, roundHalfEven } from '../graph/rounding';
import { checkFinite } from '../layers/state';
import type { Model } from '../models';
import { checkModel } from '../models/model';
import { checkOptions, optionNames } from '../options';
import { shown } from '../quoted';
import { shapeText } from '../shape';
import { Tensor } from '../tensor';
import { calibrate, type Range } from './calibrate';
import { QuantizedModel } from './quantized-model';
import { integerConvolutions, isAdder, isWinograd, type Quantization, Quantizer } from './quantizer';
import { WinogradTiles } from './winograd-tiles';

/** Bits of what Winograd layers read at most: four such numbers add up to what int16 holds. */
const maxWinogradBits = 13;

/** Options of `quantize`. */
export interface QuantizeOptions {
  /**
   * Bits of activations and filters, 2 to 16: integers of one byte up to 8 bits, of two bytes from 9 on. Networks with Winograd layers have 13 at
   * most, more are taken for 13: their transforms of 13 bits take 16. Default 8.
   */
  bits?: number | undefined;
  /**
   * Where activations are clipped: 'max' at the maximum of the calibration, a number above 0 and up to 1 at this quantile of all activations.
   * 'auto': the maximum from 7 bits on, 0.9997 at 6 and 5, 0.999 below. Default 'auto'.
   */
  range?: 'auto' | 'max' | number | undefined;
  /** Number of images of a dataset for the calibration; a tensor is used whole. Default 512. */
  calibration?: number | undefined;
}
const names = optionNames<QuantizeOptions>({ bits: true, range: true, calibration: true });

/**
 * Makes a copy of an adder network that computes in integers between its adder layers. Ordinary layers stay in float32, except, with 8 bits, the
 * first layer of a network of images, which multiplies bytes.
 *
 * 8 bits are the fastest and the smallest; 16 are as accurate as floats, at half their size.
 *
 * @param images for the calibration, of the kind that the network will see: a dataset, whose first images are used, or [n,h,w,c], bytes or
 *   normalized floats
 * @throws {AdderNetError} as a rejection: ERR_ARGUMENT if an option is unknown, out of range or does not apply, the network is no Model or has no
 *   adder layer, or a weight, a pixel or a value that the network computes of them is not finite; ERR_SHAPE if the images do not have its input
 *   shape; ERR_DTYPE if they are neither bytes nor floats
 */
export async function quantize(
  model: Model,
  images: Dataset | Tensor | Tensor<Uint8Array>,
  options: QuantizeOptions = {},
): Promise<QuantizedModel> {
  checkOptions('quantize', options, names);
  if ((model as unknown) instanceof QuantizedModel)
    throw new AdderNetError('ERR_ARGUMENT', `quantize: ${model.name} is quantized already: take the float network it was made of`);
  checkModel('quantize', model);
  const state = model.stateDict();
  checkFinite('quantize', state);
  const { bits: asked = 8, range = 'auto' } = options;
  if (!Number.isInteger(asked) || asked < minBits || asked > maxBits)
    throw new AdderNetError('ERR_ARGUMENT', `quantize: bits is ${shown(asked)}, expected an integer from ${minBits} to ${maxBits}`);
  const quantile = quantileOf(range, asked);
  const graph = fuse(trace(model, model.inputShape));
  checkGraphFinite('quantize', graph, state);
  const winograd = graph.nodes.filter(isWinograd);
  const bits = winograd.length > 0 ? Math.min(asked, maxWinogradBits) : asked;
  const integers = quantizedRange(bits);
  if (!graph.nodes.some(isAdder)) throw new AdderNetError('ERR_ARGUMENT', `quantize: ${model.name} has no adder layer`);
  const inputs = new Set(integerConvolutions(graph, integers).map(({ x }) => x.id));
  const seen = await normalized(model, images, options.calibration);
  const tiles = new Map(integers.dtype === 'u8' ? winograd.map((node) => [node, new WinogradTiles(node, seen.shape[0]!)]) : []);
  const ranges = calibrate(graph, inputs, seen, state, tiles);
  const quantizations = new Map([...ranges].map(([id, range]) => [id, quantizationOf(range, quantile, integers)]));
  const quantized = new Quantizer(graph, quantizations, integers, tiles).graph();
  checkGraphFinite('quantize', quantized);
  return new QuantizedModel(model.metadata, bits, quantized);
}

function quantileOf(range: QuantizeOptions['range'], bits: number): number {
  if (range === 'max') return 1;
  if (range === 'auto') return bits >= 7 ? 1 : bits >= 5 ? 0.9997 : 0.999;
  if (typeof range === 'number' && range > 0 && range <= 1) return range;
  throw new AdderNetError('ERR_ARGUMENT', `quantize: range is ${shown(range)}, expected 'auto', 'max' or a number above 0 and up to 1`);
}

/** An integer stands for 0 exactly, so that padding and the zeros of a ReLU are exact. */
function quantizationOf(range: Range, quantile: number, { qmin, qmax }: QuantizedRange): Quantization {
  const low = range.min;
  const scale = Math.fround(Math.max(range.quantile(quantile) - low, Number.MIN_VALUE) / (qmax - qmin)) || 1;
  return { scale, zeroPoint: clamp(roundHalfEven(-low / scale) + qmin, qmin, qmax) };
}

async function normalized(model: Model, images: Dataset | Tensor | Tensor<Uint8Array>, calibration: number | undefined): Promise<Tensor> {
  const { normalization, inputShape } = model;
  if (!(images instanceof Tensor)) {
    checkDataset('quantize', images);
    const { imageShape, length, name } = images;
    if (shapeText(imageShape) !== shapeText(inputShape))
      throw new AdderNetError('ERR_SHAPE', `quantize: ${name} has images ${shapeText(imageShape)}, expected ${shapeText(inputShape)}`);
    const limit = Math.min(calibration ?? 512, length);
    if (!Number.isInteger(limit) || limit < 1)
      throw new AdderNetError('ERR_ARGUMENT', `quantize: calibration is ${shown(calibration)}, expected a positive integer`);
    const { x } = await new BatchLoader(images, { batch: limit, limit, normalization }).load(0, 0);
    return x;
  }
  if (calibration !== undefined)
    throw new AdderNetError(
      'ERR_ARGUMENT',
      'quantize: calibration counts images of a data set, but images are a tensor: pass fewer of them',
    );
  if (images.shape.length !== 4 || inputShape.some((size, i) => images.shape[i + 1] !== size))
    throw new AdderNetError('ERR_SHAPE', `quantize: images have shape [${images.shape}], expected [n,${inputShape}]`);
  if (isBytes(images)) return normalize(images, normalization.mean, normalization.std);
  if (images.dtype !== 'f32')
    throw new AdderNetError(
      'ERR_DTYPE',
      `quantize: images have dtype ${(images as Tensor).dtype}, expected u8, or f32 where they are normalized`,
    );
  if (!images.data.every(Number.isFinite)) throw new AdderNetError('ERR_ARGUMENT', 'quantize: an image holds a number that is not finite');
  return images;
}

const isBytes = (tensor: Tensor | Tensor<Uint8Array>): tensor is Tensor<Uint8Array> => tensor.dtype === 'u8';
