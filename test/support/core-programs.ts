// The executables of test/native and test/fuzz/native: those of this CPU, and those of WebAssembly.
import { join } from 'node:path';
import { repository } from './repository';

export interface CorePrograms {
  readonly build: string;
  readonly suffix: string;
  /** What runs them, with its arguments; nothing: they run by themselves. */
  readonly emulator: readonly string[];
  readonly missing: (string | false)[];
}

export const nativePrograms: CorePrograms = {
  build: join(repository, 'build/native'),
  suffix: process.platform === 'win32' ? '.exe' : '',
  emulator: [],
  missing: [],
};
export const wasmPrograms: CorePrograms = {
  build: join(repository, 'build-wasm-tests'),
  suffix: '.wasm',
  emulator: [process.execPath, '--no-warnings', join(repository, 'scripts/run-wasi.mjs')],
  missing: [],
};
