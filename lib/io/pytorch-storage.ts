// Storages are the arrays of numbers behind PyTorch's tensors. Several tensors may share a storage.

import type { TensorData } from '../tensor';
import { copiedBytes, elementBytes, elementsOf, type FileType, fileTypes } from './payload';

/** The names of types in PyTorch's storage classes and dtypes. Types that are not in fileTypes cannot be read. */
const types: readonly (readonly [storage: string, dtype: string, type: string, bytes: number])[] = [
  ['Float', 'float32', 'f32', 4],
  ['Double', 'float64', 'f64', 8],
  ['Half', 'float16', 'f16', 2],
  ['BFloat16', 'bfloat16', 'bf16', 2],
  ['Byte', 'uint8', 'u8', 1],
  ['Char', 'int8', 'i8', 1],
  ['Short', 'int16', 'i16', 2],
  ['Int', 'int32', 'i32', 4],
  ['Long', 'int64', 'i64', 8],
  ['Bool', 'bool', 'bool', 1],
  ['ComplexFloat', 'complex64', 'complex64', 8],
  ['ComplexDouble', 'complex128', 'complex128', 16],
  ['QInt8', 'qint8', 'qint8', 1],
  ['QUInt8', 'quint8', 'quint8', 1],
  ['QInt32', 'qint32', 'qint32', 4],
  ['QUInt4x2', 'quint4x2', 'quint4x2', 1],
  ['QUInt2x4', 'quint2x4', 'quint2x4', 1],
  ['', 'uint16', 'u16', 2],
  ['', 'uint32', 'u32', 4],
];

/** The type of a dtype such as "torch.float32"; an unknown name is returned unchanged. */
export const typeOfDtype = (name: string): string => types.find(([, dtype]) => name === `torch.${dtype}`)?.[2] ?? name;

/** The type of a storage class such as "torch.FloatStorage"; u8 for untyped storages. An unknown name is returned unchanged. */
export function typeOfStorage(name: string): { type: string; bytes?: number } {
  const [, kind] = /^torch\.(?:\w+\.)*(\w+)Storage$/.exec(name) ?? [];
  if (kind === 'Untyped' || kind === '_Untyped') return { type: 'u8', bytes: 1 };
  const known = types.find(([storage]) => storage !== '' && storage === kind);
  return known ? { type: known[2], bytes: known[3] } : { type: name };
}

export const isReadable = (type: string): type is FileType => (fileTypes as readonly string[]).includes(type);

export class Storage {
  /** The numbers, little-endian; undefined if they are not in the file. */
  bytes: Uint8Array | undefined;
  readonly #numbers = new Map<FileType, TensorData>();

  constructor(
    readonly key: string,
    /** The type of its numbers, which a tensor may override. */
    readonly type: string,
    /** The number of elements according to the pickle. */
    readonly elements: number,
    /** The size of an element; undefined if unknown. */
    readonly elementBytes: number | undefined,
  ) {}

  /**
   * Its numbers as an array of a type; f64 is rounded to f32. The result is cached, so that tied weights stay tied.
   * @param takeBytes called with the size of a copy before it is made, since a file may ask for every type
   */
  numbers(type: FileType, takeBytes: (bytes: number) => void): TensorData {
    const known = this.#numbers.get(type);
    if (known) return known;
    const bytes = this.bytes!.subarray(0, this.bytes!.length - (this.bytes!.length % elementBytes(type)));
    takeBytes(copiedBytes(bytes, type) + (type === 'f64' ? bytes.length / 2 : 0));
    const elements = elementsOf(bytes, type);
    const numbers = type === 'f64' ? new Float32Array(elements as Float64Array) : elements;
    this.#numbers.set(type, numbers);
    return numbers;
  }
}

/** A part of another storage, in old files. The offset is in elements. */
export class StorageView {
  constructor(
    readonly storage: Storage,
    readonly offset: number,
  ) {}
}
