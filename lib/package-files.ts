// Where the package's own files lie at run time, its binaries (prebuilds/) and its networks (models/): around this file where it is
// installed; in a bundle, which moves the code away from them, in a node_modules/addernet that is searched for.
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** The file that runs as the package: this one, or the bundle that it became a part of. */
export const codeFolder = __dirname;

/** Whether the code was moved away from its package, by a bundler. */
export const isBundled = (): boolean => !isPackage(join(codeFolder, '..'));

/** The package's folders, best first: its own; then what the bundle, the program and the working directory find as Node would. */
export function packageFolders(): string[] {
  const own = isBundled() ? [] : [join(codeFolder, '..')];
  const { 1: program } = process.argv;
  const starts = [codeFolder, ...(program === undefined ? [] : [dirname(program)]), process.cwd()];
  return [...new Set([...own, ...starts.flatMap(installedAbove)])];
}

/** The first of those folders' `name` that exists. */
export const packageFile = (name: string): string | undefined =>
  packageFolders()
    .map((folder) => join(folder, name))
    .find(existsSync);

function isPackage(folder: string): boolean {
  try {
    return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')).name === 'addernet';
  } catch {
    return false;
  }
}

/** Every node_modules/addernet from this folder upwards; the walk is Node's, but bundlers do not follow it at build time. */
function installedAbove(folder: string): string[] {
  const parent = dirname(folder);
  const here = join(folder, 'node_modules', 'addernet');
  return [...(existsSync(here) ? [here] : []), ...(parent === folder ? [] : installedAbove(parent))];
}
