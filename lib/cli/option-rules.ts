// An option that does not apply would be ignored without a word. Each command says in a table which of its options apply when.
import type { Command } from 'commander';
import { AdderNetError } from '../errors';

/** @template Facts what is known: the other options, or what a file turned out to hold */
export interface OptionRule<Facts> {
  /** Names as in the object of options: `maxPixels` is --max-pixels. */
  readonly options: readonly string[];
  readonly apply: (facts: Facts) => boolean;
  /** What follows "--name applies only …": when it does, or what to do instead. */
  readonly only: string | ((facts: Facts) => string);
}

export const flagOf = (name: string): string => `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;

/** An option as one types it: `--image-size 64x96`, `--freeze conv1 fc`, `--half`. */
export function optionText(name: string, value: unknown): string {
  const text = [value].flat().join(name === 'imageSize' ? 'x' : ' ');
  return value === true ? flagOf(name) : `${flagOf(name)} ${text}`;
}

/** A message of the library, which calls its options by their names, in those of the command line. */
export const withFlags = (message: string, names: readonly string[]): string =>
  names.reduce((text, name) => text.replace(new RegExp(`\\b${name}\\b`, 'g'), flagOf(name)), message);

/** What to say of the first of the options given that does not apply; undefined if all do. */
function inapplicable<Facts>(given: readonly string[], facts: Facts, rules: readonly OptionRule<Facts>[]): string | undefined {
  for (const { options, apply, only } of rules) {
    const name = options.find((option) => given.includes(option));
    if (name !== undefined && !apply(facts)) return `${flagOf(name)} applies only ${typeof only === 'string' ? only : only(facts)}`;
  }
  return undefined;
}

export interface Usage<Options> {
  /** Options that a command cannot do without. commander's own check would come before that of unknown options, which explain a missing one. */
  readonly required?: readonly string[];
  readonly rules?: readonly OptionRule<Options>[];
}

/** Checks what stands on the command line before the command begins: wrong usage ends with exit code 2. */
export function checkUsage<Options extends object>(command: Command, { required = [], rules = [] }: Usage<Options>): void {
  command.hook('preAction', () => {
    const given = Object.keys(command.opts()).filter((name) => command.getOptionValueSource(name) === 'cli');
    const missing = command.options.find((option) => required.includes(option.attributeName()) && !given.includes(option.attributeName()));
    const wrong = missing ? `required option '${missing.flags}' not specified` : inapplicable(given, command.opts<Options>(), rules);
    if (wrong !== undefined) command.error(`error: ${wrong}`, { exitCode: 2 });
  });
}

/**
 * The same where it shows only in a file whether an option applies.
 * @param options those given have a value
 * @throws {AdderNetError} ERR_ARGUMENT
 */
export function checkApply<Facts>(options: object, facts: Facts, rules: readonly OptionRule<Facts>[]): void {
  const given = Object.entries(options).flatMap(([name, value]) => (value === undefined ? [] : [name]));
  const wrong = inapplicable(given, facts, rules);
  if (wrong !== undefined) throw new AdderNetError('ERR_ARGUMENT', wrong);
}
