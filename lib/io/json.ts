// Parses the JSON in files. JSON.parse takes anything: a file of brackets alone takes 30 times its size in memory, and a value nested a million
// deep overflows the stack of whatever reads it later.
import { AdderNetError } from '../errors';
import { quoted } from '../quoted';

/** Layers may be nested 64 deep, each by an object and a list. */
const maxDepth = 200;
/** Objects and lists. A network of 10,000 layers has fewer than 200,000, a file of 200,000 tensors 600,001. */
const maxContainers = 1_000_000;

/**
 * @param what the file, and what in it is JSON, for messages
 * @throws {AdderNetError} ERR_CORRUPT if it is not JSON, an object has a key twice, or it is nested too deep; ERR_FORMAT if it is too large
 */
export function parseJson(json: string, what: string): unknown {
  checkNesting(json, what);
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch (cause) {
    // The engine's message would quote the file.
    const [at = ''] = / at position \d+/.exec((cause as Error).message) ?? [];
    throw new AdderNetError('ERR_CORRUPT', `${what} is not JSON${at}`, { cause });
  }
  const repeated = repeatedKey(json);
  if (repeated !== undefined) throw new AdderNetError('ERR_CORRUPT', `${what} has ${quoted(repeated)} twice`);
  return value;
}

const [quote, backslash, colon] = [0x22, 0x5c, 0x3a];
const isOpening = (code: number): boolean => code === 0x7b || code === 0x5b; // { [
const isClosing = (code: number): boolean => code === 0x7d || code === 0x5d; // } ]
const isSpace = (code: number): boolean => code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09;

/** The index of the quotation mark that ends the string; the length of the text if none does. */
function endOfString(json: string, start: number): number {
  let i = start + 1;
  for (; i < json.length && json.charCodeAt(i) !== quote; i++) if (json.charCodeAt(i) === backslash) i++;
  return i;
}

function checkNesting(json: string, what: string): void {
  let [depth, containers] = [0, 0];
  for (let i = 0; i < json.length; i++) {
    const code = json.charCodeAt(i);
    if (code === quote) i = endOfString(json, i);
    else if (isClosing(code)) depth--;
    else if (isOpening(code)) {
      if (++depth > maxDepth) throw new AdderNetError('ERR_CORRUPT', `${what} is nested more than ${maxDepth} deep`);
      if (++containers > maxContainers) throw new AdderNetError('ERR_FORMAT', `${what} has more than ${maxContainers} objects and lists`);
    }
  }
}

/** The first duplicate key of an object in `json`, which must be valid. JSON.parse would silently keep the last value. */
function repeatedKey(json: string): string | undefined {
  const open: Set<string>[] = [];
  for (let i = 0; i < json.length; i++) {
    const code = json.charCodeAt(i);
    if (isOpening(code)) open.push(new Set());
    else if (isClosing(code)) open.pop();
    else if (code === quote) {
      const start = i;
      i = endOfString(json, i);
      let next = i + 1;
      while (isSpace(json.charCodeAt(next))) next++;
      if (json.charCodeAt(next) !== colon) continue;
      const text = json.slice(start + 1, i);
      const key: string = text.includes('\\') ? JSON.parse(json.slice(start, i + 1)) : text;
      const keys = open.at(-1)!;
      if (keys.has(key)) return key;
      keys.add(key);
    }
  }
  return undefined;
}
