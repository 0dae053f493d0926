// What torch.save writes, in both of its formats. A pickle describes the tensors; their storages, little-endian, lie beside it:
//   ZIP (since PyTorch 1.6):  NAME/data.pkl | NAME/data/KEY, one for each storage | NAME/byteorder
//   legacy:                   pickles of a magic number, 1001, system info, the object and the storages' keys,
//                             then for each key: element count i64 | elements
// Rank-4 float tensors are PyTorch's filters [co, ci/g, kh, kw] and leave as this package's [co, kh, kw, ci/g].
import { AdderNetError } from '../errors';
import type { DType, Tensor, TensorData } from '../tensor';
import { ByteReader } from './byte-reader';
import { elementBytes, elementsOf } from './payload';
import { type PermittedGlobals, PickleGlobal, unpickle } from './pickle';
import { checkStrided, gather, Storage, StridedTensor } from './strided';
import { unzipStored } from './zip';

const legacyMagic = 0x1950a86a20f9469cfc6cn;
const legacyProtocol = 1001;
/** A pickle of LONG1, 10 bytes: how a legacy file starts. */
const legacyStart = [0x80, 0x02, 0x8a, 0x0a];
const zipStart = [0x50, 0x4b, 0x03, 0x04];

/** null: a type of number that tensors here do not have. */
const storageTypes = new Map<string, DType | null>([
  ['torch.FloatStorage', 'f32'],
  ['torch.DoubleStorage', 'f64'],
  ['torch.ByteStorage', 'u8'],
  ['torch.CharStorage', 'i8'],
  ['torch.ShortStorage', 'i16'],
  ['torch.IntStorage', 'i32'],
  ['torch.LongStorage', 'i64'],
  ['torch.HalfStorage', null],
  ['torch.BFloat16Storage', null],
  ['torch.BoolStorage', null],
]);

/** Where training scripts keep the weights in a checkpoint that holds more. */
const stateDictKeys = ['state_dict', 'model_state_dict', 'model', 'net'];
const deepestDict = 8;

/** Tied weights repeat a storage, a crafted file repeats it thousands of times: copies may take this many times the file. */
const largestExpansion = 64;

/**
 * Reads the tensors of a .pth file by name; nothing in the file is executed. What a checkpoint holds beside tensors is left out, names in
 * nested dicts are joined by dots, and the prefix `module.` of DataParallel is dropped. A scalar, shape [], becomes [1].
 * @param name the file, for messages
 * @throws {AdderNetError} ERR_FORMAT if it is not of torch.save, names anything but tensors and dicts, or holds no or unsupported tensors;
 *   ERR_CORRUPT if it is truncated or contradicts itself
 */
export function parsePytorch(bytes: Uint8Array, name = 'pth'): Map<string, Tensor<TensorData>> {
  const startsWith = (start: readonly number[]) => start.every((byte, i) => bytes[i] === byte);
  if (!startsWith(zipStart) && !startsWith(legacyStart))
    throw new AdderNetError('ERR_FORMAT', `${name}: not a file of torch.save: it starts neither as a ZIP nor with PyTorch's magic number`);
  const { object, elements } = startsWith(zipStart) ? readZip(bytes, name) : readLegacy(bytes, name);

  let copyableBytes = largestExpansion * bytes.length;
  const tensors = new Map<string, Tensor<TensorData>>();
  for (const [key, tensor] of stateDict(object, name)) {
    const { dtype } = tensor.storage;
    const isFilter = tensor.shape.length === 4 && (dtype === 'f32' || dtype === 'f64');
    const source = isFilter ? tensor.permute([0, 2, 3, 1]) : tensor;
    if (!source.isContiguous()) copyableBytes -= tensor.shape.reduce((product, size) => product * size, elementBytes(dtype));
    if (copyableBytes < 0)
      throw new AdderNetError('ERR_FORMAT', `${name}: its tensors take over ${largestExpansion} times the bytes of the file`);
    tensors.set(key, gather(elements.get(tensor.storage.key)!, source));
  }
  return tensors;
}

