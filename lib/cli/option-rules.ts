// Rules that say when an option applies. Each command has a table of them; without it, an option that does not apply would be ignored silently.
import type { Command } from 'commander';
import { AdderNetError } from '../errors';

/** @template Facts what the rules depend on: the other options, or the contents of a file */
export interface OptionRule<Facts> {
  /** Names as in the options object: `maxPixels` is --max-pixels. */
  readonly options: readonly string[];
  readonly apply: (facts: Facts) => boolean;
  /** The text after "--name applies only …": when it applies, or what to do instead. */
  readonly only: string | ((facts: Facts) => string);
}

export const flagOf = (name: string): string => `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;

/** An option as it is typed: `--image-size 64x96`, `--freeze conv1 fc`, `--half`. */
export function optionText(name: string, value: unknown): string {
  const text = [value].flat().join(name === 'imageSize' ? 'x' : ' ');
  return value === true ? flagOf(name) : `${flagOf(name)} ${text}`;
}

/** Replaces option names in a message of the library by the flags of the command line. */
export const withFlags = (message: string, names: readonly string[]): string =>
  names.reduce((text, name) => text.replace(new RegExp(`\\b${name}\\b`, 'g'), flagOf(name)), message);

/** The message for the first given option that does not apply; undefined if all apply. */
function inapplicable<Facts>(given: readonly string[], facts: Facts, rules: readonly OptionRule<Facts>[]): string | undefined {
  for (const { options, apply, only } of rules) {
    const name = options.find((option) => given.includes(option));
    if (name !== undefined && !apply(facts)) return `${flagOf(name)} applies only ${typeof only === 'string' ? only : only(facts)}`;
  }
  return undefined;
}

export interface Usage<Options> {
  /** Required options. commander's own check would run before its check of unknown options, which often explain a missing one. */
  readonly required?: readonly string[];
  readonly rules?: readonly OptionRule<Options>[];
}

/** Checks the command line before the command starts: wrong usage ends with exit code 2. */
export function checkUsage<Options extends object>(command: Command, { required = [], rules = [] }: Usage<Options>): void {
  command.hook('preAction', () => {
    const given = Object.keys(command.opts()).filter((name) => command.getOptionValueSource(name) === 'cli');
    const missing = command.options.find((option) => required.includes(option.attributeName()) && !given.includes(option.attributeName()));
    const wrong = missing ? `required option '${missing.flags}' not specified` : inapplicable(given, command.opts<Options>(), rules);
    if (wrong !== undefined) command.error(`error: ${wrong}`, { exitCode: 2 });
  });
}

/**
 * Checks rules that depend on the contents of a file.
 * @param options options that were not given are undefined
 * @throws {AdderNetError} ERR_ARGUMENT
 */
export function checkApply<Facts>(options: object, facts: Facts, rules: readonly OptionRule<Facts>[]): void {
  const given = Object.entries(options).flatMap(([name, value]) => (value === undefined ? [] : [name]));
  const wrong = inapplicable(given, facts, rules);
  if (wrong !== undefined) throw new AdderNetError('ERR_ARGUMENT', wrong);
}
