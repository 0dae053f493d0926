// The one input of a network, however it came: FP32, as the network takes it, or UINT8, pixels that are normalized here.
import { normalize } from '../data/normalize';
import type { ModelMetadata } from '../models';
import { Tensor } from '../tensor';
import { badRequest } from './http-error';
import { quoted } from './request-json';

export const inputName = 'input';
export const outputName = 'logits';

export interface InputDescription {
  /** [n,h,w,c] */
  readonly shape: readonly number[];
  readonly datatype: 'FP32' | 'UINT8';
}

/** @throws {HttpError} 400 unless it is an input of the network, n at least 1 */
export function checkInput(
  { name, shape, datatype }: { name: unknown; shape: unknown; datatype: unknown },
  { inputShape }: ModelMetadata,
): InputDescription {
  if (name !== inputName) throw badRequest(`inputs[0].name is ${quoted(name)}, expected '${inputName}'`);
  if (
    !Array.isArray(shape) ||
    shape.length !== 4 ||
    !(Number.isSafeInteger(shape[0]) && shape[0] > 0) ||
    inputShape.some((size, i) => size !== shape[i + 1])
  )
    throw badRequest(`inputs[0].shape is ${quoted(shape)}, expected [n,${inputShape}], n at least 1`);
  if (datatype !== 'FP32' && datatype !== 'UINT8')
    throw badRequest(`inputs[0].datatype is ${quoted(datatype)}, expected 'FP32' or 'UINT8'`);
  return { shape, datatype };
}

/** @param pixels as many as the shape has */
export function pixelInput(pixels: Uint8Array, shape: readonly number[], { normalization: { mean, std } }: ModelMetadata): Tensor {
  return normalize(new Tensor(new Uint8Array(pixels), shape), mean, std);
}

/**
 * @param values as many as the shape has
 * @throws {HttpError} 400 if one is not finite: quantised networks refuse it, and would do so to the whole batch
 */
export function floatInput(values: Float32Array, shape: readonly number[]): Tensor {
  // In a loop, since this is done for every number of every request.
  for (let i = 0; i < values.length; i++)
    if (!Number.isFinite(values[i])) throw badRequest(`inputs[0].data[${i}] is ${values[i]}, expected finite numbers`);
  return new Tensor(values, shape);
}

/** A copy, since the place in the body may be no multiple of four; little-endian, as all machines that Node runs the kernels on. */
export const floatsOf = ({ buffer, byteOffset, byteLength }: Uint8Array): Float32Array =>
  new Float32Array(buffer.slice(byteOffset, byteOffset + byteLength));

/** @throws {HttpError} 400 at what is no byte */
export function bytesOf(values: ArrayLike<number>): Uint8Array {
  const wrong = Array.prototype.findIndex.call(values, (value) => !(Number.isInteger(value) && value >= 0 && value <= 255));
  if (wrong >= 0) throw badRequest(`inputs[0].data[${wrong}] is ${values[wrong]}, expected an integer from 0 to 255`);
  return Uint8Array.from(values);
}
