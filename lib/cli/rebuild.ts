import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { AdderNetError } from '../errors';

/** cmake-js comes from npm for this one call, so that installing the package stays light. */
export function rebuild(): void {
  const npx = process.platform === 'win32' ? 'npx.cmd' : 'npx';
  const { status, error } = spawnSync(npx, ['--yes', 'cmake-js@8', 'rebuild'], {
    cwd: join(__dirname, '../..'),
    stdio: 'inherit',
    shell: process.platform === 'win32',
  });
  if (error || status !== 0)
    throw new AdderNetError(
      'ERR_NATIVE_MISSING',
      `rebuild: compiling failed${error ? `, ${error.message}` : ''}; it needs CMake, a C++17 compiler and make or ninja`,
    );
  console.log('addernet: compiled');
}
