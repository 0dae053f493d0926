// The version of what files say of their networks. It grows when older packages would misread a file.
import { AdderNetError } from '../errors';

export const formatVersion = 2;

/** @throws {AdderNetError} ERR_FORMAT if a later version of the package wrote it; ERR_CORRUPT if it is no version */
export function checkVersion(file: string, version: unknown): void {
  if (!Number.isSafeInteger(version) || (version as number) < 1)
    throw new AdderNetError('ERR_CORRUPT', `${file}: the version of its description is not a positive integer`);
  if ((version as number) > formatVersion)
    throw new AdderNetError(
      'ERR_FORMAT',
      `${file}: a newer version of this package wrote it: its format is ${version}, and this one reads up to ${formatVersion}: npm i addernet@latest`,
    );
}
