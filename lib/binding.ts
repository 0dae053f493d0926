// Loads the compiled addon at first use: build/Release in a checkout, prebuilds/<platform>-<arch> in the package.
import { join } from 'node:path';
import type { Binding } from '../binding.d.ts';
import { AdderNetError, type ErrorCode } from './errors';

export type { NativePlan } from '../binding.d.ts';

let findBinary = (): unknown => {
  const searchAndLoad: (packageFolder: string) => unknown = require('node-gyp-build');
  return searchAndLoad(join(__dirname, '..'));
};
let loaded: Binding | undefined;

/** Says where the binary is, in place of a search: bundlers only copy files that are named. Called by the entries of lib/static. */
export function useBinary(load: () => unknown): void {
  findBinary = load;
}

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
  let binding: Binding;
  try {
    binding = findBinary() as Binding;
  } catch (cause) {
    throw nativeMissing(cause as Error);
  }
  rethrow(() => binding.cpuInfo());
  return binding;
}

function nativeMissing(cause: Error): AdderNetError {
  const platform = `${process.platform}-${process.arch}`;
  const [reason] = cause.message.split('\n');
  return new AdderNetError(
    'ERR_NATIVE_MISSING',
    `no compiled binary of addernet loads on ${platform}, Node ${process.versions.node} (${reason}). ` +
      '1. `npx addernet rebuild` compiles one (needs CMake and a C++17 compiler). ' +
      '2. If node_modules came from another machine, such as into a container, install it anew where it runs. ' +
      `3. In a bundle, import 'addernet/${platform}' instead of 'addernet' and let the bundler copy .node files. ` +
      '4. In a checkout, `npm run build`.',
    { cause },
  );
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
