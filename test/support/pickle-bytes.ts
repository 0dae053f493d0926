// A small assembler of pickles: each function gives the bytes that push one value.

export type Code = readonly number[];

const ascii = (text: string): number[] => [...Buffer.from(text)];
const u32 = (value: number): number[] => [value & 255, (value >>> 8) & 255, (value >>> 16) & 255, value >>> 24];
const mark = 0x28;

export const none: Code = [0x4e];
export const bool = (value: boolean): Code => [value ? 0x88 : 0x89];
export const int = (value: number): Code => (value >= 0 && value < 256 ? [0x4b, value] : [0x4a, ...u32(value)]);
export const float = (value: number): Code => {
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleBE(value);
  return [0x47, ...bytes];
};
/** LONG1: two's complement of up to 255 bytes, little-endian. */
export const long = (...bytes: number[]): Code => [0x8a, bytes.length, ...bytes];
export const text = (value: string): Code => [0x58, ...u32(Buffer.byteLength(value)), ...ascii(value)];
export const tuple = (...items: Code[]): Code => [mark, ...items.flat(), 0x74];
export const list = (...items: Code[]): Code => [0x5d, mark, ...items.flat(), 0x65];
export const items = (entries: Iterable<readonly [Code, Code]>): Code => [mark, ...[...entries].flat(2), 0x75];
export const dict = (...entries: (readonly [Code, Code])[]): Code => [0x7d, ...items(entries)];
export const global = (module: string, name: string): Code => [0x63, ...ascii(`${module}\n${name}\n`)];
export const reduce = (callee: Code, args: Code): Code => [...callee, ...args, 0x52];
export const build = (object: Code, state: Code): Code => [...object, ...state, 0x62];
export const persistent = (id: Code): Code => [...id, 0x51];
/** A whole pickle of protocol 2. */
export const pickle = (value: Code): Uint8Array => Uint8Array.from([0x80, 2, ...value, 0x2e]);
