// Where the bytes of a file come from: a disk, or memory (a download, a bundle, a decrypted file).
import { readFile } from 'node:fs/promises';
import { fileURLToPath, URL as NodeUrl } from 'node:url';
import { AdderNetError } from '../errors';
import { typedArrayName } from '../tensor';

/** A file by its path or file: URL, or its bytes. */
export type FileSource = string | URL | Uint8Array | Uint8ClampedArray | ArrayBuffer | Blob;

/** `[object X]` tells built-in objects of every realm: instanceof knows those of one alone. */
export const typeName = (value: unknown): string => Object.prototype.toString.call(value).slice('[object '.length, -1);

/** A text that is a URL rather than a path, as of fetch, of a page or of import.meta. */
const asUrl = (text: string): URL | undefined =>
  /^(file:\/\/|https?:\/\/|blob:|data:[^,]*,)/i.test(text) && NodeUrl.canParse(text) ? new NodeUrl(text) : undefined;

const maxName = 200;
const cut = (name: string): string => (name.length > maxName ? `${name.slice(0, maxName)}…` : name);

/** What a source is called in messages: its path, cut where it is long, or how many bytes there are. */
export function sourceName(source: FileSource): string {
  if (typeof source === 'string') return cut(source);
  if (isUrl(source)) return cut(source.href);
  return `${'size' in source ? source.size : source.byteLength} bytes in memory`;
}

/**
 * The path of a source on disk; undefined if it is bytes.
 * @param op who asks, for messages
 * @throws {AdderNetError} ERR_ARGUMENT if it is neither, or a URL of another kind
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

/** No system has longer paths; texts that are longer are contents, in base64 for example. */
const maxPath = 4096;

function checkedPath(op: string, path: string): string {
  if (path.length <= maxPath) return path;
  throw new AdderNetError(
    'ERR_ARGUMENT',
    `${op}: a text of ${path.length} characters, '${path.slice(0, 20)}…', is no path: pass the bytes of the file, as of Buffer.from(text, 'base64')`,
  );
}

/**
 * @param remedy what to do about a URL of another kind
 * @throws {AdderNetError} ERR_ARGUMENT unless it is a file: URL
 */
export function pathOfUrl(op: string, url: URL, remedy: string): string {
  if (url.protocol === 'file:') return fileURLToPath(url);
  throw new AdderNetError('ERR_ARGUMENT', `${op}: ${cut(url.href)} is no file: URL: ${remedy}`);
}

/**
 * The bytes of a source; those in memory are not copied, but for a Blob's.
 * @throws {AdderNetError} as sourcePath. Errors of the file system pass through as they are
 */
export async function readSource(op: string, source: FileSource): Promise<Uint8Array> {
  const path = sourcePath(op, source);
  if (path !== undefined) return await readFile(path);
  return viewOf(source) ?? new Uint8Array(await (source as Blob).arrayBuffer());
}

export const isUrl = (source: unknown): source is URL => typeName(source) === 'URL';
const isBlob = (source: unknown): source is Blob => typeName(source) === 'Blob' || typeName(source) === 'File';

function viewOf(source: unknown): Uint8Array | undefined {
  const tag = typeName(source);
  const type = typedArrayName(source);
  const isBuffer = tag === 'ArrayBuffer' || tag === 'SharedArrayBuffer';
  if (!isBuffer && type !== 'Uint8Array' && type !== 'Uint8ClampedArray') return undefined;
  const { byteLength } = source as ArrayBuffer | Uint8Array;
  if (byteLength === 0) return new Uint8Array(); // a detached buffer, too, which no view can be made of
  if (isBuffer) return new Uint8Array(source as ArrayBuffer);
  const { buffer, byteOffset } = source as Uint8Array;
  return new Uint8Array(buffer, byteOffset, byteLength);
}
