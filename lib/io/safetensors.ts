// Reads and writes safetensors, a format of named tensors without code.
//   header length u64 | header, JSON padded with spaces | payload, little-endian, row-major
//   {"__metadata__": {"key": "text"}, "name": {"dtype": "F32", "shape": [2,3], "data_offsets": [begin, end]}}
// Offsets count from the end of the header. The tensors cover the payload without gaps or overlaps.
import { AdderNetError } from '../errors';
import { quoted } from '../quoted';
import { check, integer, isRecord, listOf, objectWith, recordOf, text } from '../schema';
import type { Tensor, TensorData } from '../tensor';
import { ByteReader } from './byte-reader';
import { maxHalf, nearestHalves } from './half';
import { parseJson } from './json';
import { elementBytes, type FileType, fileTypes, payloadTensor } from './payload';
import type { StoredTensors } from './tensor-file';
import { TextEncoder } from './text-coding';

/**
 * In bytes. The headers of the largest files have a few millions; the format itself allows 100 million, which would take gigabytes of memory.
 */
const maxHeaderBytes = 2 ** 24;
const metadataKey = '__metadata__';
const metadataRule = recordOf(text(maxHeaderBytes, 'text'));
const entryRule = objectWith({
  dtype: text(maxHeaderBytes, 'the name of a type'),
  shape: listOf(integer(), 'a list of sizes'),
  data_offsets: listOf(integer(), 'two offsets, [begin, end]', 2),
});
const types = new Map<string, FileType>(fileTypes.map((type) => [type.toUpperCase(), type]));

export interface Safetensors extends StoredTensors {
  /** Free text of the writer. The object has no prototype, so that any key is safe. */
  readonly metadata: Record<string, string>;
}

/**
 * Reads a file. Tensors share the memory of `bytes` if they are aligned. F16 and BF16 become f32, U16 i32 and U32 i64; a scalar, shape [],
 * becomes [1]. Tensors of other types or without elements are left out.
 * @param name the file, for messages
 * @throws {AdderNetError} ERR_FORMAT if it is not safetensors; ERR_CORRUPT if it is truncated or contradicts itself
 */
export function parseSafetensors(bytes: Uint8Array, name = 'safetensors'): Safetensors {
  const reader = new ByteReader(bytes, name);
  const headerBytes = reader.u64();
  if (headerBytes > maxHeaderBytes)
    throw new AdderNetError(
      'ERR_FORMAT',
      `${name}: not a safetensors file, or too large a header: ${headerBytes} bytes, expected at most ${maxHeaderBytes}`,
    );
  const header = parseHeader(reader.text(headerBytes), name);
  const payload = reader.take(reader.remaining);
  checkLength(header, payload.length, name);

  const tensors = new Map<string, Tensor<TensorData>>();
  const storedTypes = new Map<string, string>();
  const leftOut = new Map<string, string>();
  const metadata: Record<string, string> = Object.create(null);
  const extents: { key: string; begin: number; end: number }[] = [];
  for (const [key, entry] of Object.entries(header)) {
    if (key === metadataKey) {
      check(`${name}: ${metadataKey}`, entry, metadataRule);
      Object.assign(metadata, entry);
      continue;
    }
    const what = `${name}: tensor ${quoted(key)}`;
    check(what, entry, entryRule);
    const { dtype, shape, data_offsets: offsets } = entry;
    const [begin, end] = offsets as readonly [number, number];
    if (begin > end || end > payload.length)
      throw new AdderNetError(
        'ERR_CORRUPT',
        `${what}: data_offsets are [${begin},${end}], expected [begin, end] within the ${payload.length} bytes after the header`,
      );
    const type = types.get(dtype);
    if (!type) leftOut.set(key, `its type is ${quoted(dtype)}, which is not supported`);
    else if (begin === end && shape.includes(0)) leftOut.set(key, 'it has no elements');
    else {
      tensors.set(key, payloadTensor(what, payload.subarray(begin, end), type, shape));
      storedTypes.set(key, type);
    }
    extents.push({ key, begin, end });
  }

  let covered = 0;
  for (const { key, begin, end } of extents.sort((a, b) => a.begin - b.begin)) {
    if (begin !== covered)
      throw new AdderNetError(
        'ERR_CORRUPT',
        `${name}: tensor ${quoted(key)} begins at byte ${begin}, but the tensors before it end at ${covered}`,
      );
    covered = end;
  }
  if (covered !== payload.length)
    throw new AdderNetError('ERR_CORRUPT', `${name}: ${payload.length - covered} bytes after the last tensor belong to no tensor`);
  return { tensors, storedTypes, leftOut, metadata };
}

