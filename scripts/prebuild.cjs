// node scripts/prebuild.cjs [ARCH...]: binaries that go into the tarball, prebuilds/<platform>-<arch>/addernet[.<libc>].node, each compiled
// for this machine or, on Linux, cross-compiled for arm64. --all: every one that this machine can make, its own first.
const { mkdirSync } = require('node:fs');
const { join } = require('node:path');
const { promisify } = require('node:util');
const prebuildify = promisify(require('prebuildify'));
const { missingToolchain } = require('./check-toolchain.cjs');

const root = join(__dirname, '..');
const windows = process.platform === 'win32';
const nodeGyp = join(__dirname, 'cmake-js-as-node-gyp.cjs');

async function compile(arch) {
  const crossing = process.platform === 'linux' && arch === 'arm64' && process.arch !== 'arm64';
  const missing = missingToolchain(crossing);
  if (missing) throw new Error(missing);
  if (crossing) process.env.CMAKE_TOOLCHAIN_FILE = join(__dirname, 'aarch64.cmake');
  // prebuildify compiles in build/ of its folder: not this one's, whose binary a checkout runs with, even if this is killed halfway.
  const folder = join(root, 'build-prebuilds', arch);
  mkdirSync(folder, { recursive: true });
  await prebuildify({
    arch,
    cwd: folder,
    out: root,
    name: 'addernet',
    napi: true,
    targets: ['20.0.0'],
    tagLibc: process.platform === 'linux',
    strip: true,
    stripBin: crossing ? 'aarch64-linux-gnu-strip' : 'strip',
    nodeGyp: windows ? `node "${nodeGyp}"` : nodeGyp,
    quiet: process.argv.includes('--quiet'),
  });
}

async function main() {
  const all = process.platform === 'linux' && process.arch === 'x64' ? ['x64', 'arm64'] : [process.arch];
  const named = process.argv.slice(2).filter((arg) => !arg.startsWith('--'));
  const archs = process.argv.includes('--all') ? all : named.length > 0 ? named : [process.arch];
  for (const arch of archs) await compile(arch);
}

main().catch(({ message }) => {
  console.error(`prebuild: ${message}`);
  process.exitCode = 1;
});
