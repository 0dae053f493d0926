// NumPy's .npy, versions 1 to 3:
//   "\x93NUMPY" | major u8 | minor u8 | header length u16 (version 1) or u32 | header | elements, row-major
// The header is a Python dict in text: {'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }
import { AdderNetError } from '../errors';
import type { DType, Tensor, TensorData } from '../tensor';
import { ByteReader } from './byte-reader';
import { payloadTensor } from './payload';

const magic = '\x93NUMPY';
/** NumPy's own limit; a header of a plain array is about 100 bytes. */
const longestHeader = 10_000;

const dtypes = new Map<string, DType>([
  ['<f4', 'f32'],
  ['<f8', 'f64'],
  ['|u1', 'u8'],
  ['|i1', 'i8'],
  ['<i2', 'i16'],
  ['<i4', 'i32'],
  ['<i8', 'i64'],
]);

/**
 * Reads an array of C order. A scalar, shape (), becomes [1].
 * The tensor shares the memory of `bytes` where the elements are aligned, as NumPy writes them.
 * @param name the file, for messages
 * @throws {AdderNetError} ERR_FORMAT if it is not .npy, or of Fortran order, or of another dtype; ERR_CORRUPT if it is truncated or too long
 */
export function readNpy(bytes: Uint8Array, name = 'npy'): Tensor<TensorData> {
  const reader = new ByteReader(bytes, name);
  if (Buffer.from(reader.take(magic.length)).toString('latin1') !== magic)
    throw new AdderNetError('ERR_FORMAT', `${name}: not a .npy file: it does not start with \\x93NUMPY`);
  const major = reader.u8();
  const minor = reader.u8();
  if (major < 1 || major > 3 || minor !== 0)
    throw new AdderNetError('ERR_FORMAT', `${name}: .npy version is ${major}.${minor}, expected 1.0, 2.0 or 3.0`);
  const headerBytes = major === 1 ? reader.u16() : reader.u32();
  if (headerBytes > longestHeader)
    throw new AdderNetError('ERR_FORMAT', `${name}: the header has ${headerBytes} bytes, expected at most ${longestHeader}`);
  const { dtype, shape } = parseHeader(reader.text(headerBytes), name);
  return payloadTensor(name, reader.take(reader.remaining), dtype, shape);
}

function parseHeader(header: string, name: string): { dtype: DType; shape: number[] } {
  const descr = /'descr':\s*'([^']*)'/.exec(header)?.[1];
  const order = /'fortran_order':\s*(True|False)/.exec(header)?.[1];
  const sizes = /'shape':\s*\(([\d\s,]*)\)/.exec(header)?.[1];
  if (!/^\{.*\}\s*$/s.test(header) || descr === undefined || order === undefined || sizes === undefined)
    throw new AdderNetError(
      'ERR_FORMAT',
      `${name}: the header is ${header.trim()}, expected a plain array's descr, fortran_order and shape`,
    );
  const dtype = dtypes.get(descr);
  if (!dtype)
    throw new AdderNetError(
      'ERR_FORMAT',
      `${name}: dtype is '${descr}', expected one of ${[...dtypes.keys()].join(', ')}: convert it with astype()`,
    );
  if (order === 'True')
    throw new AdderNetError('ERR_FORMAT', `${name}: the array is in Fortran order: convert it with numpy.ascontiguousarray()`);
  return { dtype, shape: sizes.match(/\d+/g)?.map(Number) ?? [] };
}
