// Reads ZIP archives without compression, as torch.save writes them.
import { unzipSync } from 'fflate';
import { AdderNetError } from '../errors';
import { quoted } from '../quoted';

/**
 * @param name the file, for messages
 * @returns the bytes of each entry by its path in the archive
 * @throws {AdderNetError} ERR_FORMAT if an entry is compressed; ERR_CORRUPT if the archive is truncated or contradicts itself
 */
export function unzipStored(bytes: Uint8Array, name: string): Map<string, Uint8Array> {
  const sizes = new Map<string, number>();
  let total = 0;
  // fflate trusts the directory, so each entry is checked before it is copied: no file can be larger than its archive.
  const check = (entry: { name: string; size: number; originalSize: number; compression: number }): boolean => {
    const what = `${name}: entry ${quoted(entry.name)} of the archive`;
    if (sizes.has(entry.name)) throw new AdderNetError('ERR_CORRUPT', `${what} occurs twice`);
    if (entry.compression !== 0)
      throw new AdderNetError(
        'ERR_FORMAT',
        `${what} is compressed, which torch.save never does: unpack the ZIP and pack it again without compression (zip -0)`,
      );
    total += entry.size;
    if (entry.originalSize !== entry.size || total > bytes.length)
      throw new AdderNetError('ERR_CORRUPT', `${what} claims ${entry.size} bytes, more than the archive has`);
    sizes.set(entry.name, entry.size);
    return true;
  };
  let entries: Map<string, Uint8Array>;
  try {
    entries = new Map(Object.entries(unzipSync(bytes, { filter: check })));
  } catch (cause) {
    if (cause instanceof AdderNetError) throw cause;
    throw new AdderNetError(
      'ERR_CORRUPT',
      `${name}: the ZIP archive is truncated or damaged: ${(cause as Error).message}: download or copy it again`,
      { cause },
    );
  }
  for (const [entry, size] of sizes)
    if (entries.get(entry)?.length !== size)
      throw new AdderNetError('ERR_CORRUPT', `${name}: entry ${quoted(entry)} of the archive is outside the file`);
  return entries;
}
