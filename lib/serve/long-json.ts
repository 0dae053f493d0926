// JSON of megabytes. JSON.parse stops the event loop for as long as it takes, and may need forty times the memory of the text. Long arrays of
// numbers, of which such requests consist, are therefore taken out of the text and read in chunks, without an object for each array; what remains
// must be short.
import { randomUUID } from 'node:crypto';
import { setImmediate } from 'node:timers';
import { throwIfAborted } from '../session/abort';
import { badRequest } from './http-error';
import { type Json, maxAtOnce, parseRequestJson } from './request-json';

/** Arrays of numbers below this length in bytes stay where they are. */
const minArray = 1024;
/** More than the dimensions of an input. */
const maxDepth = 8;
/** In bytes: how much is looked through in one turn of the event loop. */
const chunkBytes = 1 << 17;

const [quote, backslash, open, close] = Buffer.from('"\\[]') as unknown as [number, number, number, number];

/** What may be in an array of numbers. */
const isNumeric = new Uint8Array(256);
for (const byte of Buffer.from('[]0123456789+-.eE, \t\r\n')) isNumeric[byte] = 1;

interface LongJson {
  /** The text without its long arrays of numbers. */
  readonly rest: Buffer;
  /** The text of the array for which a value of the rest stands; undefined if it stands for none. */
  arrayOf(value: unknown): Buffer | undefined;
}

/**
 * Parses a JSON object in which each long array of numbers is a Buffer, the array's text; whether that is JSON is not checked.
 * @param signal ends the work
 * @throws {HttpError} as a rejection: 400 as of `withoutNumbers` and `parseRequestJson`; the signal's reason
 */
export async function parseLongJson(text: Buffer, signal?: AbortSignal): Promise<Json> {
  const { rest, arrayOf } = await withoutNumbers(text, signal);
  const request = parseRequestJson(rest);
  // A loop over a list that grows: the recursion of a reviver overflows the stack on deep nesting.
  const parts = [request];
  for (const part of parts)
    for (const key of Object.keys(part)) {
      const value = part[key];
      if (typeof value !== 'object' || value === null) continue;
      const array = arrayOf(value);
      if (array) part[key] = array;
      else parts.push(value as Json);
    }
  return request;
}

/**
 * @param signal ends the work
 * @throws {HttpError} as a rejection: 400 if there is more than numbers, or if arrays of numbers are nested too deeply; the signal's reason
 */
export async function withoutNumbers(text: Buffer, signal?: AbortSignal): Promise<LongJson> {
  const arrays = new Map<unknown, Buffer>();
  // Cannot be guessed by a client, and makes an array of each placeholder, which JSON does not allow where a string is a key.
  const id = randomUUID();
  const rest: Buffer[] = [];
  let restLength = 0;
  const keep = (bytes: Buffer): void => {
    restLength += bytes.length;
    if (restLength > maxAtOnce) throw tooLong();
    rest.push(bytes);
  };
  let kept = 0; // what comes before was kept or taken out
  let turnEnds = chunkBytes;
  for (let i = 0; i < text.length; ) {
    const byte = text[i];
    if (byte === quote) i = endOfString(text, i);
    else if (byte !== open) i++;
    else {
      const start = i;
      let depth = 0;
      do {
        const inner = text[i]!;
        if (isNumeric[inner] === 0) break;
        if (inner === open && ++depth > maxDepth) throw badRequest(`the body holds arrays nested more than ${maxDepth} deep, such as data`);
        if (inner === close) depth--;
        i++;
        if (i > turnEnds) {
          turnEnds = i + chunkBytes;
          await nextTurn(signal);
        }
      } while (depth > 0 && i < text.length);
      if (depth === 0 && i - start >= minArray) {
        keep(text.subarray(kept, start));
        const name = `${id} ${arrays.size}`;
        arrays.set(name, text.subarray(start, i));
        keep(Buffer.from(JSON.stringify([name])));
        kept = i;
      }
    }
    if (i - kept > maxAtOnce) throw tooLong();
  }
  keep(text.subarray(kept));
  return { rest: Buffer.concat(rest), arrayOf: (value) => (Array.isArray(value) ? arrays.get(value[0]) : undefined) };
}

const tooLong = () => badRequest(`the body has more than ${maxAtOnce} bytes of JSON besides the numbers of data`);

/** The place after a string that starts at `start`. @throws {HttpError} 400 if it is too long */
function endOfString(text: Buffer, start: number): number {
  for (let end = text.indexOf(quote, start + 1); end >= 0; end = text.indexOf(quote, end + 1)) {
    if (end - start > maxAtOnce) throw tooLong();
    let escapes = 0;
    while (text[end - 1 - escapes] === backslash) escapes++;
    if (escapes % 2 === 0) return end + 1;
  }
  return text.length;
}

const waiting: (() => void)[] = [];

/**
 * Resolves in a later turn of the event loop, in each of which only one caller goes on: however many there are, others wait for one chunk.
 * @throws the signal's reason, as a rejection, if it has aborted by then
 */
export async function nextTurn(signal?: AbortSignal): Promise<void> {
  await new Promise<void>((resolve) => {
    if (waiting.push(resolve) === 1) setImmediate(goOn);
  });
  throwIfAborted(signal);
}

function goOn(): void {
  waiting.shift()!();
  if (waiting.length > 0) setImmediate(goOn);
}
