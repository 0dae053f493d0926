// The number of threads of an operation.
import { AdderNetError } from './errors';
import { shown } from './quoted';

/** The limit in native/binding/runtime.cc. */
const maxThreads = 1024;

/** @throws {AdderNetError} ERR_ARGUMENT unless `threads` is an integer from 1 to 1024 */
export function checkThreads(op: string, threads: number): void {
  if (!Number.isInteger(threads) || threads < 1 || threads > maxThreads)
    throw new AdderNetError('ERR_ARGUMENT', `${op}: threads is ${shown(threads)}, expected an integer from 1 to ${maxThreads}`);
}
