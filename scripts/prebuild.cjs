// node scripts/prebuild.cjs [ARCH]: the binary that goes into the tarball, prebuilds/<platform>-<arch>/addernet[.<libc>].node, compiled for
// this machine or, on Linux, cross-compiled for arm64.
const { join } = require('node:path');
const prebuildify = require('prebuildify');

const arch = process.argv[2] ?? process.arch;
const crossing = process.platform === 'linux' && arch === 'arm64' && process.arch !== 'arm64';
if (crossing) process.env.CMAKE_TOOLCHAIN_FILE = join(__dirname, 'aarch64.cmake');
const windows = process.platform === 'win32';
const nodeGyp = join(__dirname, 'cmake-js-as-node-gyp.cjs');

prebuildify(
  {
    arch,
    name: 'addernet',
    napi: true,
    targets: ['20.0.0'],
    tagLibc: process.platform === 'linux',
    strip: true,
    stripBin: crossing ? 'aarch64-linux-gnu-strip' : 'strip',
    nodeGyp: windows ? `node "${nodeGyp}"` : nodeGyp,
    quiet: process.argv.includes('--quiet'),
  },
  (error) => {
    if (!error) return;
    console.error(error.message);
    process.exitCode = 1;
  },
);
