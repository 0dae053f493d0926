// The tensors of a .safetensors file, in the layout that its writer says.
import { parseSafetensors } from './safetensors';
import { rounded, tensorFile } from './stored-tensors';
import { type TensorFile, transposeFilters } from './tensor-file';

/**
 * @param name the file, for messages
 * @throws {AdderNetError} ERR_FORMAT if it is not safetensors or holds no tensors; ERR_CORRUPT if it is truncated or contradicts itself
 */
export function safetensorsFile(bytes: Uint8Array, name: string): TensorFile {
  const { metadata, ...stored } = parseSafetensors(bytes, name);
  const isOwn = Object.keys(metadata).some((key) => key.startsWith('addernet'));
  if (isOwn) return tensorFile(stored, { name, format: 'safetensors', metadata, layout: 'addernet' });
  if (metadata.format !== 'pt') return tensorFile(stored, { name, format: 'safetensors', metadata, layout: 'unknown' });
  const turned = { ...stored, tensors: new Map(transposeFilters(rounded(stored.tensors))) };
  return tensorFile(turned, { name, format: 'safetensors', metadata, layout: 'pytorch' });
}
