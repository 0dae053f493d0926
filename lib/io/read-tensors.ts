// The tensors of any file of weights.
import { type FileSource, readSource, sourceName } from './file-source';
import { parsePytorch } from './pytorch';
import { parseSafetensors } from './safetensors';
import { TensorFile } from './tensor-file';

export async function readTensors(source: FileSource): Promise<TensorFile> {
  const bytes = await readSource('readTensors', source);
  const name = sourceName(source);
  const isPytorch = bytes[8] !== 0x7b && (bytes[0] === 0x80 || (bytes[0] === 0x50 && bytes[1] === 0x4b)); // 0x7b is {
  if (isPytorch) return new TensorFile(parsePytorch(bytes, name), { name, format: 'pytorch', metadata: {}, layout: 'pytorch' });
  const { tensors, metadata } = parseSafetensors(bytes, name);
  const isOwn = Object.keys(metadata).some((key) => key.startsWith('addernet'));
  const file = new TensorFile(tensors, { name, format: 'safetensors', metadata, layout: isOwn ? 'addernet' : 'unknown' });
  return metadata.format === 'pt' && !isOwn ? file.toPytorchLayout() : file;
}
