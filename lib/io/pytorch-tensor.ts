// Reads tensors in a pickle. PyTorch and NumPy describe them by calls of the functions that would rebuild them.
import { AdderNetError } from '../errors';
import { quoted } from '../quoted';
import { elementCount } from '../shape';
import { numpyType } from './npy';
import { isPickledArray, pickledArray } from './numpy-pickle';
import { elementBytes, type FileType } from './payload';
import { bytesIn, PickleGlobal, PickleObject } from './pickle-values';
import { isReadable, Storage, StorageView, typeOfDtype } from './pytorch-storage';
import { checkView, StridedView } from './strided';

/** The description of a tensor in a pickle. Its numbers are in the storage. */
export interface PickledTensor {
  readonly storage: Storage;
  readonly type: FileType;
  readonly view: StridedView;
}

/** Functions with the arguments (storage, offset, shape, strides, ...). */
const rebuilders = new Set(['torch._utils._rebuild_tensor', 'torch._utils._rebuild_tensor_v2', 'torch._utils._rebuild_tensor_v3']);

/** Functions whose first argument is the tensor. */
const wrappers = new Set([
  'torch._utils._rebuild_parameter',
  'torch._utils._rebuild_parameter_with_state',
  'torch._utils._rebuild_device_tensor_from_cpu_tensor',
  'torch._utils._rebuild_device_tensor_from_numpy',
  'torch._utils._rebuild_xla_tensor',
  'torch.nn.parameter.Parameter',
  'torch.nn.parameter.Buffer',
]);

/** Functions for tensors of a subclass, with the arguments (function, class, its arguments, state). */
const rebuildersOfClasses = new Set([
  'torch._tensor._rebuild_from_type',
  'torch._tensor._rebuild_from_type_v2',
  'torch.tensor._rebuild_from_type',
]);

/** Functions for tensors that are not an array of numbers, and why they cannot be read. */
const unreadable = new Map([
  ['torch._utils._rebuild_qtensor', 'it is quantized'],
  ['torch._utils._rebuild_sparse_tensor', 'it is sparse'],
  ['torch._utils._rebuild_sparse_csr_tensor', 'it is sparse'],
  ['torch._utils._rebuild_nested_tensor', 'it is nested'],
  ['torch._utils._rebuild_meta_tensor_no_storage', 'it is on the meta device, without numbers'],
  ['torch._utils._rebuild_wrapper_subclass', 'its numbers are not in the file'],
]);

/** The depth of nested wrappers; PyTorch itself writes at most three. */
const maxWrappers = 16;

export function isTensor(value: unknown): value is PickleObject {
  if (!(value instanceof PickleObject)) return false;
  const { name } = value;
  return rebuilders.has(name) || wrappers.has(name) || rebuildersOfClasses.has(name) || unreadable.has(name) || isPickledArray(value);
}

/** Reads the descriptions of one file. */
export class TensorReader {
  readonly #arrays = new Map<PickleObject, PickledTensor | string>();
  readonly #embedded = new Map<PickleObject, Storage>();

  /**
   * @param name         the file, for messages
   * @param readStorage  reads a storage that is embedded in the pickle as a file
   * @param takeBytes    called with the size of each array that is embedded in the pickle, since many arrays may share the same bytes
   */
  constructor(
    readonly name: string,
    readonly readStorage: (bytes: Uint8Array) => unknown,
    readonly takeBytes: (bytes: number) => void,
  ) {}

  /**
   * @param value a value for which isTensor is true
   * @returns the tensor, or the reason why it is left out
   * @throws {AdderNetError} ERR_CORRUPT if the file contradicts itself
   */
  read(value: PickleObject): PickledTensor | string {
    let object: unknown = value;
    for (let depth = 0; depth < maxWrappers && object instanceof PickleObject; depth++) {
      const { name, args } = object;
      const reason = unreadable.get(name);
      if (reason !== undefined) return reason;
      if (isPickledArray(object)) return this.#array(object);
      if (rebuilders.has(name)) return this.#tensor(name.endsWith('_v3') ? args[6] : undefined, args);
      if (rebuildersOfClasses.has(name) && Array.isArray(args[2])) object = new PickleObject(args[0], args[2]);
      else object = wrappers.has(name) ? args[0] : undefined;
    }
    return 'it has an unknown class';
  }

  /** @param dtype default: the type of the storage */
  #tensor(dtype: unknown, [source, offset, shape, strides]: readonly unknown[]): PickledTensor | string {
    const storage = this.#storage(source);
    if (!storage || !Array.isArray(shape) || !Array.isArray(strides))
      throw this.#corrupt('the description of a tensor is not one of torch.save');
    if (![offset, ...shape, ...strides].every((value) => Number.isSafeInteger(value) && value >= 0))
      throw this.#corrupt(`a tensor of storage ${quoted(storage.key)}: its offset, shape and strides are not counts of elements`);
    const start = source instanceof StorageView ? source.offset : 0;
    const type = dtype instanceof PickleGlobal ? typeOfDtype(dtype.name) : storage.type;
    return this.#checked(storage, type, new StridedView((offset as number) + start, shape, strides));
  }

  #storage(source: unknown): Storage | undefined {
    if (source instanceof Storage) return source;
    if (source instanceof StorageView) return source.storage;
    if (!(source instanceof PickleObject) || source.name !== 'torch.storage._load_from_bytes') return undefined;
    const known = this.#embedded.get(source);
    if (known) return known;
    const bytes = bytesIn(source.args[0]);
    if (!bytes) return undefined;
    this.takeBytes(bytes.length);
    const storage = this.readStorage(bytes);
    if (!(storage instanceof Storage)) return undefined;
    this.#embedded.set(source, storage);
    return storage;
  }

  #array(object: PickleObject): PickledTensor | string {
    const tensor = this.#arrays.get(object) ?? this.#newArray(object);
    this.#arrays.set(object, tensor);
    return tensor;
  }

  #newArray(object: PickleObject): PickledTensor | string {
    const array = pickledArray(object);
    if (!array) return 'it is a NumPy array without numbers';
    const { bytes, descr, isFortran } = array;
    const shape = array.shape as number[];
    if (!shape.every((size) => Number.isSafeInteger(size) && size >= 0))
      throw this.#corrupt('the shape of an array is not a list of sizes');
    this.takeBytes(bytes.length);
    const storage = new Storage('NumPy', numpyType(descr) ?? `NumPy's ${descr}`, bytes.length, 1);
    storage.bytes = bytes;
    const axes = shape.map((_, axis) => shape.length - 1 - axis);
    return this.#checked(
      storage,
      storage.type,
      isFortran ? StridedView.rowMajor([...shape].reverse()).permute(axes) : StridedView.rowMajor(shape),
    );
  }

  #checked(storage: Storage, type: string, view: StridedView): PickledTensor | string {
    if (!isReadable(type)) return `its type is ${quoted(type)}, which is not supported`;
    if (elementCount(view.shape) === 0) return 'it has no elements';
    const expected = storage.elements * (storage.elementBytes ?? Number.NaN);
    if (storage.bytes?.length !== expected)
      throw this.#corrupt(`storage ${quoted(storage.key)} has ${storage.bytes?.length ?? 'no'} bytes, expected ${expected}`);
    checkView(`${this.name}: a tensor of storage ${quoted(storage.key)}`, view, Math.floor(expected / elementBytes(type)));
    return { storage, type, view };
  }

  #corrupt(why: string): AdderNetError {
    return new AdderNetError('ERR_CORRUPT', `${this.name}: ${why}`);
  }
}
