// The CPU, its instruction sets, and the number of threads.

import { cpus } from 'node:os';
import { native, rethrow } from './binding';
import type { CpuInfo } from './cpu-info';
import { checkThreads } from './threads';

export type { CpuInfo } from './cpu-info';

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
