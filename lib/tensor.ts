// A tensor is a typed array and a shape. JavaScript owns the memory; native code borrows it for the duration of one call.
// Activations are NHWC, filters [co][kh][kw][ci/groups].
import { AdderNetError } from './errors';
import { checkShape, elementCount, type Shape, shapeText } from './shape';

interface ArrayTypes {
  f32: Float32Array;
  f64: Float64Array;
  u8: Uint8Array;
  i8: Int8Array;
  i16: Int16Array;
  i32: Int32Array;
  i64: BigInt64Array;
}
export type DType = keyof ArrayTypes;
/** The typed array that holds a dtype: `ArrayOf<'f32'>` is `Float32Array`. */
export type ArrayOf<D extends DType> = ArrayTypes[D];
export type TensorData = ArrayOf<DType>;

export const arrayConstructors = {
  f32: Float32Array,
  f64: Float64Array,
  u8: Uint8Array,
  i8: Int8Array,
  i16: Int16Array,
  i32: Int32Array,
  i64: BigInt64Array,
} as const;

/** A typed array with a shape; row-major, the last axis contiguous. */
export class Tensor<A extends TensorData = Float32Array> {
  readonly data: A;
  readonly shape: Shape;

  /**
   * @param data  a typed array, which is not copied
   * @param shape sizes, each a positive integer, whose product is `data.length`
   * @throws {AdderNetError} ERR_SHAPE if the sizes do not multiply to the length; ERR_ARGUMENT if the memory is detached or resizable;
   *   ERR_DTYPE if `data` is not one of the typed arrays above
   */
  constructor(data: A, shape: Shape) {
    dtypeOf(data);
    checkBuffer(data);
    checkShape('shape', shape);
    if (elementCount(shape) !== data.length)
      throw new AdderNetError(
        'ERR_SHAPE',
        `Tensor: shape ${shapeText(shape)} has ${elementCount(shape)} elements, but data has ${data.length}`,
      );
    this.data = data;
    this.shape = Object.freeze([...shape]);
  }

  /** A tensor of zeros. */
  static zeros<D extends DType = 'f32'>(shape: Shape, dtype: D = 'f32' as D): Tensor<ArrayOf<D>> {
    checkShape('shape', shape);
    if (!Object.hasOwn(arrayConstructors, dtype))
      throw new AdderNetError(
        'ERR_DTYPE',
        `Tensor.zeros: dtype is '${dtype}', expected one of ${Object.keys(arrayConstructors).join(', ')}`,
      );
    const elements = elementCount(shape);
    try {
      return new Tensor(new arrayConstructors[dtype](elements) as TensorData as ArrayOf<D>, shape);
    } catch (cause) {
      if (!(cause instanceof RangeError)) throw cause;
      throw new AdderNetError(
        'ERR_MEMORY',
        `Tensor.zeros: ${elements} elements of ${dtype} for shape ${shapeText(shape)} do not fit in memory`,
        {
          cause,
        },
      );
    }
  }

  get dtype(): DType {
    return dtypeOf(this.data);
  }

  /** The number of elements. */
  get size(): number {
    return this.data.length;
  }

  /** A tensor over the same memory with another shape of the same size. */
  reshape(shape: Shape): Tensor<A> {
    return new Tensor(this.data, shape);
  }
}

const dtypesByArray = new Map(Object.entries(arrayConstructors).map(([dtype, { name }]) => [name, dtype as DType]));

const toStringTag = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(Uint8Array.prototype), Symbol.toStringTag)!.get!;

/** The name of a typed array's class, such as `Float32Array`; undefined for other values. Unlike instanceof, it works across realms (vm, Jest, Electron). */
export const typedArrayName = (value: unknown): string | undefined => toStringTag.call(value) as string | undefined;

function dtypeOf(data: TensorData): DType {
  const dtype = dtypesByArray.get(typedArrayName(data) ?? '');
  if (dtype) return dtype;
  const came = typedArrayName(data) ?? (data as object | null)?.constructor?.name ?? String(data);
  const remedy = came === 'Uint8ClampedArray' ? ': new Uint8Array(data.buffer, data.byteOffset, data.length) sees the same memory' : '';
  throw new AdderNetError('ERR_DTYPE', `Tensor: data is ${came}, expected one of ${[...dtypesByArray.keys()].join(', ')}${remedy}`);
}

/**
 * Rejects memory that can move or shrink during a native call: detached and resizable buffers.
 * @throws {AdderNetError} ERR_ARGUMENT
 */
export function checkBuffer(data: TensorData, name = 'Tensor: data'): void {
  const buffer = data.buffer as ArrayBufferLike & { resizable?: boolean; growable?: boolean };
  if (buffer.resizable || buffer.growable)
    throw new AdderNetError(
      'ERR_ARGUMENT',
      `${name} is in a resizable buffer, which may shrink during a native call: copy it with data.slice()`,
    );
  if (data.length === 0)
    throw new AdderNetError(
      'ERR_ARGUMENT',
      `${name} is empty: its buffer is detached (transferred to another thread?) or was created with length 0`,
    );
}

/** The first number that is not finite. (Typed arrays have `find`, which takes six times as long.) */
export function notFinite(data: TensorData): number | undefined {
  if (!typedArrayName(data)?.startsWith('Float')) return undefined;
  for (let i = 0; i < data.length; i++) if (!Number.isFinite(data[i])) return Number(data[i]);
  return undefined;
}
