// Before `npm pack`: a tarball without the binary of this machine would install and then fail. Those of other platforms come from
// `npm run prebuilds` and the workflow, and stay.
const { execFileSync } = require('node:child_process');
const { existsSync, readdirSync } = require('node:fs');
const { join } = require('node:path');

const root = join(__dirname, '..');
const here = join(root, 'prebuilds', `${process.platform}-${process.arch}`);
const run = (...args) => execFileSync(process.execPath, args, { cwd: root, stdio: ['ignore', 2, 2] }); // npm pack prints its name to stdout

if (!existsSync(join(root, 'node_modules/prebuildify'))) {
  console.error('prepack: npm ci comes first: compiling the package needs its development dependencies');
  process.exit(1);
}
try {
  if (!existsSync(here) || readdirSync(here).length === 0) run(join(__dirname, 'prebuild.cjs'), '--quiet');
} catch {
  process.exit(1);
}
