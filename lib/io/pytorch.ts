// Reads both formats of torch.save, and Python pickles with tensors or arrays. A pickle describes the tensors; their little-endian storages
// are next to it:
//   ZIP (since PyTorch 1.6):  NAME/data.pkl | NAME/data/KEY, one for each storage | NAME/byteorder
//   legacy:                   pickles of a magic number, 1001, system info, the object and the storages' keys,
//                             then for each key: element count i64 | elements
//   pickle:                   NumPy arrays and storages inside the pickle
// Float tensors of rank 4 are filters, which are converted from PyTorch's [co, ci/g, kh, kw] to this package's [co, kh, kw, ci/g].
import { AdderNetError } from '../errors';
import { quoted } from '../quoted';
import type { Tensor, TensorData } from '../tensor';
import { ByteReader } from './byte-reader';
import { unpickle } from './pickle';
import { describeValue, PickleGlobal } from './pickle-values';
import { Storage, StorageView, typeOfStorage } from './pytorch-storage';
import { isTensor, TensorReader } from './pytorch-tensor';
import { type NamedTensors, StateDictFinder } from './state-dict';
import { filterAxes, gather } from './strided';
import type { StoredTensors } from './tensor-file';
import { unzipStored } from './zip';

const legacyMagic = 0x1950a86a20f9469cfc6cn;
const legacyProtocol = 1001;

/**
 * A crafted file may have thousands of tensors that read the same numbers in other orders. Copies may take as many times the size of the file: a file
 * of 16-bit filters takes 5, which are aligned, widened and transposed, and only a small one, whose tensors are expanded, more.
 */
const maxExpansion = 5;
const maxExpansionOfSmall = 64;
const smallBytes = 2 ** 26;

/**
 * Reads the named tensors of the network in a file; no code in the file is run. Other contents of a checkpoint are left out.
 * f64 is rounded to f32. A scalar, shape [], becomes [1].
 * @param name the file, for messages
 * @param key  where the weights are in a checkpoint; see readTensors
 * @throws {AdderNetError} ERR_FORMAT if it is neither a torch.save file nor a pickle, or contains no named tensors; ERR_CORRUPT if it is
 *   truncated or contradicts itself
 */
export function parsePytorch(bytes: Uint8Array, name = 'pth', key?: string): StoredTensors {
  const isZip = bytes[0] === 0x50 && bytes[1] === 0x4b;
  const object = isZip ? readZip(bytes, name) : readPickles(bytes, name);
  const { tensors: named, notes } = stateDict(object, name, key);

  const copyable = Math.max(maxExpansion * bytes.length, Math.min(smallBytes, maxExpansionOfSmall * bytes.length));
  let copyableBytes = copyable;
  const takeBytes = (count: number) => {
    copyableBytes -= count;
    if (copyableBytes < 0)
      throw new AdderNetError(
        'ERR_FORMAT',
        `${name}: its tensors take more than ${Math.floor(copyable / bytes.length)} times the size of the file`,
      );
  };
  const reader = new TensorReader(name, (embedded) => readPickles(embedded, `${name}: a storage`), takeBytes);
  const tensors = new Map<string, Tensor<TensorData>>();
  const storedTypes = new Map<string, string>();
  const leftOut = new Map<string, string>();
  for (const [tensorName, value] of named) {
    const tensor = reader.read(value);
    if (typeof tensor === 'string') {
      leftOut.set(tensorName, tensor);
      continue;
    }
    const numbers = tensor.storage.numbers(tensor.type, takeBytes);
    const isFilter = tensor.view.shape.length === 4 && numbers instanceof Float32Array;
    const view = isFilter ? tensor.view.permute(filterAxes) : tensor.view;
    if (!view.isContiguous()) takeBytes(view.shape.reduce((product, size) => product * size, numbers.BYTES_PER_ELEMENT));
    tensors.set(tensorName, gather(numbers, view));
    storedTypes.set(tensorName, tensor.type);
  }
  return { tensors, storedTypes, leftOut, notes };
}

function stateDict(object: unknown, name: string, key: string | undefined): { tensors: NamedTensors; notes: string[] } {
  const finder = new StateDictFinder(name);
  const weights = finder.find(object, key);
  if (weights.tensors.size > 0) return weights;
  const found = isTensor(object)
    ? 'a single tensor instead of a dict of named tensors'
    : Array.isArray(object) && object.some(isTensor)
      ? `a list of ${object.length} tensors without names`
      : finder.metOptimizer
        ? 'the state of an optimizer, but no weights of a network'
        : `no named tensors, but ${describeValue(object)}`;
  throw new AdderNetError('ERR_FORMAT', `${name}: the file contains ${found}: expected a state dict, torch.save(model.state_dict(), path)`);
}

