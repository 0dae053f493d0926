// Changes bytes at random, in the ways in which parsers are usually wrong: bits, lengths, numbers in text, parts that are missing, repeated or
// of another file.
import type { Random } from '../../dist/random';

export type Mutate = (bytes: Uint8Array) => Uint8Array;

/** Numbers at which counts, lengths and offsets overflow. */
const edges = [0, 1, 2, 3, 4, 7, 8, 63, 64, 65, 127, 128, 255, 256, 32767, 32768, 65535, 65536, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1, 2 ** 53];
const texts = [
  ...['-1', '0', '1', '2', '9', '64', '255', '256', '65536', '2147483647', '4294967296', '9007199254740993', '1e300', '-0', '0.5'],
  ...[
    'null',
    'true',
    '[]',
    '{}',
    '""',
    '"x"',
    '[[]]',
    '{"a":1}',
    '"__proto__"',
    '\\u0000',
    '\u001b[2J',
    '\u009b',
    '\u202e',
    ',',
    ':',
    '"',
    '[',
    '{',
  ],
];
const maxBytes = 32_768;

const pick = <T>(list: readonly T[], random: Random): T => list[random.integer(list.length)]!;

/** A place and a length within the bytes; short ones are likelier. */
function range(length: number, random: Random): [start: number, end: number] {
  const start = random.integer(length);
  const size = 1 + random.integer(random.integer(4) === 0 ? length - start : Math.min(16, length - start));
  return [start, start + size];
}

type Change = (bytes: Uint8Array, random: Random, others: readonly Uint8Array[], words: readonly string[]) => Uint8Array;

const joined = (...parts: Uint8Array[]): Uint8Array => Buffer.concat(parts);

const changes: readonly Change[] = [
  (bytes, random) => set(bytes, random, (old) => old ^ (1 << random.integer(8))),
  (bytes, random) => set(bytes, random, () => random.integer(256)),
  (bytes, random) => set(bytes, random, () => pick([0, 1, 0x7f, 0x80, 0xff, 0x20, 0x2d, 0x30, 0x39], random)),
  (bytes, random) => set(bytes, random, (old) => old + pick([-1, 1], random)),
  // A number of 2, 4 or 8 bytes, near an edge or near the length of the file.
  (bytes, random) => {
    const width = pick([2, 4, 8], random);
    if (bytes.length < width) return bytes;
    const value = BigInt(pick([...edges, bytes.length], random) + pick([0, 0, 1, -1], random)) * pick([1n, 1n, 1n, -1n], random);
    const copy = Uint8Array.from(bytes);
    const little = random.integer(2) === 0;
    const at = random.integer(bytes.length - width + 1);
    for (let i = 0; i < width; i++) copy[at + (little ? i : width - 1 - i)] = Number((value >> BigInt(8 * i)) & 255n);
    return copy;
  },
  // A number in text becomes another one, or another value.
  (bytes, random) => {
    const isDigit = (at: number) => bytes[at]! >= 0x30 && bytes[at]! <= 0x39;
    let start = random.integer(bytes.length);
    while (start < bytes.length && !isDigit(start)) start++;
    let end = start;
    while (end < bytes.length && isDigit(end)) end++;
    return start === end ? bytes : joined(bytes.subarray(0, start), Buffer.from(pick(texts, random)), bytes.subarray(end));
  },
  (bytes, random) => {
    const [start, end] = range(bytes.length, random);
    return joined(bytes.subarray(0, start), bytes.subarray(end));
  },
  (bytes, random) => {
    const [start, end] = range(bytes.length, random);
    return joined(bytes.subarray(0, end), bytes.subarray(start));
  },
  (bytes, random) => {
    const [start, end] = range(bytes.length, random);
    const times = 1 + random.integer(64);
    return joined(bytes.subarray(0, start), ...Array(times).fill(bytes.subarray(start, end)), bytes.subarray(end));
  },
  (bytes, random) => bytes.subarray(0, random.integer(bytes.length)),
  (bytes, random, _, words) => insert(bytes, random, Buffer.from(pick([...texts, ...words], random), 'latin1')),
  (bytes, random, _, words) => (words.length === 0 ? bytes : insert(bytes, random, Buffer.from(pick(words, random), 'latin1'))),
  (bytes, random, others) => {
    const other = pick(others, random);
    if (other.length === 0) return bytes;
    const [start, end] = range(other.length, random);
    return insert(bytes, random, other.subarray(start, end));
  },
  // The start of this file and the end of another.
  (bytes, random, others) => {
    const other = pick(others, random);
    return joined(bytes.subarray(0, random.integer(bytes.length)), other.subarray(random.integer(other.length + 1)));
  },
];

