// Parsers of option values. commander puts the name of the option and the value before each message.
import { InvalidArgumentError } from 'commander';

export const positiveInteger = (text: string): number =>
  checked(Number(text), (value) => Number.isInteger(value) && value > 0, 'Expected a positive integer.');

export const port = (text: string): number =>
  checked(Number(text), (value) => Number.isInteger(value) && value >= 0 && value <= 65535, 'Expected a port from 0 to 65535.');

export const notNegative = (text: string): number => checked(number(text), (value) => value >= 0, 'Expected a number of at least 0.');

export const positive = (text: string): number => checked(number(text), (value) => value > 0, 'Expected a positive number.');

export const betweenZeroAndOne = (text: string): number =>
  checked(number(text), (value) => value > 0 && value < 1, 'Expected a number between 0 and 1.');

export const belowOne = (text: string): number =>
  checked(number(text), (value) => value >= 0 && value < 1, 'Expected a number from 0 to below 1.');

export const upToOne = (text: string): number =>
  checked(number(text), (value) => value >= 0 && value <= 1, 'Expected a number from 0 to 1.');

export const bits = (text: string): number =>
  checked(Number(text), (value) => Number.isInteger(value) && value >= 2 && value <= 8, 'Expected an integer from 2 to 8.');

export const quantile = (text: string): 'auto' | 'max' | number =>
  text === 'auto' || text === 'max'
    ? text
    : checked(number(text), (value) => value > 0 && value <= 1, 'Expected auto, max, or a number above 0 and up to 1.');

/** Parses `96` or `64x96` as height and width. */
export function imageSize(text: string): readonly [height: number, width: number] {
  const [, height, width] = /^(\d+)(?:x(\d+))?$/.exec(text) ?? [];
  const size = [Number(height), Number(width ?? height)] as const;
  for (const side of size)
    checked(side, (value) => Number.isSafeInteger(value) && value > 0, 'Expected a size such as 96, or HEIGHTxWIDTH such as 64x96.');
  return size;
}

const number = (text: string): number => (text.trim() === '' ? Number.NaN : Number(text));

function checked(value: number, fits: (value: number) => boolean, message: string): number {
  if (!Number.isFinite(value) || !fits(value)) throw new InvalidArgumentError(message);
  return value;
}
