// Loads the compiled addon at first use: build/Release in a checkout, prebuilds/<platform>-<arch> in the package.
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Binding } from '../binding.d.ts';
import { AdderNetError, type ErrorCode } from './errors';
import { codeFolder, isBundled, packageFolders } from './package-files';

export type { NativePlan } from '../binding.d.ts';

const search: { resolve(packageFolder: string): string } = require('node-gyp-build');
let loadNamed: (() => unknown) | undefined;
let loaded: Binding | undefined;

/** Names the binary, so that bundlers copy it. Called by the entries of lib/static. */
export function useBinary(load: () => unknown): void {
  loadNamed = load;
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
  const binding = firstThatLoads([
    ...(loadNamed ? [loadNamed] : []),
    ...besideTheBundle().map((path) => () => require(path)),
    ...packageFolders().map((folder) => () => require(search.resolve(folder))),
  ]);
  rethrow(() => binding.cpuInfo());
  return binding;
}

/** Binaries that a bundler copied, under names of its own. Next.js gives the bundle a folder that does not exist. */
function besideTheBundle(): string[] {
  if (!isBundled() || !existsSync(codeFolder)) return [];
  return readdirSync(codeFolder)
    .filter((file) => /^addernet\b.*\.node$/.test(file))
    .map((file) => join(codeFolder, file));
}

function firstThatLoads(loads: readonly (() => unknown)[]): Binding {
  const causes: Error[] = [];
  for (const load of loads) {
    try {
      return load() as Binding;
    } catch (cause) {
      causes.push(cause as Error);
    }
  }
  throw nativeMissing(causes);
}

function nativeMissing(causes: readonly Error[]): AdderNetError {
  const platform = `${process.platform}-${process.arch}`;
  // A binary that is there and does not load says more than one that is not there.
  const cause = causes.find(({ message }) => !message.startsWith('No native build')) ?? causes[0];
  const reason = cause ? cause.message.split('\n')[0] : 'its package is not found from here';
  return new AdderNetError(
    'ERR_NATIVE_MISSING',
    `no compiled binary of addernet loads on ${platform}, Node ${process.versions.node} (${reason}). ${remedy(platform)}`,
    { cause },
  );
}

function remedy(platform: string): string {
  if (process.env.NEXT_RUNTIME)
    return 'In next.config, set serverExternalPackages: ["addernet"], so that Next.js leaves the package unbundled.';
  if (isBundled())
    return `A bundle leaves it behind: mark addernet as external, or deploy node_modules/addernet with the bundle, or import 'addernet/${platform}' and let the bundler copy .node files.`;
  return 'If node_modules came from another machine, such as into a container, install it anew where it runs; otherwise `npx addernet rebuild` compiles one.';
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
