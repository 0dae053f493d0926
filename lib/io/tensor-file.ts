// What a file of weights holds, whatever its format.
import type { Tensor, TensorData } from '../tensor';
import { type FileSource, readSource, sourceName } from './file-source';
import { parsePytorch } from './pytorch';
import { parseSafetensors } from './safetensors';
import { gather, Storage, StridedTensor } from './strided';

/** The tensors of a file by name. */
export class TensorFile extends Map<string, Tensor<TensorData>> {
  readonly name: string;
  readonly format: 'safetensors' | 'pytorch' | 'npy';
  readonly metadata: Readonly<Record<string, string>>;
  readonly layout: 'addernet' | 'pytorch' | 'unknown';
  readonly storedTypes: ReadonlyMap<string, string> = new Map();
  readonly notes: readonly string[] = [];

  constructor(
    tensors: Iterable<readonly [string, Tensor<TensorData>]>,
    { name, format, metadata, layout }: Pick<TensorFile, 'name' | 'format' | 'metadata' | 'layout'>,
  ) {
    super(tensors);
    this.name = name;
    this.format = format;
    this.metadata = metadata;
    this.layout = layout;
  }

  toPytorchLayout(): TensorFile {
    if (this.layout === 'pytorch') return this;
    const turned = [...this].map(([name, tensor]) => {
      if (tensor.shape.length !== 4) return [name, tensor] as const;
      const storage = new Storage('0', tensor.dtype, tensor.size);
      const strides = tensor.shape.map((_, i) => tensor.shape.slice(i + 1).reduce((a, b) => a * b, 1));
      return [name, gather(tensor.data, new StridedTensor(storage, 0, tensor.shape, strides).permute([0, 2, 3, 1]))] as const;
    });
    return new TensorFile(turned, { ...this, name: this.name, layout: 'pytorch' });
  }
}

export async function readTensors(source: FileSource): Promise<TensorFile> {
  const bytes = await readSource('readTensors', source);
  const name = sourceName(source);
  const isPytorch = bytes[0] === 0x80 || (bytes[0] === 0x50 && bytes[1] === 0x4b);
  if (isPytorch) return new TensorFile(parsePytorch(bytes, name), { name, format: 'pytorch', metadata: {}, layout: 'pytorch' });
  const { tensors, metadata } = parseSafetensors(bytes, name);
  const isOwn = Object.keys(metadata).some((key) => key.startsWith('addernet'));
  const file = new TensorFile(tensors, { name, format: 'safetensors', metadata, layout: isOwn ? 'addernet' : 'unknown' });
  return metadata.format === 'pt' && !isOwn ? file.toPytorchLayout() : file;
}
