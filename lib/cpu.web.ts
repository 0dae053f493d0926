import { native } from './binding';
import type { CpuInfo } from './cpu-info';
import { checkThreads } from './threads';

export type { CpuInfo } from './cpu-info';

/** @throws {AdderNetError} ERR_NATIVE_MISSING before the module is there */
export const cpuInfo = (): CpuInfo => ({ model: 'WebAssembly', ...native().cpuInfo() });

export const setThreads = (threads: number): void => checkThreads('setThreads', threads);
