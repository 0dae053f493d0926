// Reads the bytes of a file from disk or from memory (a download, a bundle, a decrypted file).
import { readFile } from 'node:fs/promises';
import { fileURLToPath, URL as NodeUrl } from 'node:url';
import { AdderNetError } from '../errors';
import { type FileSource, isBlob, isUrl, truncate, typeName, viewOf } from './source-bytes';

export { type FileSource, isUrl, sourceName, typeName } from './source-bytes';

/** The URL, if the text is one rather than a path. */
const asUrl = (text: string): URL | undefined =>
  /^(file:\/\/|https?:\/\/|blob:|data:[^,]*,)/i.test(text) && NodeUrl.canParse(text) ? new NodeUrl(text) : undefined;

/**
 * The path of a source on disk; undefined if the source is bytes.
 * @param op the caller, for messages
 * @throws {AdderNetError} ERR_ARGUMENT if it is neither, or a URL other than file:
 */
export function sourcePath(op: string, source: FileSource): string | undefined {
  const url = typeof source === 'string' ? asUrl(source) : isUrl(source) ? source : undefined;
  if (url) return pathOfUrl(op, url, 'fetch it, and pass its bytes');
  if (typeof source === 'string') return checkedPath(op, source);
  if (viewOf(source) || isBlob(source)) return undefined;
  throw new AdderNetError(
    'ERR_ARGUMENT',
    `${op}: the file is ${typeName(source)}, expected a path, a file: URL, or bytes: a Uint8Array, ArrayBuffer or Blob`,
  );
}

/** No system has longer paths. A longer text is probably the contents of a file, for example in base64. */
const maxPath = 4096;

function checkedPath(op: string, path: string): string {
  if (path.length <= maxPath) return path;
  throw new AdderNetError(
    'ERR_ARGUMENT',
    `${op}: a text of ${path.length} characters, '${path.slice(0, 20)}…', is not a path: pass the bytes of the file, such as Buffer.from(text, 'base64')`,
  );
}

/**
 * @param remedy what to do with any other URL
 * @throws {AdderNetError} ERR_ARGUMENT unless it is a file: URL
 */
export function pathOfUrl(op: string, url: URL, remedy: string): string {
  if (url.protocol === 'file:') return fileURLToPath(url);
  throw new AdderNetError('ERR_ARGUMENT', `${op}: ${truncate(url.href)} is not a file: URL: ${remedy}`);
}

/**
 * The bytes of a source. Bytes in memory are not copied, except those of a Blob.
 * @throws {AdderNetError} what sourcePath throws. Errors of the file system pass through unchanged
 */
export async function readSource(op: string, source: FileSource): Promise<Uint8Array> {
  const path = sourcePath(op, source);
  if (path !== undefined) return await readFile(path);
  return viewOf(source) ?? new Uint8Array(await (source as Blob).arrayBuffer());
}
