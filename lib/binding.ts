// Loads the compiled addon at first use: build/Release in a checkout, prebuilds/<platform>-<arch> in the package. Where none loads, networks run in
// WebAssembly, and a warning says so.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Binding } from '../binding.d.ts';
import { AdderNetError, type ErrorCode } from './errors';
import { permissionRemedy } from './node-permissions';
import { bundleFolders, isBundled, packageFile, packageFolders, remedyOfBundle } from './package-files';
import { warn } from './warning';
import { wasmIsa } from './wasm/binding';
import { moduleFile, wasmFallback } from './wasm/fallback';

export type { NativePlan, QuantizedArray, Rescaling } from '../binding.d.ts';

let loadNamed: (() => unknown) | undefined;
let loaded: Binding | undefined;

/** Names the binary, so that bundlers copy it. Called by the entries of lib/static. */
export function useBinary(load: () => unknown): void {
  loadNamed = load;
}

/**
 * The native side.
 * @throws {AdderNetError} ERR_NATIVE_MISSING if no binary fits this platform, and no WebAssembly can take its place; ERR_ISA if ADDERNET_ISA names an instruction set that the CPU
 *   or the build lacks; ERR_ARGUMENT if ADDERNET_NUM_THREADS is not a number of threads
 */
export function native(): Binding {
  loaded ??= load();
  return loaded;
}

function load(): Binding {
  const isa = process.env.ADDERNET_ISA;
  if (isa === wasmIsa) return chosenWasm();
  let binding: Binding;
  try {
    binding = firstThatLoads([
      ...(loadNamed ? [loadNamed] : []),
      ...besideTheBundle().map((path) => () => require(path)),
      ...packageFolders().map((folder) => () => require(compiledIn(folder))),
    ]);
  } catch (missing) {
    const { message } = missing as AdderNetError;
    const fallback = isa ? undefined : wasmFallback(message); // what was asked for by name gets no substitute
    if (!fallback) throw missing;
    warn('ADDERNET_WASM', `networks run in WebAssembly, several times slower, and nothing trains: ${message}`);
    return fallback;
  }
  rethrow(() => binding.cpuInfo());
  return binding;
}

function chosenWasm(): Binding {
  const binding = wasmFallback(`ADDERNET_ISA is ${wasmIsa}: leave it out`);
  if (binding) return binding;
  throw new AdderNetError(
    'ERR_ISA',
    `ADDERNET_ISA is '${wasmIsa}', but ${moduleFile} is not in the package, or this Node compiles no such module: in a checkout, npm run build:wasm makes it`,
  );
}

/** It looks for a file of Alpine's as soon as it loads, which Node's permission model may refuse. */
const compiledIn = (folder: string): string => (require('node-gyp-build') as { resolve(folder: string): string }).resolve(folder);

/** Binaries that were copied there, by a bundler under names of its own. */
const besideTheBundle = (): string[] =>
  !isBundled()
    ? []
    : bundleFolders().flatMap((folder) =>
        readdirSync(folder)
          .filter((file) => /^addernet\b.*\.node$/.test(file))
          .map((file) => join(folder, file)),
      );

function firstThatLoads(loads: readonly (() => unknown)[]): Binding {
  const causes: Error[] = [];
  for (const load of loads) {
    try {
      const binding = load();
      if (typeof binding === 'object') return binding as Binding; // a bundler may make a file's name of it
    } catch (cause) {
      causes.push(cause as Error);
    }
  }
  throw nativeMissing(causes);
}

function nativeMissing(causes: readonly Error[]): AdderNetError {
  const platform = `${process.platform}-${process.arch}`;
  // What a binary says that is there and does not load is worth more than that another is not there.
  const cause = causes.find(({ code }: NodeJS.ErrnoException) => code === 'ERR_DLOPEN_FAILED') ?? causes[0];
  const reason = cause ? `: ${cause.message.split('\n')[0]!.replace(/\.+$/, '')}` : '';
  return new AdderNetError(
    'ERR_NATIVE_MISSING',
    `no compiled binary of addernet loads on ${platform}, Node ${process.versions.node}${reason}. ${permissionRemedy(cause) ?? remedy(platform)}`,
    { cause },
  );
}

function remedy(platform: string): string {
  if (isBundled())
    return `A bundle leaves it behind. ${remedyOfBundle(
      `copy node_modules/addernet/prebuilds/${platform}/*.node beside the bundle, or import 'addernet/${platform}' and let it copy .node files`,
    )}`;
  if (packageFile('lib/binding.ts')) return 'In a checkout, npm run build compiles it';
  return (
    'Install node_modules anew on this machine if it came from another one, such as into a container; ' +
    'otherwise compile a binary: npx addernet rebuild'
  );
}

/** Runs `use` and turns the coded errors of native code into AdderNetError. */
export function rethrow<T>(use: () => T): T {
  try {
    return use();
  } catch (error) {
    const { code, message } = error as { code?: ErrorCode; message: string };
    if (message === 'std::bad_alloc') throw new AdderNetError('ERR_MEMORY', 'not enough memory to call native code');
    throw code?.startsWith('ERR_') && !(error instanceof AdderNetError) ? new AdderNetError(code, message) : error;
  }
}
