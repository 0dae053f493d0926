// The part of the tar format that data sets need: blocks of 512 bytes; a header for each file (name at 0, size in octal digits at 124, type at
// 156), then its contents, padded to a block; two blocks of zeros at the end.
import { AdderNetError } from '../errors';

const blockBytes = 512;

/**
 * The regular files of an archive.
 * @param name the archive, for messages
 * @throws {AdderNetError} ERR_CORRUPT if it is truncated or a size is not a number
 */
export function* tarFiles(bytes: Uint8Array, name: string): Generator<{ path: string; content: Uint8Array }> {
  const text = (from: number, to: number): string => Buffer.from(bytes.subarray(from, to)).toString('latin1').replace(/\0.*$/s, '').trim();
  for (let at = 0; at + blockBytes <= bytes.length && bytes[at] !== 0; ) {
    const octal = text(at + 124, at + 136);
    const size = /^[0-7]+$/.test(octal) ? Number.parseInt(octal, 8) : Number.NaN;
    const begin = at + blockBytes;
    if (!(begin + size <= bytes.length))
      throw new AdderNetError('ERR_CORRUPT', `${name}: the archive is truncated or damaged at byte ${at}`);
    const type = String.fromCharCode(bytes[at + 156]!);
    if (type === '0' || type === '\0') yield { path: text(at, at + 100), content: bytes.subarray(begin, begin + size) };
    at = begin + Math.ceil(size / blockBytes) * blockBytes;
  }
}