interface SavedObject {
  readonly object: unknown;
  readonly storages: ReadonlyMap<string, Storage>;
}

interface LoadedObject {
  readonly object: unknown;
  /** Elements of each storage, by its key. */
  readonly elements: ReadonlyMap<string, TensorData>;
}

function readZip(bytes: Uint8Array, name: string): LoadedObject {
  const entries = unzipStored(bytes, name);
  const folders = [...entries.keys()].flatMap((path) => /^([^/]+)\/data\.pkl$/.exec(path)?.[1] ?? []);
  const [folder] = folders;
  if (folder === undefined || folders.length > 1)
    throw new AdderNetError('ERR_FORMAT', `${name}: a ZIP with ${folders.length} data.pkl, expected the one of torch.save`);
  const byteOrder = entries.get(`${folder}/byteorder`);
  if (byteOrder) checkByteOrder(Buffer.from(byteOrder).toString('latin1') === 'little', name);

  const reader = new ByteReader(entries.get(`${folder}/data.pkl`)!, `${name}: data.pkl`);
  const { object, storages } = readObject(reader, name);
  checkEnd(reader, name);
  const elements = new Map<string, TensorData>();
  for (const [key, storage] of storages) {
    const data = entries.get(`${folder}/data/${key}`);
    const expected = storage.elements * elementBytes(storage.dtype);
    if (data?.length !== expected)
      throw new AdderNetError('ERR_CORRUPT', `${name}: data/${key} has ${data?.length ?? 'no'} bytes, expected ${expected}`);
    elements.set(key, elementsOf(data, storage.dtype));
  }
  return { object, elements };
}

function readLegacy(bytes: Uint8Array, name: string): LoadedObject {
  const reader = new ByteReader(bytes, name);
  if (unpickle(reader, name) !== legacyMagic || unpickle(reader, name) !== legacyProtocol)
    throw new AdderNetError('ERR_FORMAT', `${name}: not a file of torch.save: its magic number or version is another`);
  const system = unpickle(reader, name);
  checkByteOrder(system instanceof Map && system.get('little_endian') === true, name);
  const { object, storages } = readObject(reader, name);

  const keys = unpickle(reader, name);
  if (
    !Array.isArray(keys) ||
    new Set(keys).size !== keys.length ||
    keys.length !== storages.size ||
    !keys.every((key) => storages.has(key))
  )
    throw new AdderNetError('ERR_CORRUPT', `${name}: the list of storages does not match the ${storages.size} that the tensors use`);
  const elements = new Map<string, TensorData>();
  for (const key of keys) {
    const storage = storages.get(key)!;
    const count = reader.u64();
    if (count !== storage.elements)
      throw new AdderNetError('ERR_CORRUPT', `${name}: storage ${key} has ${count} elements, expected ${storage.elements}`);
    elements.set(key, elementsOf(reader.take(count * elementBytes(storage.dtype)), storage.dtype));
  }
  checkEnd(reader, name);
  return { object, elements };
}

function checkByteOrder(isLittle: boolean, name: string): void {
  if (!isLittle) throw new AdderNetError('ERR_FORMAT', `${name}: saved on a big-endian machine, expected little-endian numbers`);
}

function checkEnd(reader: ByteReader, name: string): void {
  if (reader.remaining > 0) throw new AdderNetError('ERR_CORRUPT', `${name}: ${reader.remaining} bytes follow the end of the data`);
}

