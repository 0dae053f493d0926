// Where an operation writes: a tensor of the caller's, so that steady work allocates nothing, or a new one.

import { AdderNetError } from '../errors';
import { optionNames } from '../options';
import { shown } from '../quoted';
import { type Shape, shapeText } from '../shape';
import { type ArrayOf, checkBuffer, type DType, Tensor, type TensorData } from '../tensor';

/** Where an operation writes. */
export interface OutOption<A extends TensorData = Float32Array> {
  /** A tensor to write the result into, instead of a new one. It may not overlap an input, unless the operation says so. */
  out?: Tensor<A> | undefined;
}

/** Of operations that have no other option. */
export const outNames = optionNames<OutOption>({ out: true });

/** @throws {AdderNetError} ERR_DTYPE unless `tensor` is a float32 tensor, ERR_ARGUMENT if its memory was detached */
export function checkFloat(op: string, name: string, tensor: Tensor): void {
  checkDType(op, name, tensor, 'f32');
}

/** @throws {AdderNetError} ERR_DTYPE unless `tensor` is a tensor of this dtype, ERR_ARGUMENT if its memory was detached */
export function checkDType(op: string, name: string, tensor: Tensor<TensorData>, dtype: DType): void {
  if (!(tensor instanceof Tensor)) throw new AdderNetError('ERR_ARGUMENT', `${op}: ${name} is not a Tensor, but ${describe(tensor)}`);
  if (tensor.dtype !== dtype) throw new AdderNetError('ERR_DTYPE', `${op}: ${name} has dtype ${tensor.dtype}, expected ${dtype}`);
  checkBuffer(tensor.data, `${op}: ${name}`);
}

/** @throws {AdderNetError} ERR_SHAPE unless the tensor has this shape */
export function checkShapeIs(op: string, name: string, tensor: Tensor<TensorData>, shape: Shape): void {
  if (tensor.shape.length !== shape.length || tensor.shape.some((size, i) => size !== shape[i]))
    throw new AdderNetError('ERR_SHAPE', `${op}: ${name} has shape ${shapeText(tensor.shape)}, expected ${shapeText(shape)}`);
}

/** @throws {AdderNetError} ERR_DTYPE or ERR_SHAPE unless the bias is a float32 tensor with a number for each of so many channels, or absent */
export function checkBias(op: string, bias: Tensor | undefined, channels: number): void {
  if (bias === undefined) return;
  checkFloat(op, 'bias', bias);
  checkShapeIs(op, 'bias', bias, [channels]);
}

/** Channels of a tensor that has them on its last axis. */
export function channelsOf(op: string, name: string, tensor: Tensor): number {
  const channels = tensor.shape.at(-1);
  if (channels === undefined)
    throw new AdderNetError('ERR_SHAPE', `${op}: ${name} has shape ${shapeText(tensor.shape)}, expected channels on the last axis`);
  return channels;
}

/** @throws {AdderNetError} ERR_ARGUMENT unless `value` is a finite number for which `good` holds */
export function checkNumber(op: string, name: string, value: number, good: (value: number) => boolean, expected: string): void {
  if (!Number.isFinite(value) || !good(value))
    throw new AdderNetError('ERR_ARGUMENT', `${op}: ${name} is ${shown(value)}, expected ${expected}`);
}

/**
 * The tensor to write to.
 * @param apart tensors whose memory it may not touch
 * @param same  inputs whose memory it may be, though it may not overlap them in part
 * @throws {AdderNetError} ERR_SHAPE, ERR_DTYPE; ERR_ARGUMENT if it overlaps one of them
 */
export function outputTensor<D extends DType = 'f32'>(
  op: string,
  out: Tensor<ArrayOf<D>> | undefined,
  shape: Shape,
  apart: readonly Tensor<TensorData>[],
  same: readonly Tensor[] = [],
  name = 'out',
  dtype: D = 'f32' as D,
): Tensor<ArrayOf<D>> {
  if (out === undefined) return Tensor.zeros(shape, dtype);
  checkDType(op, name, out, dtype);
  checkShapeIs(op, name, out, shape);
  if (
    apart.some((input) => overlap(out, input)) ||
    same.some((input) => overlap(out, input) && out.data.byteOffset !== input.data.byteOffset)
  )
    throw new AdderNetError('ERR_ARGUMENT', `${op}: ${name} overlaps the memory of another tensor; give it memory of its own`);
  return out;
}

function overlap({ data: a }: Tensor<TensorData>, { data: b }: Tensor<TensorData>): boolean {
  return a.buffer === b.buffer && a.byteOffset < b.byteOffset + b.byteLength && b.byteOffset < a.byteOffset + a.byteLength;
}

function describe(value: unknown): string {
  return value === null || typeof value !== 'object' ? String(value) : (value.constructor?.name ?? 'an object');
}
