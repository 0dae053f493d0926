// A file of a data set, looked for in the folder the user names and in the one the official archive unpacks to.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { AdderNetError } from '../errors';

export interface DataFile {
  /** For messages. */
  readonly path: string;
  readonly bytes: Uint8Array;
}

/** The first of `candidates`, paths within `directory`, that exists. */
export function findDataFile(directory: string, candidates: readonly string[]): DataFile | undefined {
  for (const candidate of candidates) {
    const path = join(directory, candidate);
    try {
      return { path, bytes: readFileSync(path) };
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code !== 'ENOENT' && code !== 'ENOTDIR') throw error;
    }
  }
  return undefined;
}

/**
 * @param dataset  its name, for messages; one that can be downloaded
 * @param expected what `directory` should hold, for messages
 * @throws {AdderNetError} ERR_ARGUMENT if none of the candidates is there
 */
export function readDataFile(dataset: string, directory: string, candidates: readonly string[], expected: string): DataFile {
  const file = findDataFile(directory, candidates);
  if (!file)
    throw new AdderNetError(
      'ERR_ARGUMENT',
      `${dataset}: no ${candidates.join(' or ')} in ${directory}, expected there ${expected}; addernet data get ${dataset} fetches them`,
    );
  return file;
}
