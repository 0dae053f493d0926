// The Python version of CIFAR's files: a pickle of a dict. `data` is an array of NumPy, u8, [n,3072], a row for an image: 1024 bytes each of
// red, green and blue; `labels`, or in CIFAR-100 `fine_labels` and `coarse_labels`, are lists of n numbers, or arrays of them. Nothing in it is run.
import { AdderNetError } from '../errors';
import { ByteReader } from '../io/byte-reader';
import { describeFile, fileKind } from '../io/file-kinds';
import { numpyType } from '../io/npy';
import { isPickledArray, pickledArray } from '../io/numpy-pickle';
import { payloadTensor } from '../io/payload';
import { unpickle } from '../io/pickle';
import { bytesIn } from '../io/pickle-values';

/** Bytes of an image. */
const rowBytes = 3 * 32 * 32;

/** A file of images. */
export interface CifarPickle {
  /** Of each image 1024 bytes each of red, green and blue. */
  readonly planes: Uint8Array;
  /** The class of each, unchecked. */
  readonly targets: Int32Array;
}

/**
 * @param labels the entry with the classes
 * @param name   the file, for messages
 * @throws {AdderNetError} ERR_FORMAT if it is no such pickle; ERR_CORRUPT if it is truncated or contradicts itself
 */
export function parseCifarPickle(bytes: Uint8Array, labels: string, name: string): CifarPickle {
  const entries = dictOf(bytes, name);
  const data = entries.get('data');
  const array = isPickledArray(data) ? pickledArray(data) : undefined;
  const targets = numbersIn(entries.get(labels), name);
  if (!array || !/^[|<>=]u1$/.test(array.descr) || array.isFortran || !targets)
    throw new AdderNetError(
      'ERR_FORMAT',
      `${name}: a pickle without the entries 'data', an array of bytes, and '${labels}', a list or an array of numbers, as CIFAR has them`,
    );
  const [n, columns] = array.shape;
  if (array.shape.length !== 2 || columns !== rowBytes || n !== targets.length || array.bytes.length !== n * rowBytes || n === 0)
    throw new AdderNetError(
      'ERR_CORRUPT',
      `${name}: 'data' has the shape [${array.shape.join(',')}] and ${array.bytes.length} bytes for ${targets.length} ${labels}, expected [n,${rowBytes}]`,
    );
  const isClass = (target: unknown) => Number.isInteger(target) && (target as number) >= 0 && (target as number) <= 255;
  const wrong = targets.findIndex((target) => !isClass(target));
  if (wrong >= 0) throw new AdderNetError('ERR_CORRUPT', `${name}: '${labels}' has ${String(targets[wrong])}, expected numbers of classes`);
  return { planes: array.bytes, targets: Int32Array.from(targets as number[]) };
}

/** What a list holds, or an array of NumPy; undefined if it is neither. */
function numbersIn(value: unknown, name: string): unknown[] | undefined {
  if (Array.isArray(value)) return value;
  const array = isPickledArray(value) ? pickledArray(value) : undefined;
  const type = array && numpyType(array.descr);
  const [n] = array?.shape ?? [];
  if (!array || !type || array.shape.length !== 1 || !Number.isSafeInteger(n)) return undefined;
  return Array.from(payloadTensor(name, array.bytes, type, [n as number]).data, Number);
}

/**
 * Names of classes from the file `meta`.
 * @param key of the entry with them
 * @throws {AdderNetError} as parseCifarPickle
 */
export function parseCifarNames(bytes: Uint8Array, key: string, name: string): string[] {
  const names = dictOf(bytes, name).get(key);
  const texts = Array.isArray(names) ? names.map(textOf) : [];
  if (texts.length === 0 || !texts.every((text) => text !== undefined))
    throw new AdderNetError('ERR_FORMAT', `${name}: a pickle without the entry '${key}', a list of names, as CIFAR has it`);
  return texts as string[];
}

/** Keys are text of Python 2, or bytes where Python 3 has written such text again. */
function dictOf(bytes: Uint8Array, name: string): Map<string, unknown> {
  const kind = fileKind(bytes);
  if (kind && kind.format !== 'pytorch')
    throw new AdderNetError('ERR_FORMAT', `${name}: not a pickle of Python: it is ${describeFile(bytes)}`);
  const reader = new ByteReader(bytes, name);
  const value = unpickle(reader, name);
  if (reader.remaining > 0) throw new AdderNetError('ERR_CORRUPT', `${name}: ${reader.remaining} bytes follow the end of the pickle`);
  const entries = new Map<string, unknown>();
  if (value instanceof Map)
    for (const [key, entry] of value) {
      const text = textOf(key);
      if (text !== undefined) entries.set(text, entry);
    }
  return entries;
}

function textOf(value: unknown): string | undefined {
  const bytes = bytesIn(value);
  return bytes && Buffer.from(bytes).toString('utf8');
}
