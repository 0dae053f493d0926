// Finds the package's own files at run time: its binaries (prebuilds/) and networks (models/). In an installed package they are near this file.
// A bundle moves the code away from them, so a node_modules/addernet is searched for. The working directory is never searched, because it may
// be untrusted and native code is loaded from here.
import { existsSync, readFileSync } from 'node:fs';
import { dirname, isAbsolute, join } from 'node:path';

const packageFolder = join(__dirname, '..');

/** Whether a bundler moved the code away from its package. */
export const isBundled = (): boolean => !(isAbsolute(__dirname) && isAddernet(packageFolder));

/** Folders that may contain the bundle: __dirname, which some bundlers invent or make relative to the project, and the folder of the program. */
export function bundleFolders(): string[] {
  const { 1: program } = process.argv;
  return [__dirname, ...(program === undefined ? [] : [dirname(program)])].filter((folder) => isAbsolute(folder) && existsSync(folder));
}

/** The folders of the package, best first: its own, or every node_modules/addernet above a bundle. */
export function packageFolders(): string[] {
  if (!isBundled()) return [packageFolder];
  return [...new Set(bundleFolders().flatMap(installedAbove))];
}

/** The path of a file or folder in the package; undefined if it does not exist. */
export const packageFile = (name: string): string | undefined =>
  packageFolders()
    .map((folder) => join(folder, name))
    .find(existsSync);

/** What to do if a bundle left the package's files behind. Next.js keeps the packages in serverExternalPackages out of its bundles. */
export const remedyOfBundle = (otherwise: string): string =>
  process.env.NEXT_RUNTIME
    ? 'In the configuration of Next.js, set serverExternalPackages: ["addernet"]'
    : `Mark addernet as external in the bundler, or ${otherwise}`;

function isAddernet(folder: string): boolean {
  try {
    return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')).name === 'addernet';
  } catch {
    return false;
  }
}

/** Searches like Node's own resolution. require.resolve cannot be used, because a bundler would replace it at build time. */
function installedAbove(folder: string): string[] {
  const parent = dirname(folder);
  const here = join(folder, 'node_modules', 'addernet');
  return [...(existsSync(here) ? [here] : []), ...(parent === folder ? [] : installedAbove(parent))];
}
