// Damaged files: whatever a reader is given, it answers with a value or with an AdderNetError that blames the file.
import fc from 'fast-check';
import { AdderNetError } from '../../dist/errors';
import { draws } from './draws';

type Read = (bytes: Uint8Array) => unknown;

/** The error's code and message; undefined if the bytes were accepted. Any other exception passes through. */
export function refusal(read: Read, bytes: Uint8Array): { code: string; message: string } | undefined {
  try {
    read(bytes);
  } catch (error) {
    if (!(error instanceof AdderNetError)) throw error;
    return { code: error.code, message: error.message };
  }
  return undefined;
}

const blamesFile = (code: string | undefined) => code === 'ERR_FORMAT' || code === 'ERR_CORRUPT';

/** Lengths at which a file that was cut off there is accepted, or refused by another code; a good reader has none. */
export function unnoticedTruncations(read: Read, bytes: Uint8Array): number[] {
  // Views of the whole: what was cut off still lies behind them in memory, where no reader may look.
  return Array.from(bytes, (_, length) => length).filter((length) => !blamesFile(refusal(read, bytes.subarray(0, length))?.code));
}

/** Changes a few bytes at random, many times over; throws at anything but a value or a refusal. */
export function survivesCorruption(read: Read, bytes: Uint8Array, numRuns = 1000): void {
  const change = fc.tuple(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }));
  fc.assert(
    fc.property(fc.array(change, { minLength: 1, maxLength: 4 }), (changes) => {
      const damaged = new Uint8Array(bytes);
      for (const [at, flip] of changes) damaged[at]! ^= flip;
      const refused = refusal(read, damaged);
      return refused === undefined || blamesFile(refused.code);
    }),
    draws(numRuns),
  );
}
