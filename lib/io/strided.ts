// Strided views of an array, as in PyTorch and NumPy: element (i, j, ...) is at offset + i * strides[0] + j * strides[1] + ..., in elements.
// Several views may share an array, with any order of axes. The resulting tensors are row-major.
import { AdderNetError } from '../errors';
import type { Shape } from '../shape';
import { Tensor, type TensorData } from '../tensor';
import { checkSizes, maxRank, zerosLike } from './payload';

export class StridedView {
  constructor(
    readonly offset: number,
    readonly shape: Shape,
    readonly strides: Shape,
  ) {}

  /** All elements of an array, the last axis contiguous. */
  static rowMajor(shape: Shape): StridedView {
    let stride = 1;
    const strides = shape.map(() => 0);
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      strides[axis] = stride;
      stride *= shape[axis]!;
    }
    return new StridedView(0, shape, strides);
  }

  /** The same elements with the axes in another order. */
  permute(axes: readonly number[]): StridedView {
    return new StridedView(
      this.offset,
      axes.map((axis) => this.shape[axis]!),
      axes.map((axis) => this.strides[axis]!),
    );
  }

  /** Whether the elements are in row-major order without gaps. The stride of an axis of size 1 does not matter. */
  isContiguous(): boolean {
    const { strides } = StridedView.rowMajor(this.shape);
    return this.shape.every((size, axis) => size === 1 || this.strides[axis] === strides[axis]);
  }
}

/**
 * Checks the view that a file describes, so that no element is outside the array.
 * @param what      the file and the tensor in it, for messages
 * @param available how many elements the array has
 * @throws {AdderNetError} ERR_CORRUPT, or ERR_FORMAT if it has no elements
 */
export function checkView(what: string, { offset, shape, strides }: StridedView, available: number): void {
  if (shape.length > maxRank || strides.length !== shape.length)
    throw new AdderNetError('ERR_CORRUPT', `${what}: has ${shape.length} sizes and ${strides.length} strides`);
  checkSizes(what, shape);
  if (![offset, ...strides].every((value) => Number.isSafeInteger(value) && value >= 0))
    throw new AdderNetError('ERR_CORRUPT', `${what}: the offset and strides are not counts of elements`);
  const last = shape.reduce((index, size, axis) => index + (size - 1) * strides[axis]!, offset);
  if (last >= available) throw new AdderNetError('ERR_CORRUPT', `${what}: reaches element ${last} of a storage that has ${available}`);
}

/**
 * @param elements the array
 * @param view     a view that has passed checkView
 * @returns a view of `elements` if the tensor is contiguous, else a copy
 */
export function gather(elements: TensorData, view: StridedView): Tensor<TensorData> {
  const { offset, shape, strides } = view;
  const count = shape.reduce((product, size) => product * size, 1);
  const tensorShape = shape.length === 0 ? [1] : shape;
  if (view.isContiguous()) return new Tensor(elements.subarray(offset, offset + count), tensorShape);

  const out = zerosLike(elements, count);
  // Both arrays have the same element type. The casts keep the compiler from mixing numbers and bigints.
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

/** This order of axes turns PyTorch's filters [co,ci/g,kh,kw] into this package's [co,kh,kw,ci/g]. */
export const filterAxes = [0, 2, 3, 1] as const;
