// The input of a network, over HTTP and gRPC: normalized FP32 values, or UINT8 pixels, which are normalized here.
import { normalize } from '../data/normalize';
import type { ModelMetadata } from '../models';
import { Tensor } from '../tensor';
import { badRequest, HttpError } from './http-error';
import { valueText } from './request-json';

export const inputName = 'input';
export const outputName = 'logits';

export interface InputDescription {
  /** [n,h,w,c] */
  readonly shape: readonly number[];
  readonly datatype: 'FP32' | 'UINT8';
}

/**
 * @param maxImages the largest n
 * @throws {HttpError} 400 unless the description fits the input of the network, with n at least 1; 413 if n is above `maxImages`
 */
export function checkInput(
  { name, shape, datatype }: { name: unknown; shape: unknown; datatype: unknown },
  { inputShape }: ModelMetadata,
  maxImages: number,
): InputDescription {
  if (name !== inputName) throw badRequest(`inputs[0].name is ${valueText(name)}, expected '${inputName}'`);
  if (
    !Array.isArray(shape) ||
    shape.length !== 4 ||
    !(Number.isSafeInteger(shape[0]) && shape[0] > 0) ||
    inputShape.some((size, i) => size !== shape[i + 1])
  )
    throw badRequest(`inputs[0].shape is ${valueText(shape)}, expected [n,${inputShape}], n at least 1`);
  checkImageCount(shape[0], maxImages);
  if (datatype !== 'FP32' && datatype !== 'UINT8')
    throw badRequest(`inputs[0].datatype is ${valueText(datatype)}, expected 'FP32' or 'UINT8'`);
  return { shape, datatype };
}

/**
 * @param bound 'at least ' if there may be more
 * @throws {HttpError} 413 if the queue can never hold the images of a request
 */
export function checkImageCount(images: number, maxImages: number, bound = ''): void {
  if (images > maxImages)
    throw new HttpError(
      413,
      `the request has ${bound}${images} images, but at most ${maxImages} may wait (--max-queue): split it into smaller requests`,
    );
}

/** @param pixels one for each element of the shape */
export function pixelInput(pixels: Uint8Array, shape: readonly number[], { normalization: { mean, std } }: ModelMetadata): Tensor {
  return normalize(new Tensor(new Uint8Array(pixels), shape), mean, std);
}

/**
 * @param values one for each element of the shape
 * @throws {HttpError} 400 if a value is not finite: a quantized network would fail the whole batch because of it
 */
export function floatInput(values: Float32Array, shape: readonly number[]): Tensor {
  // A plain loop, because this runs for every number of every request.
  for (let i = 0; i < values.length; i++)
    if (!Number.isFinite(values[i])) throw badRequest(`inputs[0].data[${i}] is ${values[i]}, expected finite numbers`);
  return new Tensor(values, shape);
}

/** Copies, because the offset in the body may not be a multiple of four. Assumes little-endian, as on every supported platform. */
export const floatsOf = ({ buffer, byteOffset, byteLength }: Uint8Array): Float32Array =>
  new Float32Array(buffer.slice(byteOffset, byteOffset + byteLength));

/** @throws {HttpError} 400 if a value is not an integer from 0 to 255 */
export function bytesOf(values: ArrayLike<number>): Uint8Array {
  const wrong = Array.prototype.findIndex.call(values, (value) => !(Number.isInteger(value) && value >= 0 && value <= 255));
  if (wrong >= 0) throw badRequest(`inputs[0].data[${wrong}] is ${values[wrong]}, expected an integer from 0 to 255`);
  return Uint8Array.from(values);
}
