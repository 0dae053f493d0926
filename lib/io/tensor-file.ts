// What a file of weights holds, whatever its format.
import { AdderNetError } from '../errors';
import { quoted } from '../quoted';
import type { Tensor, TensorData } from '../tensor';
import { filterAxes, gather, StridedView } from './strided';

/** What the reader of a format finds. */
export interface StoredTensors {
  readonly tensors: ReadonlyMap<string, Tensor<TensorData>>;
  /** The type of each in the file. */
  readonly storedTypes: ReadonlyMap<string, string>;
  /** Why tensors were left out, by name: "it has no elements". */
  readonly leftOut: ReadonlyMap<string, string>;
  /** What was passed over, in whole sentences. */
  readonly notes?: readonly string[];
}

export interface TensorFileInfo {
  readonly name: string;
  readonly format: TensorFile['format'];
  readonly metadata: TensorFile['metadata'];
  readonly layout: TensorFile['layout'];
  readonly storedTypes: TensorFile['storedTypes'];
  readonly notes: TensorFile['notes'];
  readonly droppedPrefix: string;
}

/** The tensors of a file by name. Floats are f32, whatever they are in the file; a scalar has shape [1]. */
export class TensorFile extends Map<string, Tensor<TensorData>> {
  /** The file, for messages: its path, or how many bytes there were. */
  readonly name: string;
  /** 'pytorch' is a file of torch.save, or a pickle of NumPy arrays. */
  readonly format: 'safetensors' | 'pytorch' | 'npy';
  /** Of a safetensors file; free text of its writer. */
  readonly metadata: Readonly<Record<string, string>>;
  /**
   * How tensors lie. 'addernet': this package wrote them. 'pytorch': PyTorch did; filters [co,ci/g,kh,kw] have been turned to [co,kh,kw,ci/g],
   * but the columns of a Linear after a Flatten still follow channels, height, width. 'unknown': as in the file, which does not say.
   */
  readonly layout: 'addernet' | 'pytorch' | 'unknown';
  /** The type of each tensor in the file: 'f32', 'f16', 'bf16', 'f64', 'bool', 'u16' and so on. */
  readonly storedTypes: ReadonlyMap<string, string>;
  /** What was rounded or left out, in whole sentences. */
  readonly notes: readonly string[];
  /** What all names in the file began with, and do not here: that of a wrapper, such as DataParallel's 'module.' or Lightning's 'model.'; or ''. */
  readonly droppedPrefix: string;

  /** @internal Files are read by readTensors. */
  constructor(tensors: Iterable<readonly [string, Tensor<TensorData>]>, info: TensorFileInfo) {
    super(tensors);
    this.name = info.name;
    this.format = info.format;
    this.metadata = info.metadata;
    this.layout = info.layout;
    this.storedTypes = info.storedTypes;
    this.notes = info.notes;
    this.droppedPrefix = info.droppedPrefix;
  }

  /**
   * The tensors under other names, for a network that calls its layers otherwise. Unlike a Map made by hand, the result still knows whose
   * layout the file has.
   * @param newName the name for each; undefined leaves the tensor out
   * @throws {AdderNetError} ERR_ARGUMENT if two tensors would have one name
   */
  rename(newName: (name: string) => string | undefined): TensorFile {
    const renamed = new Map<string, Tensor<TensorData>>();
    const storedTypes = new Map<string, string>();
    for (const [name, tensor] of this) {
      const key = newName(name);
      if (key === undefined) continue;
      if (renamed.has(key)) throw new AdderNetError('ERR_ARGUMENT', `rename: two tensors would be called ${quoted(key)}`);
      renamed.set(key, tensor);
      storedTypes.set(key, this.storedTypes.get(name)!);
    }
    return new TensorFile(renamed, { ...this, name: this.name, storedTypes, droppedPrefix: '' });
  }

  /**
   * The same tensors where it is known from elsewhere that PyTorch wrote them: f32 tensors of rank 4, its filters [co,ci/g,kh,kw], are turned
   * to [co,kh,kw,ci/g]. A file of layout 'pytorch' is returned as it is.
   * @throws {AdderNetError} ERR_ARGUMENT if this package wrote the file
   */
  toPytorchLayout(): TensorFile {
    if (this.layout === 'pytorch') return this;
    if (this.layout === 'addernet')
      throw new AdderNetError('ERR_ARGUMENT', `toPytorchLayout: ${this.name} was written by this package, its filters need no turning`);
    return new TensorFile(turnFilters(this), { ...this, name: this.name, layout: 'pytorch' });
  }
}

/** Turns PyTorch's filters, f32 of rank 4, to [co,kh,kw,ci/g]. */
export function* turnFilters(tensors: ReadonlyMap<string, Tensor<TensorData>>): Generator<readonly [string, Tensor<TensorData>]> {
  for (const [name, tensor] of tensors) {
    const isFilter = tensor.shape.length === 4 && tensor.dtype === 'f32';
    yield [name, isFilter ? gather(tensor.data, StridedView.rowMajor(tensor.shape).permute(filterAxes)) : tensor];
  }
}
