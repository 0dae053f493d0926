// Loads the compiled addon at first use: build/Release in a checkout, prebuilds/<platform>-<arch> in the package.
import { join } from 'node:path';
import type { Binding } from '../binding.d.ts';
import { AdderNetError, type ErrorCode } from './errors';

export type { NativePlan } from '../binding.d.ts';

let loaded: Binding | undefined;

/**
 * The native side.
 * @throws {AdderNetError} ERR_NATIVE_MISSING if no binary fits this platform; ERR_ISA if ADDERNET_ISA names an instruction set that the CPU
 *   or the build lacks; ERR_ARGUMENT if ADDERNET_NUM_THREADS is not a number of threads
 */
export function native(): Binding {
  loaded ??= load();
  return loaded;
}

function load(): Binding {
  const loadAddon: (packageFolder: string) => unknown = require('node-gyp-build');
  let binding: Binding;
  try {
    binding = loadAddon(join(__dirname, '..')) as Binding;
  } catch (cause) {
    throw new AdderNetError(
      'ERR_NATIVE_MISSING',
      `addernet has no compiled binary for ${process.platform}-${process.arch}. Either 1. compile one with \`npx addernet rebuild\` (needs CMake and a C++17 compiler), or 2. in a checkout, run \`npm run build\`.`,
      { cause },
    );
  }
  rethrow(() => binding.cpuInfo());
  return binding;
}

/** Runs `use` and turns the coded errors of native code into AdderNetError. */
export function rethrow<T>(use: () => T): T {
  try {
    return use();
  } catch (error) {
    const { code, message } = error as { code?: ErrorCode; message: string };
    throw code?.startsWith('ERR_') && !(error instanceof AdderNetError) ? new AdderNetError(code, message) : error;
  }
}
