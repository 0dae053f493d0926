// NumPy arrays in a pickle, which are described by these calls and states:
//   _reconstruct(ndarray, (0,), b'b'), and as its state (1, shape, dtype, Fortran order, bytes)
//   _frombuffer(bytes, dtype, shape, 'C' or 'F')                                                   protocol 5
//   dtype('f8', False, True), and as its state (3, '<', ...)
import { bytesIn, PickleObject } from './pickle-values';

export interface PickledArray {
  /** The elements, little-endian unless `descr` says otherwise. */
  readonly bytes: Uint8Array;
  /** The type code as in a .npy file: <f4, |b1 and so on. */
  readonly descr: string;
  readonly shape: readonly unknown[];
  /** Whether the first axis is the contiguous one. */
  readonly isFortran: boolean;
}

const reconstruct = /^numpy\.(core|_core)\.multiarray\._reconstruct$/;
const fromBuffer = /^numpy\.(core|_core)\.numeric\._frombuffer$/;

export const isPickledArray = (value: unknown): value is PickleObject =>
  value instanceof PickleObject && (reconstruct.test(value.name) || fromBuffer.test(value.name));

/** @returns undefined if the description of the array is not NumPy's, or its elements are not numbers */
export function pickledArray(array: PickleObject): PickledArray | undefined {
  const state = Array.isArray(array.state) ? array.state.slice(-4) : [];
  const [shape, dtype, fortran, data] = fromBuffer.test(array.name)
    ? [array.args[2], array.args[1], array.args[3] === 'F', array.args[0]]
    : state;
  const bytes = bytesIn(data);
  const descr = descrOf(dtype);
  if (!Array.isArray(shape) || !bytes || descr === undefined) return undefined;
  return { bytes, descr, shape, isFortran: fortran === true || fortran === 1 };
}

function descrOf(dtype: unknown): string | undefined {
  if (!(dtype instanceof PickleObject) || dtype.name !== 'numpy.dtype') return undefined;
  const [code] = dtype.args;
  const order = Array.isArray(dtype.state) ? dtype.state[1] : '|';
  return typeof code === 'string' && typeof order === 'string' ? `${order}${code}` : undefined;
}
