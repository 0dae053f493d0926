import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { AdderNetError } from '../errors';

const { missingToolchain } = require('../../scripts/check-toolchain.cjs') as { missingToolchain(): string | undefined };

/** cmake-js comes from npm for this one call, so that installing the package stays light. */
export function rebuild(): void {
  const missing = missingToolchain();
  if (missing) throw new AdderNetError('ERR_NATIVE_MISSING', missing);
  const windows = process.platform === 'win32';
  const toolset = windows ? ['--toolset', 'ClangCL'] : [];
  const { status, error } = spawnSync('npx', ['--yes', 'cmake-js@8', 'rebuild', ...toolset], {
    cwd: join(__dirname, '../..'),
    stdio: 'inherit',
    shell: windows, // npx is a script there
  });
  if (error || status !== 0)
    throw new AdderNetError(
      'ERR_NATIVE_MISSING',
      `rebuild: compiling failed${error ? `, ${error.message}` : ''}; it needs CMake 3.15 and a compiler of C++17`,
    );
  console.log('addernet: compiled');
}
