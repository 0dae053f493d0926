// Tensors described as PyTorch does: element (i, j, ...) lies at offset + i * strides[0] + j * strides[1] + ... of a storage, in elements.
// Several may share a storage, in any order of axes; what leaves here is row-major.
import { AdderNetError } from '../errors';
import type { Shape } from '../shape';
import { type DType, Tensor, type TensorData } from '../tensor';
import { checkSizes, zerosLike } from './payload';

/** A run of numbers in a file, known by its key. */
export class Storage {
  constructor(
    readonly key: string,
    readonly dtype: DType,
    /** How many there are. */
    readonly elements: number,
  ) {}
}

export class StridedTensor {
  constructor(
    readonly storage: Storage,
    readonly offset: number,
    readonly shape: Shape,
    readonly strides: Shape,
  ) {}

  /** The same elements with the axes in another order. */
  permute(axes: readonly number[]): StridedTensor {
    return new StridedTensor(
      this.storage,
      this.offset,
      axes.map((axis) => this.shape[axis]!),
      axes.map((axis) => this.strides[axis]!),
    );
  }

  /** Whether the elements lie in row-major order without gaps. The stride of an axis of size 1 is never used. */
  isContiguous(): boolean {
    let expected = 1;
    for (let axis = this.shape.length - 1; axis >= 0; axis--) {
      if (this.shape[axis] !== 1 && this.strides[axis] !== expected) return false;
      expected *= this.shape[axis]!;
    }
    return true;
  }
}

/** PyTorch's own limit. */
const highestRank = 64;

/**
 * Checks what a file claims about a tensor, so that no element lies outside the storage.
 * @param what the file and the tensor in it, for messages
 * @throws {AdderNetError} ERR_CORRUPT, or ERR_FORMAT if it has no elements, or more than its storage (an expanded view)
 */
export function checkStrided(what: string, { storage, offset, shape, strides }: StridedTensor): void {
  if (shape.length > highestRank || strides.length !== shape.length)
    throw new AdderNetError('ERR_CORRUPT', `${what}: has ${shape.length} sizes and ${strides.length} strides`);
  const elements = checkSizes(what, shape);
  if (![offset, ...strides].every((value) => Number.isSafeInteger(value) && value >= 0))
    throw new AdderNetError('ERR_CORRUPT', `${what}: the offset and strides are not counts of elements`);
  const last = shape.reduce((index, size, axis) => index + (size - 1) * strides[axis]!, offset);
  if (last >= storage.elements)
    throw new AdderNetError('ERR_CORRUPT', `${what}: reaches element ${last} of a storage that has ${storage.elements}`);
  if (elements > storage.elements)
    throw new AdderNetError(
      'ERR_FORMAT',
      `${what} has ${elements} elements over a storage of ${storage.elements}: save it with .contiguous(), an expanded view is not supported`,
    );
}

/**
 * @param elements of the storage
 * @param tensor   that checkStrided has passed
 * @returns a view of `elements` if the tensor is contiguous, else a copy
 */
export function gather(elements: TensorData, tensor: StridedTensor): Tensor<TensorData> {
  const { offset, shape, strides } = tensor;
  const count = shape.reduce((product, size) => product * size, 1);
  const tensorShape = shape.length === 0 ? [1] : shape;
  if (tensor.isContiguous()) return new Tensor(elements.subarray(offset, offset + count), tensorShape);

  const out = zerosLike(elements, count);
  // Both arrays have the same type of element; naming one keeps numbers and bigints apart for the compiler.
  const [to, from] = [out as Float32Array, elements as Float32Array];
  const index = shape.map(() => 0);
  let source = offset;
  for (let i = 0; i < count; i++) {
    to[i] = from[source]!;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      source += strides[axis]!;
      index[axis]!++;
      if (index[axis]! < shape[axis]!) break;
      source -= shape[axis]! * strides[axis]!;
      index[axis] = 0;
    }
  }
  return new Tensor(out, tensorShape);
}
