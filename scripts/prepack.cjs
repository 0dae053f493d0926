// Before `npm pack`: a tarball without the binary of this machine or the WebAssembly module, or with one that is older than the native code, would
// install and then fail. Those of other platforms come from `npm run prebuilds` and the workflow, and stay.
const { execFileSync } = require('node:child_process');
const { existsSync, readdirSync, statSync } = require('node:fs');
const { join } = require('node:path');

const root = join(__dirname, '..');
const libc = existsSync('/etc/alpine-release') ? '.musl' : '.glibc'; // as prebuildify tells
const name = `addernet${process.platform === 'linux' ? libc : ''}.node`;
const binary = join(root, 'prebuilds', `${process.platform}-${process.arch}`, name);
const run = (...args) => execFileSync(process.execPath, args, { cwd: root, stdio: ['ignore', 2, 2] }); // npm pack prints its name to stdout

function isOutdated(binary) {
  if (!existsSync(binary)) return true;
  const native = readdirSync(join(root, 'native'), { recursive: true }).map((file) => join('native', file));
  const newest = Math.max(...['CMakeLists.txt', 'binding.d.ts', ...native].map((file) => statSync(join(root, file)).mtimeMs));
  return newest > statSync(binary).mtimeMs;
}

if (!existsSync(join(root, 'node_modules/prebuildify'))) {
  console.error('prepack: npm ci comes first: compiling the package needs its development dependencies');
  process.exit(1);
}
try {
  if (isOutdated(binary)) run(join(__dirname, 'prebuild.cjs'), '--quiet');
} catch {
  process.exit(1);
}
const wasm = join(root, 'prebuilds/wasm32/addernet.wasm');
try {
  if (isOutdated(wasm)) execFileSync(join(__dirname, 'build-wasm.sh'), { cwd: root, stdio: ['ignore', 2, 2] });
} catch {
  // Its compiler is one more than the addon needs: without it the package lacks addernet/wasm, but an old module would be wrong.
  if (existsSync(wasm)) process.exit(1);
  console.error('prepack: the tarball has no WebAssembly module, since it could not be built: scripts/wasm32.cmake says what that needs');
}
