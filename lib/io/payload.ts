// The numbers in a file as a tensor. Files hold them little-endian and so does every platform this package is built for, so an aligned
// payload is viewed where it lies; typed arrays cannot start at an odd address, so any other is copied.
import { AdderNetError } from '../errors';
import { elementCount, type Shape, shapeText } from '../shape';
import { type ArrayOf, arrayConstructors, type DType, Tensor, type TensorData } from '../tensor';
import { widenHalves } from './half';

/** Elements of a file: those of tensors, and halves, which become f32. */
export type FileType = DType | 'f16';

const constructorOf = (type: FileType) => (type === 'f16' ? Uint16Array : arrayConstructors[type]);

export const elementBytes = (type: FileType): number => constructorOf(type).BYTES_PER_ELEMENT;

/** A view where `bytes` are aligned to the element, else a copy; of halves always a copy. */
export function elementsOf(bytes: Uint8Array, type: FileType): TensorData {
  const aligned = bytes.byteOffset % elementBytes(type) === 0 ? bytes : new Uint8Array(bytes);
  const elements = new (constructorOf(type))(aligned.buffer as ArrayBuffer, aligned.byteOffset, aligned.length / elementBytes(type));
  return elements instanceof Uint16Array ? widenHalves(elements) : elements;
}

/** Zeros of the type of another array. */
export const zerosLike = (elements: TensorData, length: number): TensorData =>
  new (elements.constructor as new (length: number) => ArrayOf<DType>)(length);

/**
 * Checks sizes that a file claims.
 * @param what the file and the tensor in it, for messages
 * @returns the number of elements
 * @throws {AdderNetError} ERR_CORRUPT if they are not sizes or their product is beyond 2^53; ERR_FORMAT if it is 0, which no Tensor can be
 */
export function checkSizes(what: string, shape: unknown): number {
  if (!Array.isArray(shape) || !shape.every((size) => Number.isSafeInteger(size) && size >= 0))
    throw new AdderNetError('ERR_CORRUPT', `${what}: the shape is not a list of sizes`);
  const elements = elementCount(shape);
  if (elements === 0)
    throw new AdderNetError('ERR_FORMAT', `${what} has shape ${shapeText(shape)}: tensors without elements are not supported`);
  if (!Number.isSafeInteger(elements))
    throw new AdderNetError('ERR_CORRUPT', `${what} has shape ${shapeText(shape)}: more elements than a file can hold`);
  return elements;
}

/**
 * A tensor over a payload that must be exactly as long as the shape says. A scalar, shape [], becomes [1].
 * @throws {AdderNetError} ERR_CORRUPT, ERR_FORMAT
 */
export function payloadTensor(what: string, bytes: Uint8Array, type: FileType, shape: Shape): Tensor<TensorData> {
  const expected = checkSizes(what, shape) * elementBytes(type);
  if (bytes.length !== expected)
    throw new AdderNetError(
      'ERR_CORRUPT',
      `${what}: ${type} of shape ${shapeText(shape)} takes ${expected} bytes, but there are ${bytes.length}`,
    );
  return new Tensor(elementsOf(bytes, type), shape.length === 0 ? [1] : shape);
}
