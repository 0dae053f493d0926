// Checks output paths before a command starts its work.
import { accessSync, constants, type Stats, statSync } from 'node:fs';
import { dirname, extname } from 'node:path';
import { AdderNetError } from '../errors';

const extension = '.safetensors';

/**
 * @param what   the argument, for messages, such as --out
 * @param inputs files that are read and must not be overwritten
 * @throws {AdderNetError} ERR_ARGUMENT unless `path` can become a weights file
 */
export function checkWeightsOut(what: string, path: string, inputs: readonly string[]): void {
  const fail = (message: string): never => {
    throw new AdderNetError('ERR_ARGUMENT', `${what} ${path} ${message}`);
  };
  if (extname(path) !== extension) {
    const renamed = path.slice(0, path.length - extname(path).length) + extension;
    fail(`does not end in ${extension}, the only format that can be written: use ${what} ${renamed}`);
  }
  const found = statOf(path);
  if (found?.isDirectory()) fail('is a folder, expected the name of a file');
  if (!statOf(dirname(path))?.isDirectory()) fail(`is in the folder ${dirname(path)}, which does not exist: create it first`);
  checkWritable(what, path, found ? path : dirname(path));
  if (found && inputs.some((input) => isSame(found, statOf(input)))) fail('is also the input: choose another name');
}

/** @throws {AdderNetError} ERR_ARGUMENT unless `path` is a folder that can be written or can be created as one */
export function checkFolderOut(what: string, path: string): void {
  for (let parent = path; ; parent = dirname(parent)) {
    const found = statOf(parent);
    if (found?.isDirectory()) {
      checkWritable(what, path, parent);
      return;
    }
    if (found) throw new AdderNetError('ERR_ARGUMENT', `${what} ${path}: ${parent} is a file, expected a folder`);
    if (parent === dirname(parent)) return;
  }
}

/** Asks the system, which also knows file systems that are mounted to be read only. */
function checkWritable(what: string, path: string, place: string): void {
  try {
    accessSync(place, constants.W_OK);
  } catch (cause) {
    const { code = '', message } = cause as NodeJS.ErrnoException;
    if (code === 'ERR_ACCESS_DENIED') throw cause;
    const reason =
      { EROFS: 'is on a file system that is read only', EACCES: 'may not be written by this user' }[code] ??
      `cannot be written: ${message}`;
    throw new AdderNetError('ERR_ARGUMENT', `${what} ${path}: ${place} ${reason}: choose another place`, { cause });
  }
}

/** Whether both are the same file, even by another path or a link. */
const isSame = (a: Stats, b: Stats | undefined): boolean => a.dev === b?.dev && a.ino === b.ino;

function statOf(path: string): Stats | undefined {
  try {
    return statSync(path);
  } catch {
    return undefined; // it does not exist, or a parent is a file
  }
}
