// Rules for plain data that comes from a file and may be anything. A value is checked against them before it is used, and what does not fit is
// named with its place. (Not a schema library: each one is larger than all dependencies of this package together, and quotes a hostile value at
// full length and depth.)
import { AdderNetError, type ErrorCode } from './errors';
import { shown } from './quoted';

/** The first part of a value that does not fit a rule. */
interface Misfit {
  /** Where it is, such as `.history[2].loss`; '' is the whole value. */
  readonly path: string;
  readonly value: unknown;
  readonly expected: string;
}

/** What a value must be to have the type T: returns what does not fit, or undefined if all of it does. */
export type Rule<T> = ((value: unknown) => Misfit | undefined) & { readonly type?: T };
type TypeOf<R> = R extends Rule<infer T> ? T : never;

/** @param expected the end of "it is …, expected …" */
export const rule =
  <T>(expected: string, fits: (value: unknown) => boolean): Rule<T> =>
  (value) =>
    fits(value) ? undefined : { path: '', value, expected };

export const text = (maxLength: number, expected = `text of at most ${maxLength} characters`): Rule<string> =>
  rule(expected, (value) => typeof value === 'string' && value.length <= maxLength);

export const integer = (min = 0, max = Number.MAX_SAFE_INTEGER): Rule<number> =>
  rule(
    max === Number.MAX_SAFE_INTEGER ? `an integer from ${min}` : `an integer from ${min} to ${max}`,
    (value) => Number.isSafeInteger(value) && (value as number) >= min && (value as number) <= max,
  );

/** Finite, as every number of JSON is. */
export const number = (min = Number.NEGATIVE_INFINITY, max = Number.POSITIVE_INFINITY): Rule<number> =>
  rule(`a number${rangeText(min, max)}`, (value) => Number.isFinite(value) && (value as number) >= min && (value as number) <= max);

function rangeText(min: number, max: number): string {
  if (max === Number.POSITIVE_INFINITY) return min === Number.NEGATIVE_INFINITY ? '' : ` of at least ${min}`;
  return min === Number.NEGATIVE_INFINITY ? ` of at most ${max}` : ` from ${min} to ${max}`;
}

export const oneOf = <T extends string>(words: readonly T[]): Rule<T> =>
  rule(
    words.length === 1 ? words[0]! : `one of ${words.join(', ')}`,
    (value) => typeof value === 'string' && (words as readonly string[]).includes(value),
  );

/** undefined, as a field that is missing, or what the rule says. */
export const optional =
  <T>(inner: Rule<T>): Rule<T | undefined> =>
  (value) =>
    value === undefined ? undefined : inner(value);

/** @param expected what the list is, for messages */
export const listOf =
  <T>(inner: Rule<T>, expected = 'a list', length?: number): Rule<readonly T[]> =>
  (value) => {
    if (!Array.isArray(value) || (length !== undefined && value.length !== length)) return { path: '', value, expected };
    return firstMisfit(
      value.entries(),
      (i) => `[${i}]`,
      () => inner,
    );
  };

/** All of the rules; the first that the value does not fit says why. */
export const allOf =
  <T>(...rules: readonly Rule<T>[]): Rule<T> =>
  (value) => {
    for (const fits of rules) {
      const found = fits(value);
      if (found) return found;
    }
    return undefined;
  };

export const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** An object of any keys. */
export const recordOf =
  <T>(inner: Rule<T>): Rule<Readonly<Record<string, T>>> =>
  (value) => {
    if (!isRecord(value)) return { path: '', value, expected: 'an object' };
    return firstMisfit(
      Object.entries(value),
      (key) => `.${key}`,
      () => inner,
    );
  };

type Fields = Readonly<Record<string, Rule<unknown>>>;

/** An object with these fields of its own, and any others, which later versions may have added. */
export const objectWith =
  <F extends Fields>(fields: F): Rule<{ readonly [K in keyof F]: TypeOf<F[K]> }> =>
  (value) => {
    if (!isRecord(value)) return { path: '', value, expected: `{ ${Object.keys(fields).join(', ')} }` };
    const own = Object.keys(fields).map((key) => [key, Object.hasOwn(value, key) ? value[key] : undefined] as const);
    return firstMisfit(
      own,
      (key) => `.${key}`,
      (key) => fields[key]!,
    );
  };

/** The same without any others, where an unknown field may change what the object means. */
export const objectOf =
  <F extends Fields>(fields: F): Rule<{ readonly [K in keyof F]: TypeOf<F[K]> }> =>
  (value) => {
    const found = objectWith(fields)(value);
    if (found) return found;
    const unknown = Object.entries(value as object).find(([key, part]) => part !== undefined && !Object.hasOwn(fields, key));
    return unknown && { path: `.${unknown[0]}`, value: unknown[1], expected: `no field but ${Object.keys(fields).join(', ')}` };
  };

function firstMisfit<K>(
  parts: Iterable<readonly [K, unknown]>,
  place: (key: K) => string,
  ruleOf: (key: K) => Rule<unknown>,
): Misfit | undefined {
  for (const [key, part] of parts) {
    const found = ruleOf(key)(part);
    if (found) return { ...found, path: place(key) + found.path };
  }
  return undefined;
}

/** A sentence about what does not fit, such as `progress.history[2].loss is "x", expected a number`; undefined if all of it fits. */
export function misfit(value: unknown, schema: Rule<unknown>): string | undefined {
  const found = schema(value);
  if (!found) return undefined;
  const what = found.path === '' ? 'it' : found.path.slice(0, maxPath).replace(/^\./, '');
  return `${what} is ${found.value === undefined ? 'missing' : shown(found.value)}, expected ${found.expected}`;
}

/** Keys of a file may be long. */
const maxPath = 200;

/**
 * @param what the file, and what in it is checked
 * @throws {AdderNetError} ERR_CORRUPT, or another code, unless the value fits
 */
export function check<T>(what: string, value: unknown, schema: Rule<T>, code: ErrorCode = 'ERR_CORRUPT'): asserts value is T {
  const why = misfit(value, schema);
  if (why !== undefined) throw new AdderNetError(code, `${what}: ${why}`);
}