/** Runs the pickle of the saved object; its tensors are descriptions until the storages are read. */
function readObject(reader: ByteReader, name: string): SavedObject {
  const storages = new Map<string, Storage>();
  const corrupt = (why: string) => new AdderNetError('ERR_CORRUPT', `${name}: ${why}`);

  // ('storage', type, key, device, element count), and in legacy files None or a view of another storage
  const loadPersistent = (id: unknown): Storage => {
    const [kind, type, key, , elements, view] = Array.isArray(id) ? id : [];
    if (kind !== 'storage' || !(type instanceof PickleGlobal) || typeof key !== 'string' || !Number.isSafeInteger(elements) || elements < 0)
      throw corrupt('a storage is not described as torch.save does');
    const dtype = storageTypes.get(type.name);
    if (!dtype)
      throw new AdderNetError('ERR_FORMAT', `${name}: holds a ${type.name}, a type of number not supported here: save model.float()`);
    if (view !== undefined && view !== null)
      throw new AdderNetError('ERR_FORMAT', `${name}: storage ${key} is a view of another: save it again with a later PyTorch`);
    const known = storages.get(key) ?? new Storage(key, dtype, elements);
    if (known.dtype !== dtype || known.elements !== elements) throw corrupt(`storage ${key} is described in two ways`);
    storages.set(key, known);
    return known;
  };

  const rebuildTensor = ([storage, offset, shape, strides]: readonly unknown[]): StridedTensor => {
    if (!(storage instanceof Storage) || !Array.isArray(shape) || !Array.isArray(strides))
      throw corrupt('a tensor is not described as torch.save does');
    // Copies: the pickle could still append to its lists after they are checked.
    const tensor = new StridedTensor(storage, offset as number, [...shape], [...strides]);
    checkStrided(`${name}: a tensor of storage ${tensor.storage.key}`, tensor);
    return tensor;
  };

  const globals: PermittedGlobals = new Map<string, ((args: readonly unknown[]) => unknown) | null>([
    ...[...storageTypes.keys()].map((type) => [type, null] as const),
    ['collections.OrderedDict', orderedDict],
    ['torch._utils._rebuild_tensor_v2', rebuildTensor],
    ['torch._utils._rebuild_parameter', ([tensor]) => tensor],
  ]);
  return { object: unpickle(reader, name, { globals, loadPersistent }), storages };

  function orderedDict(args: readonly unknown[]): Map<unknown, unknown> {
    if (args.length > 0)
      throw new AdderNetError('ERR_FORMAT', `${name}: an OrderedDict is built from arguments, as Python 2 did: save it again`);
    return new Map();
  }
}

/** The tensors of a state dict, or of a checkpoint around one, by name. */
function stateDict(object: unknown, name: string): Map<string, StridedTensor> {
  const tensors = new Map<string, StridedTensor>();
  const seen = new Set<unknown>();
  const collect = (dict: Map<unknown, unknown>, prefix: string, depth: number): void => {
    // A pickle may put a dict into itself, or the same one into many places.
    if (seen.has(dict) || depth > deepestDict)
      throw new AdderNetError('ERR_FORMAT', `${name}: a dict is contained twice or more than ${deepestDict} deep`);
    seen.add(dict);
    for (const [part, value] of dict) {
      if (!(value instanceof Map) && !(value instanceof StridedTensor)) continue;
      if (typeof part !== 'string' && typeof part !== 'number')
        throw new AdderNetError('ERR_FORMAT', `${name}: a tensor is named by a ${typeof part}, expected text or a number`);
      const key = `${prefix}${part}`;
      if (value instanceof Map) collect(value, `${key}.`, depth + 1);
      else if (tensors.has(key)) throw new AdderNetError('ERR_FORMAT', `${name}: two tensors are named ${JSON.stringify(key)}`);
      else tensors.set(key, value);
    }
  };
  if (object instanceof Map) collect(stateDictKeys.map((key) => object.get(key)).find((value) => value instanceof Map) ?? object, '', 1);
  if (tensors.size === 0)
    throw new AdderNetError('ERR_FORMAT', `${name}: no tensors in it, expected a state dict: torch.save(model.state_dict(), path)`);

  const prefix = 'module.';
  const isParallel = [...tensors.keys()].every((key) => key.startsWith(prefix));
  return isParallel ? new Map([...tensors].map(([key, tensor]) => [key.slice(prefix.length), tensor])) : tensors;
}