/**
 * Returns the bytes of a file. The widest elements come first in the payload, so that every tensor is aligned.
 * @param metadata free text, such as the name of the network
 * @param half names of f32 tensors to store as F16, rounded to the nearest value
 * @throws {AdderNetError} ERR_ARGUMENT if a tensor is named `__metadata__`, a metadata value is not a string, the header is too long, or a value
 *   exceeds the range of F16
 */
export function formatSafetensors(
  tensors: ReadonlyMap<string, Tensor<TensorData>>,
  metadata: Readonly<Record<string, string>> = {},
  half: ReadonlySet<string> = new Set(),
): Uint8Array {
  if (tensors.has(metadataKey))
    throw new AdderNetError('ERR_ARGUMENT', `formatSafetensors: a tensor is named ${metadataKey}, which the format reserves`);
  for (const [key, value] of Object.entries(metadata))
    if (typeof value !== 'string')
      throw new AdderNetError('ERR_ARGUMENT', `formatSafetensors: metadata ${JSON.stringify(key)} is ${typeof value}, expected a string`);

  const entries: [string, unknown][] = Object.keys(metadata).length === 0 ? [] : [[metadataKey, metadata]];
  const stored = [...tensors].map(([key, tensor]) =>
    half.has(key) ? inHalves(key, tensor) : { key, data: tensor.data, dtype: tensor.dtype, shape: tensor.shape },
  );
  const chunks: { data: ArrayBufferView; begin: number }[] = [];
  let payloadBytes = 0;
  for (const { key, data, dtype, shape } of stored.sort((a, b) => elementBytes(b.dtype) - elementBytes(a.dtype))) {
    const begin = payloadBytes;
    payloadBytes += data.byteLength;
    chunks.push({ data, begin });
    entries.push([key, { dtype: dtype.toUpperCase(), shape, data_offsets: [begin, payloadBytes] }]);
  }

  // fromEntries defines own properties: a tensor named __proto__ is written like any other.
  const json = new TextEncoder().encode(JSON.stringify(Object.fromEntries(entries)));
  const headerBytes = Math.ceil(json.length / 8) * 8;
  if (headerBytes > maxHeaderBytes)
    throw new AdderNetError('ERR_ARGUMENT', `formatSafetensors: the header has ${headerBytes} bytes, expected at most ${maxHeaderBytes}`);
  const file = new Uint8Array(8 + headerBytes + payloadBytes);
  new DataView(file.buffer).setBigUint64(0, BigInt(headerBytes), true);
  file.set(json, 8);
  file.fill(0x20, 8 + json.length, 8 + headerBytes);
  for (const { data, begin } of chunks) file.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), 8 + headerBytes + begin);
  return file;
}

function inHalves(key: string, { data, shape }: Tensor<TensorData>) {
  if (!(data instanceof Float32Array) || data.some((value) => Math.abs(value) > maxHalf))
    throw new AdderNetError(
      'ERR_ARGUMENT',
      `formatSafetensors: ${JSON.stringify(key)} cannot be stored as F16: expected f32 up to ${maxHalf}`,
    );
  return { key, data: nearestHalves(data), dtype: 'f16' as const, shape };
}

function parseHeader(json: string, name: string): Record<string, unknown> {
  if (!json.startsWith('{')) throw new AdderNetError('ERR_FORMAT', `${name}: not a safetensors file: its header does not start with {`);
  return parseJson(json, `${name}: the header`) as Record<string, unknown>;
}

/** Reports missing bytes as truncation, since an incomplete download is more likely than a wrong header. */
function checkLength(header: Record<string, unknown>, payloadBytes: number, name: string): void {
  let expected = 0;
  for (const entry of Object.values(header)) {
    const end = isRecord(entry) && Array.isArray(entry.data_offsets) ? entry.data_offsets[1] : 0;
    if (Number.isSafeInteger(end)) expected = Math.max(expected, end);
  }
  if (expected > payloadBytes)
    throw new AdderNetError(
      'ERR_CORRUPT',
      `${name}: the file is truncated: it has ${payloadBytes} bytes of tensors, expected ${expected}: download or copy it again`,
    );
}
