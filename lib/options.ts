// An option that does not exist would be ignored without a word, and the default be taken for what was asked.
import { AdderNetError } from './errors';

/** Every name of an options interface once, as the compiler checks: a new option cannot be forgotten here. */
export const optionNames = <Options extends object>(names: Readonly<Record<keyof Required<Options>, true>>): readonly string[] =>
  Object.keys(names);

/**
 * @param op    the function that is called, for messages
 * @param known see optionNames
 * @throws {AdderNetError} ERR_ARGUMENT unless `options` is an object of known names; it names the option that was probably meant
 */
export function checkOptions(op: string, options: object, known: readonly string[]): void {
  if (typeof options !== 'object' || options === null || Array.isArray(options))
    throw new AdderNetError('ERR_ARGUMENT', `${op}: options are ${describe(options)}, expected an object { ${known.join(', ')} }`);
  // What an object inherits is read as an option, too. No arrays are made here: every operation of every layer asks.
  for (const name in options)
    if (!known.includes(name) && options[name as keyof typeof options] !== undefined)
      throw new AdderNetError('ERR_ARGUMENT', `${op}: there is no option '${name}', ${suggestion(name, known)}`);
}

const describe = (value: unknown): string => (Array.isArray(value) ? 'an array' : value == null ? String(value) : `a ${typeof value}`);

function suggestion(name: string, known: readonly string[]): string {
  const isLike = (candidate: string) => {
    const [a, b] = [name.toLowerCase(), candidate.toLowerCase()];
    return a.includes(b) || b.includes(a) || distance(a, b) <= 2;
  };
  const sameLetters = known.filter((candidate) => candidate.toLowerCase() === name.toLowerCase());
  const meant = sameLetters.length > 0 ? sameLetters : known.filter(isLike);
  return meant.length > 0 ? `did you mean ${meant.join(' or ')}?` : `expected ${known.length > 0 ? known.join(', ') : 'none'}`;
}

/** Letters to insert, delete or replace to come from one word to the other (Levenshtein). */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) next.push(Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)));
    row = next;
  }
  return row[b.length]!;
}
