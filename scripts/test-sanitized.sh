#!/usr/bin/env bash
# The tests that call native code, under the address and undefined-behaviour sanitizers (leaks too); those of threads under the
# thread sanitizer. Needs `npm run build:ts`.
set -euo pipefail
cd "$(dirname "$0")/.."

run() { # folder of the addon, runtime library of the sanitizer, test files...
  local build=$1 runtime=$2
  shift 2
  for test in "$@"; do
    echo "# $build: $test"
    LD_PRELOAD=$(g++ -print-file-name="$runtime") ADDERNET_PREBUILD=$PWD/$build node "dist-test/$test.test.js"
  done
}

export ADDERNET_QUICK=1 TAP_TIMEOUT=300 # seconds a file
export ASAN_OPTIONS=detect_leaks=1
export TSAN_OPTIONS="ignore_noninstrumented_modules=1 suppressions=$PWD/scripts/tsan.supp"
npx cmake-js build --out build-asan/build --CDADDERNET_SANITIZE=address,undefined --log-level warn
npx cmake-js build --out build-tsan/build --CDADDERNET_SANITIZE=thread --log-level warn
run build-asan libasan.so golden convolution gradient integer quantization xnor batch-norm training threads crop-mirror-normalize unit/ops
run build-tsan libtsan.so threads crop-mirror-normalize
