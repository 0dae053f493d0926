// A parser that is fuzzed, and what a refusal is.
import { AdderNetError } from '../../dist/errors';
import { HttpError } from '../../dist/serve/http-error';
import type { Within } from './within';

export interface Target {
  readonly name: string;
  /** Small valid inputs. */
  readonly corpus: () => readonly Uint8Array[] | Promise<readonly Uint8Array[]>;
  /** Tokens of the format. */
  readonly words?: readonly string[];
  /** Ways into the format. */
  readonly within?: readonly Within[];
  /**
   * Gives the input to the parser, and checks what it made of it.
   * @throws an AdderNetError or an HttpError of a client's mistake, which is a refusal; anything else is a finding
   */
  readonly run: (input: Uint8Array) => unknown;
}

/** What a parser says of an input that it refuses; undefined if the error is none that it may answer with. */
export function refusal(error: unknown): string | undefined {
  if (error instanceof AdderNetError) return refusals.has(error.code) ? error.message : undefined;
  return error instanceof HttpError && error.statusCode >= 400 && error.statusCode < 500 ? error.message : undefined;
}

const refusals = new Set(['ERR_FORMAT', 'ERR_CORRUPT', 'ERR_ARGUMENT', 'ERR_SHAPE', 'ERR_DTYPE', 'ERR_MEMORY']);

/** @throws an Error, which is a finding, unless it holds */
export function expect(holds: boolean, what: string): asserts holds {
  if (!holds) throw new Error(what);
}