function readZip(bytes: Uint8Array, name: string): unknown {
  const entries = unzipStored(bytes, name);
  const folders = [...entries.keys()].filter((path) => /(^|\/)data\.pkl$/.test(path)).map((path) => path.slice(0, -'data.pkl'.length));
  const [folder] = folders;
  if (folder === undefined || folders.length > 1)
    throw new AdderNetError(
      'ERR_FORMAT',
      `${name}: a ZIP archive with ${folders.length} files data.pkl, expected one, as torch.save writes it`,
    );
  const byteOrder = entries.get(`${folder}byteorder`);
  if (byteOrder) checkByteOrder(Buffer.from(byteOrder).toString('latin1') === 'little', name);

  const reader = new ByteReader(entries.get(`${folder}data.pkl`)!, `${name}: data.pkl`);
  const storages = new Storages(name);
  const object = unpickle(reader, name, storages.load);
  checkEnd(reader, name);
  for (const [key, storage] of storages.byKey) storage.bytes = entries.get(`${folder}data/${key}`);
  return object;
}

/** Reads a legacy file, which starts with a magic number, or a single Python pickle. */
function readPickles(bytes: Uint8Array, name: string): unknown {
  const reader = new ByteReader(bytes, name);
  const outside = () => {
    throw new AdderNetError('ERR_FORMAT', `${name}: a pickle that refers to values outside it, but not a torch.save file`);
  };
  const first = unpickle(reader, name, outside);
  return first === legacyMagic ? readLegacy(reader, name) : first;
}

function readLegacy(reader: ByteReader, name: string): unknown {
  if (unpickle(reader, name) !== legacyProtocol)
    throw new AdderNetError('ERR_FORMAT', `${name}: the version of this torch.save file is not supported`);
  const system = unpickle(reader, name);
  checkByteOrder(system instanceof Map && system.get('little_endian') === true, name);
  const storages = new Storages(name);
  const object = unpickle(reader, name, storages.load);

  const keys = unpickle(reader, name);
  const { byKey } = storages;
  if (!Array.isArray(keys) || new Set(keys).size !== keys.length || keys.length !== byKey.size || !keys.every((key) => byKey.has(key)))
    throw new AdderNetError('ERR_CORRUPT', `${name}: the list of storages does not match the ${byKey.size} that the tensors use`);
  for (const key of keys) {
    const storage = byKey.get(key)!;
    if (storage.elementBytes === undefined)
      throw new AdderNetError(
        'ERR_FORMAT',
        `${name}: contains a ${quoted(storage.type)}, whose size is unknown: save it in the newer format`,
      );
    const count = reader.u64();
    if (count !== storage.elements)
      throw new AdderNetError('ERR_CORRUPT', `${name}: storage ${quoted(key)} has ${count} elements, expected ${storage.elements}`);
    storage.bytes = reader.take(count * storage.elementBytes);
  }
  checkEnd(reader, name);
  return object;
}

function checkByteOrder(isLittle: boolean, name: string): void {
  if (!isLittle) throw new AdderNetError('ERR_FORMAT', `${name}: saved on a big-endian machine, expected little-endian numbers`);
}

function checkEnd(reader: ByteReader, name: string): void {
  if (reader.remaining > 0) throw new AdderNetError('ERR_CORRUPT', `${name}: ${reader.remaining} bytes follow the end of the data`);
}

/** The storages that a pickle names by persistent ids. Their bytes are added later. */
class Storages {
  readonly byKey = new Map<unknown, Storage>();

  /** @param name the file, for messages */
  constructor(readonly name: string) {}

  /**
   * Resolves the id ('storage', type, key, device, element count), followed in legacy files by None or (key, offset, element count) of a view.
   * Legacy files also have ('module', class, source file, source) for the class of a network.
   */
  readonly load = (id: unknown): unknown => {
    const [kind, type, key, , elements, view] = Array.isArray(id) ? id : idOfText(String(id));
    if (kind === 'module') return type;
    const { corrupt } = this;
    if (kind !== 'storage' || !(type instanceof PickleGlobal) || typeof key !== 'string' || !Number.isSafeInteger(elements) || elements < 0)
      throw corrupt('the description of a storage is not one of torch.save');
    const known = typeOfStorage(type.name);
    const storage = this.byKey.get(key) ?? new Storage(key, known.type, elements, known.bytes);
    if (storage.type !== known.type || storage.elements !== elements) throw corrupt(`storage ${quoted(key)} is described in two ways`);
    this.byKey.set(key, storage);
    if (view === undefined || view === null) return storage;
    if (!Array.isArray(view) || !Number.isSafeInteger(view[1]))
      throw corrupt(`the description of a view of storage ${quoted(key)} is not one of torch.save`);
    return new StorageView(storage, view[1]);
  };

  readonly corrupt = (why: string) => new AdderNetError('ERR_CORRUPT', `${this.name}: ${why}`);
}

/** Parses an id of protocol 0: ('storage', <class 'torch.FloatStorage'>, '0', 'cpu', 18) or ('module', <class 'net.Net'>, ... */
function idOfText(text: string): unknown[] {
  const [, kind, module, name, rest] = /^\('(storage|module)', <class '(?:([^']*)\.)?([^'.]+)'>, (.*)$/s.exec(text) ?? [];
  if (kind === undefined) return [];
  const type = new PickleGlobal(module ?? '', name!);
  const [, key, elements] = /^'([^']*)', '[^']*', (\d+)(?:, None)?\)$/.exec(rest!) ?? [];
  return [kind, type, key, undefined, Number(elements)];
}
