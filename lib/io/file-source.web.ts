// Reads the bytes of a file from the network, or from memory.
import { AdderNetError } from '../errors';
import { fetchBytes } from './fetch-bytes.web';
import { type FileSource, isBlob, isUrl, typeName, viewOf } from './source-bytes';

export { type FileSource, isUrl, sourceName, typeName } from './source-bytes';

/**
 * The address of a source; undefined if the source is bytes.
 * @param op the caller, for messages
 * @throws {AdderNetError} ERR_ARGUMENT if it is neither
 */
export function sourcePath(op: string, source: FileSource): string | undefined {
  if (typeof source === 'string') return source;
  if (isUrl(source)) return source.href;
  if (viewOf(source) || isBlob(source)) return undefined;
  throw new AdderNetError(
    'ERR_ARGUMENT',
    `${op}: the file is ${typeName(source)}, expected a URL, or bytes: a Uint8Array, ArrayBuffer or Blob`,
  );
}

/**
 * The bytes of a source. Bytes in memory are not copied, except those of a Blob.
 * @throws {AdderNetError} what sourcePath throws; ERR_NETWORK if it cannot be fetched
 */
export async function readSource(op: string, source: FileSource): Promise<Uint8Array> {
  const url = sourcePath(op, source);
  if (url !== undefined) return await fetchBytes(url);
  return viewOf(source) ?? new Uint8Array(await (source as Blob).arrayBuffer());
}
