// Reads the text of a JSON array of numbers, flat or nested like a shape, in chunks between which other requests are served.
import { elementCount, shapeText } from '../shape';
import { badRequest } from './http-error';
import { nextTurn } from './long-json';

/** In bytes: how much is read in one turn of the event loop. */
const chunkBytes = 1 << 15;
const maxNumberLength = 1000;
/** All powers of ten that a double holds exactly. */
const powers = Array.from({ length: 23 }, (_, exponent) => Number(`1e${exponent}`));

const code = (character: string): number => character.charCodeAt(0);
const [open, close, comma, space] = Array.from('[], ', code) as [number, number, number, number];
const [minus, plus, point] = Array.from('-+.', code) as [number, number, number];
const [zero, nine] = [code('0'), code('9')];

/**
 * @param text   consists only of digits, signs, points, e, commas, white space and brackets, which balance
 * @param shape  [n,h,w,c]
 * @param signal ends the work
 * @returns the numbers in row-major order
 * @throws {HttpError} as a rejection: 400 if the text is not JSON or does not fit the shape; the signal's reason
 */
export async function readNumbers<A extends Float32Array | Float64Array>(
  text: Buffer,
  shape: readonly number[],
  Elements: new (length: number) => A,
  signal?: AbortSignal,
): Promise<A> {
  const count = elementCount(shape);
  // The shape is only what the request claims: each number takes a digit and a comma.
  if (2 * count > text.length) throw badRequest(`inputs[0].data has fewer than the ${count} numbers of its shape ${shapeText(shape)}`);
  const values = new Elements(count);
  let first = 1;
  while (text[first]! <= space) first++;
  const expected = [text[first] === open ? shape[0]! : count, ...shape.slice(1)];
  const counts = new Array<number>(shape.length).fill(0);
  let [depth, stored, i] = [-1, 0, 0];
  let needsValue = true;
  const parser = new NumberParser(text);
  for (let turnEnds = chunkBytes; i < text.length; ) {
    if (i > turnEnds) {
      turnEnds = i + chunkBytes;
      await nextTurn(signal);
    }
    const byte = text[i]!;
    if (byte <= space) i++;
    else if (byte === comma) {
      if (needsValue) throw notJson(i);
      needsValue = true;
      i++;
    } else if (byte === close) {
      if (needsValue && counts[depth]! > 0) throw notJson(i);
      if (counts[depth] !== expected[depth])
        throw badRequest(
          `inputs[0].data has an array of ${counts[depth]} elements, expected ${expected[depth]} by its shape ${shapeText(shape)}`,
        );
      depth--;
      needsValue = false;
      i++;
    } else {
      if (!needsValue) throw notJson(i);
      if (depth >= 0) counts[depth]!++;
      if (byte === open) {
        if (++depth === shape.length)
          throw badRequest(`inputs[0].data holds an array where a number is expected by the shape ${shapeText(shape)}`);
        counts[depth] = 0;
        i++;
      } else {
        if (stored === count) throw badRequest(`inputs[0].data holds more than ${count} numbers`);
        values[stored++] = parser.parse(i);
        needsValue = false;
        i = parser.end;
      }
    }
  }
  if (stored !== count) throw badRequest(`inputs[0].data holds ${stored} numbers, expected ${count}`);
  return values;
}

const notJson = (place: number) => badRequest(`inputs[0].data is not valid JSON at byte ${place}`);

class NumberParser {
  readonly #text: Buffer;
  /** The place after the number that was parsed last. */
  end = 0;

  constructor(text: Buffer) {
    this.#text = text;
  }

  /** The same double as of JSON.parse. */
  parse(start: number): number {
    const text = this.#text;
    let i = text[start] === minus ? start + 1 : start;
    let [mantissa, exponent] = [0, 0];
    const first = i;
    const digits = (): void => {
      const begin = i;
      for (let byte = text[i]!; byte >= zero && byte <= nine; byte = text[++i]!) mantissa = 10 * mantissa + (byte - zero);
      if (i === begin) throw notJson(i);
    };
    digits();
    if (text[first] === zero && i > first + 1) throw notJson(first);
    if (text[i] === point) {
      const begin = ++i;
      digits();
      exponent = begin - i;
    }
    if ((text[i]! | 32) === code('e')) {
      i++;
      const isNegative = text[i] === minus;
      if (isNegative || text[i] === plus) i++;
      const significand = mantissa;
      mantissa = 0;
      digits();
      exponent += isNegative ? -mantissa : mantissa;
      mantissa = significand;
    }
    this.end = i;
    if (i - start > maxNumberLength)
      throw badRequest(`inputs[0].data holds a number of ${i - start} characters, expected at most ${maxNumberLength}`);
    // Both are exact, so that their quotient or product is rounded once (Clinger 1990).
    if (mantissa <= Number.MAX_SAFE_INTEGER && exponent >= -22 && exponent <= 22) {
      const value = exponent < 0 ? mantissa / powers[-exponent]! : mantissa * powers[exponent]!;
      return first > start ? -value : value;
    }
    return Number(text.toString('latin1', start, i));
  }
}
