// Converts the numbers in a file to a tensor. Files and all supported platforms are little-endian, so an aligned payload is not copied. Typed
// arrays must be aligned, so any other payload is copied.
import { AdderNetError } from '../errors';
import { elementCount, type Shape, shapeText } from '../shape';
import { type ArrayOf, arrayConstructors, type DType, Tensor, type TensorData } from '../tensor';
import { widenBfloats, widenHalves } from './half';

/** The types of numbers in a file: those of tensors, and others that are widened: f16 and bf16 to f32, bool to u8, u16 to i32, u32 to i64. */
export type FileType = DType | 'f16' | 'bf16' | 'bool' | 'u16' | 'u32';

const fileArrays = { ...arrayConstructors, f16: Uint16Array, bf16: Uint16Array, bool: Uint8Array, u16: Uint16Array, u32: Uint32Array };

/** The names of all types. */
export const fileTypes = Object.keys(fileArrays) as readonly FileType[];

export const elementBytes = (type: FileType): number => fileArrays[type].BYTES_PER_ELEMENT;

/** A view if `bytes` are aligned to the element, otherwise a copy. Widened types are always copied, except bool. */
export function elementsOf(bytes: Uint8Array, type: FileType): TensorData {
  const aligned = bytes.byteOffset % elementBytes(type) === 0 ? bytes : new Uint8Array(bytes);
  const elements = new fileArrays[type](aligned.buffer as ArrayBuffer, aligned.byteOffset, aligned.length / elementBytes(type));
  if (elements instanceof Uint16Array)
    return type === 'f16' ? widenHalves(elements) : type === 'bf16' ? widenBfloats(elements) : new Int32Array(elements);
  return elements instanceof Uint32Array ? widenUnsigned(elements) : elements;
}

/** Without a BigInt for each of them: the low halves of 64 bits. */
function widenUnsigned(elements: Uint32Array): BigInt64Array<ArrayBuffer> {
  const halves = new Uint32Array(2 * elements.length);
  for (let i = 0; i < elements.length; i++) halves[2 * i] = elements[i]!;
  return new BigInt64Array(halves.buffer);
}

const widenedBytes: Readonly<Partial<Record<FileType, number>>> = { f16: 4, bf16: 4, u16: 4, u32: 8 };

/** How many bytes elementsOf copies. */
export function copiedBytes(bytes: Uint8Array, type: FileType): number {
  const isAligned = bytes.byteOffset % elementBytes(type) === 0;
  return (isAligned ? 0 : bytes.length) + (bytes.length / elementBytes(type)) * (widenedBytes[type] ?? 0);
}

/** Zeros in an array of the same type. */
export const zerosLike = (elements: TensorData, length: number): TensorData =>
  new (elements.constructor as new (length: number) => ArrayOf<DType>)(length);

/** The limit of PyTorch and NumPy. */
export const maxRank = 64;

/**
 * Checks the shape that a file claims.
 * @param what the file and the tensor in it, for messages
 * @returns the number of elements
 * @throws {AdderNetError} ERR_CORRUPT if it is not a list of sizes, they are too many, or their product exceeds 2^53; ERR_FORMAT if the product
 *   is 0, which a Tensor does not allow
 */
export function checkSizes(what: string, shape: unknown): number {
  if (!Array.isArray(shape) || !shape.every((size) => Number.isSafeInteger(size) && size >= 0))
    throw new AdderNetError('ERR_CORRUPT', `${what}: the shape is not a list of sizes`);
  if (shape.length > maxRank) throw new AdderNetError('ERR_CORRUPT', `${what} has ${shape.length} sizes, expected at most ${maxRank}`);
  const elements = elementCount(shape);
  if (elements === 0)
    throw new AdderNetError('ERR_FORMAT', `${what} has shape ${shapeText(shape)}: tensors without elements are not supported`);
  if (!Number.isSafeInteger(elements))
    throw new AdderNetError('ERR_CORRUPT', `${what} has shape ${shapeText(shape)}: more elements than a file can hold`);
  return elements;
}

/**
 * A tensor over a payload, whose length must match the shape exactly. A scalar, shape [], becomes [1].
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
