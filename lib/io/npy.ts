// NumPy's .npy, versions 1 to 3:
//   "\x93NUMPY" | major u8 | minor u8 | header length u16 (version 1) or u32 | header | elements, row-major
// The header is a Python dict in text: {'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }
import { AdderNetError } from '../errors';
import { quoted } from '../quoted';
import type { Tensor, TensorData } from '../tensor';
import { ByteReader } from './byte-reader';
import { type FileType, payloadTensor } from './payload';
import { gather, StridedView } from './strided';

const magic = '\x93NUMPY';
/** NumPy's own limit; the header of a plain array has about 100 bytes. */
const maxHeaderBytes = 10_000;

/** NumPy's type codes, with sizes in bytes. */
const types = new Map<string, FileType>([
  ['f2', 'f16'],
  ['f4', 'f32'],
  ['f8', 'f64'],
  ['b1', 'bool'],
  ['u1', 'u8'],
  ['u2', 'u16'],
  ['u4', 'u32'],
  ['i1', 'i8'],
  ['i2', 'i16'],
  ['i4', 'i32'],
  ['i8', 'i64'],
]);

/** The type that NumPy describes as '<f4' (little-endian), '|u1' (one byte) or '=f4' (native order). */
export function numpyType(descr: string): FileType | undefined {
  const [, order, kind] = /^([<>|=])(\w\d+)$/.exec(descr) ?? [];
  return order === '>' && !kind?.endsWith('1') ? undefined : types.get(kind ?? '');
}

/**
 * Reads an array. A scalar, shape (), becomes [1]; f16 becomes f32, bool u8, u16 i32 and u32 i64; Fortran order becomes C order.
 * The tensor shares the memory of `bytes` if the elements are aligned, as NumPy writes them.
 * @param name the file, for messages
 * @throws {AdderNetError} ERR_FORMAT if it is not .npy or has an unsupported dtype; ERR_CORRUPT if it is truncated or too long
 */
export function readNpy(bytes: Uint8Array, name = 'npy'): Tensor<TensorData> {
  const reader = new ByteReader(bytes, name);
  const { type, shape, isFortran } = readHeader(reader, name);
  const tensor = payloadTensor(name, reader.take(reader.remaining), type, shape);
  if (!isFortran || shape.length < 2) return tensor;
  const axes = shape.map((_, axis) => shape.length - 1 - axis);
  return gather(tensor.data, StridedView.rowMajor([...shape].reverse()).permute(axes));
}

/** The type of the numbers in the file, which readNpy may have widened. */
export const storedNpyType = (bytes: Uint8Array, name: string): string => readHeader(new ByteReader(bytes, name), name).type;

interface Header {
  readonly type: FileType;
  readonly shape: number[];
  readonly isFortran: boolean;
}

function readHeader(reader: ByteReader, name: string): Header {
  if (Buffer.from(reader.take(magic.length)).toString('latin1') !== magic)
    throw new AdderNetError('ERR_FORMAT', `${name}: not a .npy file: it does not start with \\x93NUMPY`);
  const major = reader.u8();
  const minor = reader.u8();
  if (major < 1 || major > 3 || minor !== 0)
    throw new AdderNetError('ERR_FORMAT', `${name}: .npy version is ${major}.${minor}, expected 1.0, 2.0 or 3.0`);
  const headerBytes = major === 1 ? reader.u16() : reader.u32();
  if (headerBytes > maxHeaderBytes)
    throw new AdderNetError('ERR_FORMAT', `${name}: the header has ${headerBytes} bytes, expected at most ${maxHeaderBytes}`);
  return parseHeader(reader.text(headerBytes), name);
}

function parseHeader(header: string, name: string): Header {
  const descr = /'descr':\s*'([^']*)'/.exec(header)?.[1];
  const order = /'fortran_order':\s*(True|False)/.exec(header)?.[1];
  const sizes = /'shape':\s*\(([\dL\s,]*)\)/.exec(header)?.[1];
  if (!/^\{.*\}\s*$/s.test(header) || descr === undefined || order === undefined || sizes === undefined)
    throw new AdderNetError(
      'ERR_FORMAT',
      `${name}: the header is ${quoted(header.trim())}, expected a plain array's descr, fortran_order and shape`,
    );
  const type = numpyType(descr);
  if (!type)
    throw new AdderNetError(
      'ERR_FORMAT',
      `${name}: dtype is ${quoted(descr)}, expected little-endian ${[...types.keys()].join(', ')}: convert it with astype('<f4')`,
    );
  return { type, shape: sizes.match(/\d+/g)?.map(Number) ?? [], isFortran: order === 'True' };
}
