import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { AdderNetError } from '../errors';
import { printText } from './terminal';

const { missingToolchain } = require('../../scripts/check-toolchain.cjs') as { missingToolchain(): string | undefined };

/** Fetches cmake-js from npm for this call only, so that the package needs few dependencies. */
export function rebuild(): void {
  const missing = missingToolchain();
  if (missing) throw new AdderNetError('ERR_NATIVE_MISSING', missing);
  const windows = process.platform === 'win32';
  const toolset = windows ? ['--toolset', 'ClangCL'] : [];
  const { status, error } = spawnSync('npx', ['--yes', 'cmake-js@8', 'rebuild', ...toolset], {
    cwd: join(__dirname, '../..'),
    stdio: 'inherit',
    shell: windows, // npx is a script on Windows
  });
  if (error || status !== 0)
    throw new AdderNetError(
      'ERR_NATIVE_MISSING',
      `rebuild: compiling failed${error ? `, ${error.message}` : ''}; it needs CMake 3.15 and a C++17 compiler`,
    );
  printText('addernet: compiled');
}
