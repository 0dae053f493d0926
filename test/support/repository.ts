// Where things lie in the repository: tests run in dist-test/.
import { join } from 'node:path';

export const repository = join(__dirname, '../..');
/** The package itself, for `require` in other processes and threads. */
export const library = join(repository, 'dist');
/** The command line, for `node`. */
export const program = join(library, 'cli/main.js');
