// Parsers of option values. commander puts the name of the option and the value before each message.
import { InvalidArgumentError } from 'commander';
import { type Rule, rule } from '../schema';
import * as numbers from './number-rules';

const parser =
  (fits: Rule<number>) =>
  (text: string): number => {
    const value = text.trim() === '' ? Number.NaN : Number(text);
    const misfit = fits(value);
    if (misfit) throw new InvalidArgumentError(`Expected ${misfit.expected}.`);
    return value;
  };

export const positiveInteger = parser(numbers.positiveInteger);
export const port = parser(numbers.port);
export const notNegative = parser(numbers.notNegative);
export const positive = parser(numbers.positive);
export const betweenZeroAndOne = parser(numbers.betweenZeroAndOne);
export const belowOne = parser(numbers.belowOne);
export const upToOne = parser(numbers.upToOne);
export const bits = parser(numbers.bits);

const numericQuantile = parser(rule('auto, max, or a number above 0 and up to 1', (value) => Number(value) > 0 && Number(value) <= 1));
export const quantile = (text: string): 'auto' | 'max' | number => (text === 'auto' || text === 'max' ? text : numericQuantile(text));

/** Parses `96` or `64x96` as height and width. */
export function imageSize(text: string): readonly [height: number, width: number] {
  const [, height, width] = /^(\d+)(?:x(\d+))?$/.exec(text) ?? [];
  const size = [Number(height), Number(width ?? height)] as const;
  if (size.some(numbers.positiveInteger)) throw new InvalidArgumentError('Expected a size such as 96, or HEIGHTxWIDTH such as 64x96.');
  return size;
}
