// The check of every constructor argument that counts channels, features or classes.

import { AdderNetError } from '../errors';
import { shown } from '../quoted';

/** @throws {AdderNetError} ERR_ARGUMENT unless `count` is a positive integer */
export function checkCount(name: string, count: number): void {
  if (!Number.isSafeInteger(count) || count < 1)
    throw new AdderNetError('ERR_ARGUMENT', `${name} is ${shown(count)}, expected a positive integer`);
}
