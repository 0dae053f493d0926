// The contents of a weights file in any format.
import { AdderNetError } from '../errors';
import { quoted } from '../quoted';
import type { Tensor, TensorData } from '../tensor';
import { filterAxes, gather, StridedView } from './strided';

/** The result of reading a format. */
export interface StoredTensors {
  readonly tensors: ReadonlyMap<string, Tensor<TensorData>>;
  /** The type of each tensor in the file. */
  readonly storedTypes: ReadonlyMap<string, string>;
  /** The reasons for leaving out tensors, by name, such as "it has no elements". */
  readonly leftOut: ReadonlyMap<string, string>;
  /** Sentences about what was not read. */
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

/** The tensors of a file by name. All floats are f32, whatever their type in the file; a scalar has shape [1]. */
export class TensorFile extends Map<string, Tensor<TensorData>> {
  /** The file, for messages: its path or its number of bytes. */
  readonly name: string;
  /** The format; 'pytorch' is a torch.save file or a pickle of NumPy arrays. */
  readonly format: 'safetensors' | 'pytorch' | 'npy';
  /** The metadata of a safetensors file, free text of its writer. */
  readonly metadata: Readonly<Record<string, string>>;
  /**
   * The layout of the tensors. 'addernet': this package wrote them. 'pytorch': PyTorch wrote them; filters [co,ci/g,kh,kw] have been transposed
   * to [co,kh,kw,ci/g], but the columns of a Linear after a Flatten are still in the order channels, height, width. 'unknown': as in the file.
   */
  readonly layout: 'addernet' | 'pytorch' | 'unknown';
  /** The type of each tensor in the file: 'f32', 'f16', 'bf16', 'f64', 'bool', 'u16' and so on. */
  readonly storedTypes: ReadonlyMap<string, string>;
  /** Sentences about what was rounded or left out. */
  readonly notes: readonly string[];
  /** The prefix of all names in the file that was dropped, such as DataParallel's 'module.' or Lightning's 'model.'; or ''. */
  readonly droppedPrefix: string;

  /** @internal Use readTensors to read a file. */
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
   * Renames the tensors, for a network with other layer names. Unlike a new Map, the result keeps the layout of the file.
   * @param newName returns the new name of a tensor; undefined leaves it out
   * @throws {AdderNetError} ERR_ARGUMENT if two tensors would get the same name
   */
  rename(newName: (name: string) => string | undefined): TensorFile {
    const renamed = new Map<string, Tensor<TensorData>>();
    const storedTypes = new Map<string, string>();
    for (const [name, tensor] of this) {
      const key = newName(name);
      if (key === undefined) continue;
      if (renamed.has(key)) throw new AdderNetError('ERR_ARGUMENT', `rename: two tensors would get the name ${quoted(key)}`);
      renamed.set(key, tensor);
      storedTypes.set(key, this.storedTypes.get(name)!);
    }
    return new TensorFile(renamed, { ...this, name: this.name, storedTypes, droppedPrefix: '' });
  }

  /**
   * Converts tensors of unknown layout that PyTorch is known to have written: filters, which are f32 of rank 4, are transposed from
   * [co,ci/g,kh,kw] to [co,kh,kw,ci/g]. A file with layout 'pytorch' is returned unchanged.
   * @throws {AdderNetError} ERR_ARGUMENT if this package wrote the file
   */
  toPytorchLayout(): TensorFile {
    if (this.layout === 'pytorch') return this;
    if (this.layout === 'addernet')
      throw new AdderNetError(
        'ERR_ARGUMENT',
        `toPytorchLayout: ${this.name} was written by this package, so its filters must not be transposed`,
      );
    return new TensorFile(transposeFilters(this), { ...this, name: this.name, layout: 'pytorch' });
  }
}

/** Transposes PyTorch's filters, f32 of rank 4, to [co,kh,kw,ci/g]. */
export function* transposeFilters(tensors: ReadonlyMap<string, Tensor<TensorData>>): Generator<readonly [string, Tensor<TensorData>]> {
  for (const [name, tensor] of tensors) {
    const isFilter = tensor.shape.length === 4 && tensor.dtype === 'f32';
    yield [name, isFilter ? gather(tensor.data, StridedView.rowMajor(tensor.shape).permute(filterAxes)) : tensor];
  }
}
