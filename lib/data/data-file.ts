// A file of a data set, looked for in the folder the user names, and in those that official archives, torchvision and file managers make.
import { readFileSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { AdderNetError } from '../errors';
import { isUrl, pathOfUrl } from '../io/file-source';
import { downloadNames } from './official-files';

/** A file that has been found. */
export interface DataFile {
  /** For messages. */
  readonly path: string;
  /** All of it, as it lies on the disk. */
  readonly bytes: Uint8Array;
}

/** Where the files of a data set may lie. */
export interface FileLocations {
  /** Name of the data set, for messages. */
  readonly dataset: string;
  /** What the user named. */
  readonly directory: string;
  /** Folders within it, '.' for itself, the likeliest first. */
  readonly folders: readonly string[];
  /** What is expected there, and where it comes from, for messages. */
  readonly expected: string;
}

/**
 * The path of a folder.
 * @param op who asks, for messages
 * @throws {AdderNetError} ERR_ARGUMENT unless it is a path or a file: URL
 */
export function folderPath(op: string, directory: string | URL): string {
  if (typeof directory === 'string' && directory !== '') return directory;
  if (isUrl(directory)) return pathOfUrl(op, directory, 'expected a folder of this machine');
  throw new AdderNetError('ERR_ARGUMENT', `${op}: directory is ${JSON.stringify(directory)}, expected the path or file: URL of a folder`);
}

/**
 * The first that exists of the files called `names`, in each of the folders in turn; in a folder of its own name, too, as Kaggle's archives
 * have it.
 * @throws {AdderNetError} ERR_ARGUMENT if one is there and cannot be read
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

/** @throws {AdderNetError} ERR_ARGUMENT if none is there, or one cannot be read */
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
    `${dataset}: no ${names.join(' or ')} in ${directory}${within && ` or its folders ${within}`}, expected there ${expected}${remedy}`,
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
