// The Python version of CIFAR's files, a pickled dict. `data` is a NumPy array of u8 [n,3072]; the row of an image is 1024 bytes each of red,
// green and blue. `labels`, or in CIFAR-100 `fine_labels` and `coarse_labels`, are lists or arrays of n numbers. No code in the pickle is run.
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
  /** For each image, 1024 bytes each of red, green and blue. */
  readonly planes: Uint8Array;
  /** The class of each image, not yet checked against the number of classes. */
  readonly targets: Int32Array;
}

/**
 * @param labels the dict entry with the classes
 * @param name   the file, for messages
 * @throws {AdderNetError} ERR_FORMAT if it is not such a pickle; ERR_CORRUPT if it is truncated or contradicts itself
 */
export function parseCifarPickle(bytes: Uint8Array, labels: string, name: string): CifarPickle {
  const entries = dictOf(bytes, name);
  const data = entries.get('data');
  const array = isPickledArray(data) ? pickledArray(data) : undefined;
  const targets = numbersIn(entries.get(labels), name);
  if (!array || !/^[|<>=]u1$/.test(array.descr) || array.isFortran || !targets)
    throw new AdderNetError(
      'ERR_FORMAT',
      `${name}: the pickle lacks CIFAR's entries 'data', an array of bytes, and '${labels}', a list or an array of numbers`,
    );
  const [n, columns] = array.shape;
  if (array.shape.length !== 2 || columns !== rowBytes || n !== targets.length || array.bytes.length !== n * rowBytes || n === 0)
    throw new AdderNetError(
      'ERR_CORRUPT',
      `${name}: 'data' has the shape [${array.shape.join(',')}] and ${array.bytes.length} bytes for ${targets.length} ${labels}, expected [n,${rowBytes}]`,
    );
  const isClass = (target: unknown) => Number.isInteger(target) && (target as number) >= 0 && (target as number) <= 255;
  const wrong = targets.findIndex((target) => !isClass(target));
  if (wrong >= 0) throw new AdderNetError('ERR_CORRUPT', `${name}: '${labels}' has ${String(targets[wrong])}, expected class numbers`);
  return { planes: array.bytes, targets: Int32Array.from(targets as number[]) };
}

/** The elements of a list or a NumPy array; undefined for anything else. */
function numbersIn(value: unknown, name: string): unknown[] | undefined {
  if (Array.isArray(value)) return value;
  const array = isPickledArray(value) ? pickledArray(value) : undefined;
  const type = array && numpyType(array.descr);
  const [n] = array?.shape ?? [];
  if (!array || !type || array.shape.length !== 1 || !Number.isSafeInteger(n)) return undefined;
  return Array.from(payloadTensor(name, array.bytes, type, [n as number]).data, Number);
}

/**
 * Reads the class names in the file `meta`.
 * @param key the dict entry with the names
 * @throws {AdderNetError} what parseCifarPickle throws
 */
export function parseCifarNames(bytes: Uint8Array, key: string, name: string): string[] {
  const names = dictOf(bytes, name).get(key);
  const texts = Array.isArray(names) ? names.map(textOf) : [];
  if (texts.length === 0 || !texts.every((text) => text !== undefined))
    throw new AdderNetError('ERR_FORMAT', `${name}: the pickle lacks CIFAR's entry '${key}', a list of names`);
  return texts as string[];
}

/** Keys are Python 2 strings, or bytes if Python 3 has written such strings again. */
function dictOf(bytes: Uint8Array, name: string): Map<string, unknown> {
  const kind = fileKind(bytes);
  if (kind && kind.format !== 'pytorch')
    throw new AdderNetError('ERR_FORMAT', `${name}: expected a Python pickle, but it is ${describeFile(bytes)}`);
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
