// Where the package's own files lie at run time, its binaries (prebuilds/) and its networks (models/): around this file where it is
// installed; for a bundle, which moves the code away from them, in a node_modules/addernet that is searched for. Never by the working
// directory, which may be anyone's: native code is loaded from here.
import { existsSync, readFileSync } from 'node:fs';
import { dirname, isAbsolute, join } from 'node:path';

const packageFolder = join(__dirname, '..');

/** Whether a bundler moved the code away from its package. */
export const isBundled = (): boolean => !(isAbsolute(__dirname) && isAddernet(packageFolder));

/** Folders that may hold the bundle: its own, which some bundlers make up or give by a path from the project; and the program's. */
export function bundleFolders(): string[] {
  const { 1: program } = process.argv;
  return [__dirname, ...(program === undefined ? [] : [dirname(program)])].filter((folder) => isAbsolute(folder) && existsSync(folder));
}

/** The package's folders, best first: its own; then every node_modules/addernet above a bundle. */
export function packageFolders(): string[] {
  if (!isBundled()) return [packageFolder];
  return [...new Set(bundleFolders().flatMap(installedAbove))];
}

/** A file or folder of the package by its name in there. */
export const packageFile = (name: string): string | undefined =>
  packageFolders()
    .map((folder) => join(folder, name))
    .find(existsSync);

/** What to do where a bundle left the package's files behind; Next.js keeps packages together that it is told of. */
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

/** As Node resolves a package, but at run time: a bundler would resolve it, too, and then no longer find its files. */
function installedAbove(folder: string): string[] {
  const parent = dirname(folder);
  const here = join(folder, 'node_modules', 'addernet');
  return [...(existsSync(here) ? [here] : []), ...(parent === folder ? [] : installedAbove(parent))];
}
