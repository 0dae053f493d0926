// Reads the tensors of any weights file.
import { basename, extname } from 'node:path';
import { AdderNetError } from '../errors';
import { checkOptions, optionNames } from '../options';
import { shown } from '../quoted';
import { describeFile, fileKind } from './file-kinds';
import { type FileSource, readSource, sourceName, sourcePath } from './file-source';
import { readNpy, storedNpyType } from './npy';
import { parsePytorch } from './pytorch';
import { safetensorsFile } from './safetensors-file';
import { tensorFile } from './stored-tensors';
import type { TensorFile } from './tensor-file';

/** Options of `readTensors`. */
export interface ReadTensorsOptions {
  /**
   * Where the weights are in a PyTorch checkpoint: keys and list indices joined by dots, such as 'state_dict' or 'models.0'.
   * Default: the most likely place.
   */
  key?: string | undefined;
}
const names = optionNames<ReadTensorsOptions>({ key: true });

/**
 * Reads the tensors of a .safetensors file, of a file of PyTorch's torch.save (.pth, .pt: a state dict, a checkpoint with one, or a whole
 * network, in any of its formats), of a pickle of NumPy arrays, or of a .npy file. The format is recognized by the first bytes, not by the name.
 * No code in a file is ever run. f16, bf16 and f64 become f32, bool u8, u16 i32 and u32 i64. Tensors of other types or without elements are left
 * out; `notes` says which were rounded or left out. Prefixes of wrappers around the network (DataParallel, torch.compile, Lightning) are dropped
 * from the names. If a checkpoint contains several networks, the most likely one is taken, and `notes` says so. The array of a .npy file is
 * named after the file, or 'array' if the source is bytes.
 * @param source the path or file: URL of a file, or its bytes
 * @throws {AdderNetError} ERR_ARGUMENT if there is no such file, or nothing at `key`; ERR_FORMAT if it has another format or contains no named
 *   tensors; ERR_CORRUPT if it is truncated or contradicts itself
 */
export async function readTensors(source: FileSource, options: ReadTensorsOptions = {}): Promise<TensorFile> {
  checkOptions('readTensors', options, names);
  const path = sourcePath('readTensors', source);
  const name = path ?? sourceName(source);
  let bytes: Uint8Array;
  try {
    bytes = await readSource('readTensors', source);
  } catch (cause) {
    throw new AdderNetError('ERR_ARGUMENT', `cannot read ${name}: ${(cause as Error).message}`, { cause });
  }
  return parseTensors(bytes, name, { ...options, array: path === undefined ? 'array' : undefined });
}

/**
 * Reads the tensors of a file in memory; see readTensors.
 * @param name    the file, for messages
 * @param options `array` is the name for the array of a .npy file
 * @throws {AdderNetError} what readTensors throws
 */
export function parseTensors(
  bytes: Uint8Array,
  name: string,
  { key, array = basename(name, extname(name)) }: ReadTensorsOptions & { array?: string | undefined } = {},
): TensorFile {
  const kind = fileKind(bytes);
  if (key !== undefined && typeof key !== 'string')
    throw new AdderNetError('ERR_ARGUMENT', `readTensors: key is ${shown(key)}, expected keys joined by dots, such as 'state_dict'`);
  if (key !== undefined && kind && kind.format !== 'pytorch')
    throw new AdderNetError('ERR_ARGUMENT', `readTensors: key is only for PyTorch checkpoints, which ${name} is not: leave it out`);
  switch (kind?.format) {
    case 'safetensors':
      return safetensorsFile(bytes, name);
    case 'pytorch':
      return tensorFile(parsePytorch(bytes, name, key), { name, format: 'pytorch', metadata: {}, layout: 'pytorch' });
    case 'npy': {
      const stored = { tensors: new Map([[array, readNpy(bytes, name)]]), storedTypes: new Map([[array, storedNpyType(bytes, name)]]) };
      return tensorFile({ ...stored, leftOut: new Map() }, { name, format: 'npy', metadata: {}, layout: 'unknown' });
    }
    default:
      throw new AdderNetError(
        kind?.isBroken ? 'ERR_CORRUPT' : 'ERR_FORMAT',
        `${name} is ${describeFile(bytes) ?? unknown(bytes)}; ${readable}`,
      );
  }
}

const readable = "tensors are read from .safetensors, PyTorch's .pth and .npy";

function unknown(bytes: Uint8Array): string {
  const start = Buffer.from(bytes.subarray(0, 8)).toString('hex');
  return `of unknown format, has ${bytes.length} bytes and begins with ${start.match(/../g)?.join(' ')}`;
}
