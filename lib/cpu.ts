// The CPU, its instruction sets, and the number of threads.

import { cpus } from 'node:os';
import { native, rethrow } from './binding';
import { AdderNetError } from './errors';
import { shown } from './quoted';

/** The limit in native/binding/runtime.cc. */
const maxThreads = 1024;

export interface CpuInfo {
  /** The name of the CPU. */
  model: string;
  /** The instruction set in use: the best one, or the one that ADDERNET_ISA names. */
  isa: string;
  /** All instruction sets that this CPU and this build support, best first. */
  supported: string[];
  /**
   * How adder layers of 8 bits are computed: `psadbw` (sums of absolute differences), `max_dot` (maxima and dot products), `mixed` (both in
   * turn), `vdbpsadbw` (sliding sums of absolute differences), or the one way of other instruction sets. Results are the same. It is the best
   * one for the CPU's make, or the one that ADDERNET_BYTE_ADDER names.
   */
  byteAdder: string;
  /** All byte adders of the instruction set in use, best first. */
  byteAdders: string[];
  /** The largest number of threads that an operation uses. */
  threads: number;
}

/** @throws {AdderNetError} ERR_NATIVE_MISSING, ERR_ISA if ADDERNET_ISA or ADDERNET_BYTE_ADDER names what this CPU or build does not have */
export function cpuInfo(): CpuInfo {
  return { model: cpus()[0]?.model.trim() ?? 'unknown', ...native().cpuInfo() };
}

/** What times depend on, such as `AMD EPYC, avx2, 2 threads`. */
export function machineName(): string {
  const { model, isa, threads } = cpuInfo();
  return `${model}, ${isa}, ${threads} ${threads === 1 ? 'thread' : 'threads'}`;
}

/**
 * Sets how many threads an operation may use in this process; results do not depend on it. The initial value is ADDERNET_NUM_THREADS, otherwise
 * the number of cores or the container's CPU quota, whichever is less.
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
