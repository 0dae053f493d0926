// What runs here, and how many threads it uses.

import { cpus } from 'node:os';
import { native, rethrow } from './binding';
import { AdderNetError } from './errors';
import { shown } from './quoted';

/** Of native/binding/runtime.cc. */
const maxThreads = 1024;

export interface CpuInfo {
  /** The CPU's own name. */
  model: string;
  /** The instruction set in force: the best one, or the one ADDERNET_ISA names. */
  isa: string;
  /** All that this CPU and this build can run, best first. */
  supported: string[];
  /** Threads an operation uses at most. */
  threads: number;
}

/** @throws {AdderNetError} ERR_NATIVE_MISSING, ERR_ISA */
export function cpuInfo(): CpuInfo {
  return { model: cpus()[0]?.model.trim() ?? 'unknown', ...native().cpuInfo() };
}

/**
 * Threads that an operation may use from now on, in the whole process; results do not depend on it. At start: ADDERNET_NUM_THREADS, else
 * the cores, or the container's CPU quota where that is less.
 * @throws {AdderNetError} ERR_ARGUMENT unless 1 to 1024
 */
export function setThreads(threads: number): void {
  checkThreads('setThreads', threads);
  rethrow(() => native().setThreads(threads));
}

/** @throws {AdderNetError} ERR_ARGUMENT unless `threads` is an integer from 1 to 1024 */
export function checkThreads(op: string, threads: number): void {
  if (!Number.isInteger(threads) || threads < 1 || threads > maxThreads)
    throw new AdderNetError('ERR_ARGUMENT', `${op}: threads is ${shown(threads)}, expected an integer from 1 to ${maxThreads}`);
}
