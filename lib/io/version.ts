// The version of the descriptions in files. It increases when older packages would misread a file.
import { AdderNetError } from '../errors';

export const formatVersion = 2;

/** @throws {AdderNetError} ERR_FORMAT if a newer version of the package wrote the file; ERR_CORRUPT if it is not a version number */
export function checkVersion(file: string, version: unknown): void {
  if (!Number.isSafeInteger(version) || (version as number) < 1)
    throw new AdderNetError('ERR_CORRUPT', `${file}: the version of its description is not a positive integer`);
  if ((version as number) > formatVersion)
    throw new AdderNetError(
      'ERR_FORMAT',
      `${file}: a newer version of this package wrote it: its format is ${version}, and this one reads up to ${formatVersion}: npm i addernet@latest`,
    );
}