function set(bytes: Uint8Array, random: Random, change: (old: number) => number): Uint8Array {
  const copy = Uint8Array.from(bytes);
  const at = random.integer(bytes.length);
  copy[at] = change(copy[at]!);
  return copy;
}

/** Puts bytes in, or over what is there. */
function insert(bytes: Uint8Array, random: Random, more: Uint8Array): Uint8Array {
  const at = random.integer(bytes.length + 1);
  return joined(bytes.subarray(0, at), more, bytes.subarray(random.integer(2) === 0 ? at : Math.min(bytes.length, at + more.length)));
}

/**
 * @param others inputs from which parts are taken
 * @param words  tokens of the format
 */
export function mutated(bytes: Uint8Array, random: Random, others: readonly Uint8Array[], words: readonly string[] = []): Uint8Array {
  let changed = bytes;
  const count = 1 + random.integer(random.integer(3) === 0 ? 8 : 2);
  for (let i = 0; i < count; i++)
    changed = changed.length === 0 ? pick(others, random) : pick(changes, random)(changed, random, others, words);
  return changed.length > Math.max(maxBytes, bytes.length) ? changed.subarray(0, Math.max(maxBytes, bytes.length)) : changed;
}

const oddValues: readonly unknown[] = [
  ...[null, true, 0, -1, 1, 2, 3, 0.5, 64, 255, 256, 1e300, 2 ** 31 - 1, 2 ** 31, 2 ** 53],
  ...['', 'x', '1', '__proto__', 'f32', 'u8', '\u001b]8;;x\u0007'],
  ...[[], {}, [null], [[[[]]]], [0], [1, 1], [0, 0, 0, 0], { length: 2 }],
];

/** The same JSON with one of its values replaced, removed, repeated or exchanged; text of JSON inside is changed as well. */
export function mutatedJson(json: string, random: Random): string {
  let root: unknown;
  try {
    root = JSON.parse(json);
  } catch {
    return json;
  }
  const places: { holder: Record<string, unknown>; key: string }[] = [];
  const visit = (holder: Record<string, unknown>) => {
    for (const [key, value] of Object.entries(holder)) {
      places.push({ holder, key });
      if (typeof value === 'object' && value !== null && places.length < 10_000) visit(value as Record<string, unknown>);
    }
  };
  const holder = { root };
  visit(holder);
  const { holder: parent, key } = pick(places, random);
  const value = parent[key];
  if (typeof value === 'string' && value.startsWith('{') && random.integer(8) > 0) parent[key] = mutatedJson(value, random);
  else if (typeof value === 'number' && random.integer(2) === 0)
    parent[key] = pick([value + 1, value - 1, -value, 2 * value, value / 2, ...edges], random);
  else {
    const other = pick(places, random);
    switch (random.integer(6)) {
      case 0:
        if (Array.isArray(parent)) parent.splice(Number(key), 1);
        else delete parent[key];
        break;
      case 1:
        if (Array.isArray(parent)) parent.splice(Number(key), 0, value);
        else parent[pick(['x', key.slice(1), `${key}1`, 'version'], random)] = value;
        break;
      case 2:
        parent[key] = structuredClone(other.holder[other.key]);
        break;
      default:
        parent[key] = structuredClone(pick(oddValues, random));
    }
  }
  return JSON.stringify(holder.root) ?? '';
}
