// Ways into a file whose outer layer would refuse almost every change: its inside is changed, and the layer made anew around it.
import { gunzipSync, gzipSync } from 'node:zlib';
import { unzipSync, zipSync } from 'fflate';
import type { Random } from '../../dist/random';
import { type Mutate, mutatedJson } from './mutate';

/** @returns the changed file; undefined if it has no such inside */
export type Within = (bytes: Uint8Array, change: Mutate, random: Random) => Uint8Array | undefined;

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString();

/** The JSON of a whole file. */
export const json: Within = (bytes, _, random) => Buffer.from(mutatedJson(text(bytes), random));

/** The header of a safetensors file, whose length is kept right. */
export const safetensorsHeader: Within = (bytes, change, random) => {
  if (bytes.length < 8) return undefined;
  const length = Number(Buffer.from(bytes.subarray(0, 8)).readBigUInt64LE());
  if (8 + length > bytes.length) return undefined;
  const header = bytes.subarray(8, 8 + length);
  const changed = random.integer(8) > 0 ? Buffer.from(mutatedJson(text(header), random)) : change(header);
  const start = Buffer.alloc(8);
  start.writeBigUInt64LE(BigInt(changed.length));
  return Buffer.concat([start, changed, bytes.subarray(8 + length)]);
};

/** The pickle, or another entry, of a ZIP archive. */
export const zipEntry: Within = (bytes, change, random) => {
  let entries: Record<string, Uint8Array>;
  try {
    entries = unzipSync(bytes);
  } catch {
    return undefined;
  }
  const names = Object.keys(entries);
  if (names.length === 0) return undefined;
  const name = names.find((entry) => entry.endsWith('data.pkl') && random.integer(4) > 0) ?? names[random.integer(names.length)]!;
  return zipSync({ ...entries, [name]: change(entries[name]!) }, { level: 0 });
};

export const gzip: Within = (bytes, change) => {
  try {
    return gzipSync(change(gunzipSync(bytes, { maxOutputLength: 100_000 })), { level: 1 });
  } catch {
    return undefined;
  }
};
