// Finds the files of a data set in the user's folder and in the subfolders that official archives, torchvision and file managers create.
import { readFileSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { AdderNetError } from '../errors';
import { isUrl, pathOfUrl } from '../io/file-source';
import { downloadNames } from './official-files';

/** A file that was found. */
export interface DataFile {
  /** The path, for messages. */
  readonly path: string;
  /** The contents, as on disk. */
  readonly bytes: Uint8Array;
}

/** Where the files of a data set may be. */
export interface FileLocations {
  /** The name of the data set, for messages. */
  readonly dataset: string;
  /** The folder that the user named. */
  readonly directory: string;
  /** Subfolders to search, the most likely first; '.' is the folder itself. */
  readonly folders: readonly string[];
  /** The expected files and their source, for messages. */
  readonly expected: string;
}

/**
 * The path of a folder.
 * @param op the caller, for messages
 * @throws {AdderNetError} ERR_ARGUMENT unless it is a path or a file: URL
 */
export function folderPath(op: string, directory: string | URL): string {
  if (typeof directory === 'string' && directory !== '') return directory;
  if (isUrl(directory)) return pathOfUrl(op, directory, 'expected a folder on this machine');
  throw new AdderNetError('ERR_ARGUMENT', `${op}: directory is ${JSON.stringify(directory)}, expected the path or file: URL of a folder`);
}

/**
 * Returns the first existing file with one of `names` in any of the folders. Like Kaggle's archives, the file may be in a folder of its own
 * name.
 * @throws {AdderNetError} ERR_ARGUMENT if a file exists but cannot be read
 */
export function findDataFile({ dataset, directory, folders }: FileLocations, names: readonly string[]): DataFile | undefined {
  for (const folder of folders)
    for (const name of names)
      for (const path of [join(directory, folder, name), join(directory, folder, name, basename(name))]) {
        const bytes = readIfThere(dataset, path);
        if (bytes) return { path, bytes };
      }
  return undefined;
}

/** @throws {AdderNetError} ERR_ARGUMENT if no file exists, or a file cannot be read */
export function readDataFile(locations: FileLocations, names: readonly string[]): DataFile {
  const file = findDataFile(locations, names);
  if (file) return file;
  const { dataset, directory, folders, expected } = locations;
  if (!statSync(directory, { throwIfNoEntry: false })?.isDirectory())
    throw new AdderNetError('ERR_ARGUMENT', `${dataset}: there is no folder '${directory}', expected one with ${expected}`);
  const within = folders.filter((folder) => folder !== '.').join(', ');
  const remedy = downloadNames.some((name) => name === dataset) ? `; addernet data get ${dataset} fetches them` : '';
  throw new AdderNetError(
    'ERR_ARGUMENT',
    `${dataset}: no ${names.join(' or ')} in ${directory}${within && ` or its folders ${within}`}, expected ${expected}${remedy}`,
  );
}

function readIfThere(dataset: string, path: string): Uint8Array | undefined {
  try {
    return readFileSync(path);
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'EISDIR') return undefined;
    throw new AdderNetError('ERR_ARGUMENT', `${dataset}: cannot read ${path}: ${message}`, { cause });
  }
}
