#!/usr/bin/env bash
# The WebAssembly module, prebuilds/wasm32/addernet.wasm, of native/wasm and what it needs of the core. What it takes: scripts/wasm32.cmake.
set -euo pipefail
cd "$(dirname "$0")/.."
cmake -S native -B build-wasm -G Ninja -DCMAKE_TOOLCHAIN_FILE="$PWD/scripts/wasm32.cmake" -DCMAKE_BUILD_TYPE=Release \
  -DADDERNET_THREADS=OFF -DADDERNET_INFERENCE=ON -DADDERNET_WERROR=ON > /dev/null
cmake --build build-wasm --target addernet
mkdir -p prebuilds/wasm32
cp build-wasm/addernet.wasm prebuilds/wasm32/addernet.wasm
