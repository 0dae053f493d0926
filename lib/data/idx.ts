// idx, the format of MNIST and similar data sets, plain or in gzip:
//   0 u16 | type u8 | rank u8 | rank sizes u32 | elements, row-major; numbers of more than one byte are big-endian
import { constants, gunzipSync, type ZlibOptions } from 'node:zlib';
import { AdderNetError } from '../errors';
import { ByteReader } from '../io/byte-reader';
import { describeFile } from '../io/file-kinds';
import { elementBytes, payloadTensor } from '../io/payload';
import type { DType, Tensor, TensorData } from '../tensor';

const dtypes = new Map<number, DType>([
  [0x08, 'u8'],
  [0x09, 'i8'],
  [0x0b, 'i16'],
  [0x0c, 'i32'],
  [0x0d, 'f32'],
  [0x0e, 'f64'],
]);

/** The largest decompressed size in bytes. The largest known file, EMNIST's 697,932 training images, takes half of it. */
const maxUnzipped = 2 ** 30;
/** Images shrink to a fifth in gzip, sorted labels to a hundredth; zeros shrink to a thousandth. Small files may unpack to more than this factor. */
const maxExpansion = 100;
const alwaysUnzipped = 2 ** 26;
/** This many bytes of a gzip file always contain the header of the idx file. */
const headBytes = 1024;

/**
 * @param bytes the file, plain or in gzip
 * @param name  the file, for messages
 * @throws {AdderNetError} ERR_FORMAT if it is not idx; ERR_CORRUPT if it is truncated or too long
 */
export function parseIdx(bytes: Uint8Array, name = 'idx'): Tensor<TensorData> {
  const isGzip = bytes[0] === 0x1f && bytes[1] === 0x8b;
  const head = isGzip ? unzipped(bytes.subarray(0, headBytes), name, { finishFlush: constants.Z_SYNC_FLUSH }) : bytes;
  const { dtype, shape, start } = readHeader(head, name);
  const end = start + shape.reduce((size, n) => size * n, elementBytes(dtype));
  const limit = Math.min(maxUnzipped, Math.max(alwaysUnzipped, maxExpansion * bytes.length));
  if (isGzip && end > limit)
    throw new AdderNetError('ERR_CORRUPT', `${name}: ${bytes.length} bytes of gzip claim ${end} bytes of idx, expected at most ${limit}`);
  // One buffer of the right size, where zlib would join many.
  const file = isGzip ? unzipped(bytes, name, { maxOutputLength: end, chunkSize: end + headBytes }) : bytes;
  return payloadTensor(name, littleEndian(file.subarray(start), dtype, name), dtype, shape);
}

interface Header {
  readonly dtype: DType;
  readonly shape: number[];
  /** The offset of the elements in bytes. */
  readonly start: number;
}

function readHeader(head: Uint8Array, name: string): Header {
  const reader = new ByteReader(head, name);
  const [zero, alsoZero, type, rank] = [reader.u8(), reader.u8(), reader.u8(), reader.u8()];
  const dtype = dtypes.get(type);
  if (zero !== 0 || alsoZero !== 0 || !dtype || rank === 0) {
    const what = describeFile(head);
    throw new AdderNetError(
      'ERR_FORMAT',
      `${name}: not an idx file: ${what ? `it is ${what}` : 'it does not start with two zeros, a number type and a rank'}`,
    );
  }
  const shape = Array.from({ length: rank }, () => reader.u32BigEndian());
  return { dtype, shape, start: 4 + 4 * rank };
}

function unzipped(bytes: Uint8Array, name: string, options: ZlibOptions): Uint8Array {
  try {
    return gunzipSync(bytes, options);
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    const what =
      code === 'ERR_BUFFER_TOO_LARGE'
        ? `the gzip file contains more than the ${options.maxOutputLength} bytes of its idx file`
        : `the gzip file is truncated or damaged: ${message}`;
    throw new AdderNetError('ERR_CORRUPT', `${name}: ${what}`, { cause });
  }
}

function littleEndian(bytes: Uint8Array, dtype: DType, name: string): Uint8Array {
  const size = elementBytes(dtype);
  if (size === 1) return bytes;
  if (bytes.length % size !== 0)
    throw new AdderNetError(
      'ERR_CORRUPT',
      `${name}: ${bytes.length} bytes of elements are not a multiple of the ${size} bytes of an element`,
    );
  const copy = Buffer.from(bytes);
  return size === 2 ? copy.swap16() : size === 4 ? copy.swap32() : copy.swap64();
}
