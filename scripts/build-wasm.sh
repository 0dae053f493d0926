#!/usr/bin/env bash
# The WebAssembly module, prebuilds/wasm32/addernet.wasm, of native/wasm and what it needs of the core. What it takes: scripts/wasm32.cmake.
# --tests: and the tests and fuzzers of the core, build-wasm-tests, with the kernels of training, which scripts/run-wasi.mjs runs.
set -euo pipefail
cd "$(dirname "$0")/.."
configure() { # folder, options
  cmake -S native -B "$1" -G Ninja -DCMAKE_TOOLCHAIN_FILE="$PWD/scripts/wasm32.cmake" -DCMAKE_BUILD_TYPE=Release -DADDERNET_THREADS=OFF \
    -DADDERNET_WERROR=ON "${@:2}" > /dev/null
}
configure build-wasm -DADDERNET_INFERENCE=ON
cmake --build build-wasm --target addernet
mkdir -p prebuilds/wasm32
cp build-wasm/addernet.wasm prebuilds/wasm32/addernet.wasm
if [ "${1:-}" = --tests ]; then
  configure build-wasm-tests -DADDERNET_TESTS=ON
  cmake --build build-wasm-tests
fi
