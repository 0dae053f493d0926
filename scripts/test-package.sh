#!/usr/bin/env bash
# The tarball as a user gets it: packed with both prebuilt binaries, its contents looked at, installed without scripts into an empty
# folder, loaded both ways, run from the command line, and asked to explain itself where no binary fits.
set -euo pipefail
cd "$(dirname "$0")/.."
fail() { echo "test-package: $*" >&2; exit 1; }

rm -rf prebuilds
npm run -s prebuilds:arm64 -- --quiet
npm run -s prebuilds:x64 -- --quiet # last: it leaves build/ configured for this machine
readelf -h prebuilds/linux-arm64/addernet.glibc.node | grep -q AArch64 || fail 'the arm64 binary is for another machine'
readelf -h prebuilds/linux-x64/addernet.glibc.node | grep -q X86-64 || fail 'the x64 binary is for another machine'

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
tarball=$dir/$(npm pack --silent --pack-destination "$dir" | tail -n 1)
tar -tzf "$tarball" | sed 's#^package/##' | sort > "$dir/files"
for file in dist/index.js dist/index.d.ts dist-bench/kernels.js prebuilds/linux-{x64,arm64}/addernet.glibc.node CMakeLists.txt binding.d.ts native/binding/addon.cc; do
  grep -qx "$file" "$dir/files" || fail "the tarball lacks $file"
done
foreign=$(grep -vE '^(dist|dist-bench|prebuilds|native|models)/|^(package\.json|README\.md|LICENSE|CHANGELOG\.md|CMakeLists\.txt|binding\.d\.ts)$' "$dir/files" || true)
[ -z "$foreign" ] || fail "the tarball holds what no user needs: $foreign"

mkdir "$dir/user"
cd "$dir/user"
npm init -y > /dev/null
npm install --silent --no-audit --no-fund --ignore-scripts "$tarball"
node -e "
  const { scripts } = require('addernet/package.json');
  const atInstall = ['preinstall', 'install', 'postinstall'].filter((name) => name in scripts);
  if (atInstall.length > 0) throw new Error('runs at installation: ' + atInstall);"

call='ops.adderConv2d(Tensor.zeros([1, 3, 3, 2]), Tensor.zeros([4, 3, 3, 2])).data.length !== 4 && process.exit(1)'
echo "import { cpuInfo, ops, Tensor } from 'addernet'; $call; console.log('import:', cpuInfo().isa)" > import.mjs
echo "const { cpuInfo, ops, Tensor } = require('addernet'); $call; console.log('require:', cpuInfo().isa)" > require.cjs
PREBUILDS_ONLY=1 node import.mjs
PREBUILDS_ONLY=1 node require.cjs
if [ -e node_modules/addernet/dist/cli/main.js ]; then
  PREBUILDS_ONLY=1 npx --no-install addernet info --json | node -e "console.log('command line:', JSON.parse(require('fs').readFileSync(0, 'utf8')).isa)"
fi

rm -r node_modules/addernet/prebuilds
node -e "
  const { cpuInfo, Tensor } = require('addernet');
  Tensor.zeros([1]);
  process.exitCode = 1;
  try {
    cpuInfo();
  } catch ({ code, message }) {
    console.log('without a binary:', code);
    if (code === 'ERR_NATIVE_MISSING' && message.includes('npx addernet rebuild')) process.exitCode = 0;
  }" || fail 'without a binary the first use must throw ERR_NATIVE_MISSING and name the remedies'
