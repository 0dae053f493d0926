// What a file is given as: where it is, or its bytes.
import { typedArrayName } from '../tensor';

/** A file by its path or file: URL, or its bytes. */
export type FileSource = string | URL | Uint8Array | Uint8ClampedArray | ArrayBuffer | Blob;

/** The X of `[object X]`, which identifies built-in objects of every realm; instanceof works only within one. */
export const typeName = (value: unknown): string => Object.prototype.toString.call(value).slice('[object '.length, -1);

const maxName = 200;
export const truncate = (name: string): string => (name.length > maxName ? `${name.slice(0, maxName)}…` : name);

/** The name of a source in messages: its path, truncated if it is long, or its number of bytes. */
export function sourceName(source: FileSource): string {
  if (typeof source === 'string') return truncate(source);
  if (isUrl(source)) return truncate(source.href);
  return `${'size' in source ? source.size : source.byteLength} bytes in memory`;
}

export const isUrl = (source: unknown): source is URL => typeName(source) === 'URL';
export const isBlob = (source: unknown): source is Blob => typeName(source) === 'Blob' || typeName(source) === 'File';

/** The bytes of memory; undefined if the source is none. */
export function viewOf(source: unknown): Uint8Array | undefined {
  const tag = typeName(source);
  const type = typedArrayName(source);
  const isBuffer = tag === 'ArrayBuffer' || tag === 'SharedArrayBuffer';
  if (!isBuffer && type !== 'Uint8Array' && type !== 'Uint8ClampedArray') return undefined;
  const { byteLength } = source as ArrayBuffer | Uint8Array;
  if (byteLength === 0) return new Uint8Array(); // this includes detached buffers, which cannot have views
  if (isBuffer) return new Uint8Array(source as ArrayBuffer);
  const { buffer, byteOffset } = source as Uint8Array;
  return new Uint8Array(buffer, byteOffset, byteLength);
}

// Types that this package uses and the user's configuration may lack (lib.dom, @types/node, and lib.esnext.disposable from TypeScript 5.2 on
// declare them). Existing declarations merge with these.
declare global {
  interface AbortSignal {}
  interface Blob {}
  interface SymbolConstructor {
    readonly dispose: unique symbol;
  }
  interface URL {}
}
