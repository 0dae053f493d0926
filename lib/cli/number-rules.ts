// Which numbers options may be, on the command line and in the files that keep them.
import { maxBits, minBits } from '../graph/quantized-range';
import { rule } from '../schema';

const numberThat = (expected: string, fits: (value: number) => boolean) =>
  rule<number>(expected, (value) => Number.isFinite(value) && fits(value as number));

export const positiveInteger = numberThat('a positive integer', (value) => Number.isSafeInteger(value) && value > 0);
export const port = numberThat('a port from 0 to 65535', (value) => Number.isInteger(value) && value >= 0 && value <= 65535);
export const notNegative = numberThat('a number of at least 0', (value) => value >= 0);
export const positive = numberThat('a positive number', (value) => value > 0);
export const betweenZeroAndOne = numberThat('a number between 0 and 1', (value) => value > 0 && value < 1);
export const belowOne = numberThat('a number from 0 to below 1', (value) => value >= 0 && value < 1);
export const upToOne = numberThat('a number from 0 to 1', (value) => value >= 0 && value <= 1);
export const bits = numberThat(
  `an integer from ${minBits} to ${maxBits}`,
  (value) => Number.isInteger(value) && value >= minBits && value <= maxBits,
);
