// Rejects unknown options, which would otherwise be ignored silently.
import { AdderNetError } from './errors';

/** The names of all options of an interface. The compiler checks that none is missing. */
export const optionNames = <Options extends object>(names: Readonly<Record<keyof Required<Options>, true>>): readonly string[] =>
  Object.keys(names);

/**
 * @param op    the called function, for messages
 * @param known see optionNames
 * @throws {AdderNetError} ERR_ARGUMENT unless `options` is an object with known names; the message suggests the intended option
 */
export function checkOptions(op: string, options: object, known: readonly string[]): void {
  if (typeof options !== 'object' || options === null || Array.isArray(options))
    throw new AdderNetError('ERR_ARGUMENT', `${op}: options are ${describe(options)}, expected an object { ${known.join(', ')} }`);
  // Inherited properties count as options, too. This allocates no arrays, because every operation of every layer calls it.
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

/** The Levenshtein distance of two words. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) next.push(Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)));
    row = next;
  }
  return row[b.length]!;
}
