// What a file of weights holds, whatever its format.
import type { Tensor, TensorData } from '../tensor';
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
