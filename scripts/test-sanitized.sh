#!/usr/bin/env bash
# The tests of the core and those that call native code, under the address and undefined-behavior sanitizers (leaks too); those of the
# core and of threads under the thread sanitizer. Needs `npm run build:ts`.
#   scripts/test-sanitized.sh --all: every test file that calls native code in its own process, for hours; lists the files that fail
set -euo pipefail
cd "$(dirname "$0")/.."

run() { # folder of the addon, runtime library of the sanitizer, test files...
  local build=$1 runtime=$2
  shift 2
  for test in "$@"; do
    # The leak check that follows the tests crashes now and then in its own reading of threads that end (google/sanitizers issue 1353):
    # then, and only then, the file is run again.
    for attempt in 1 2 3; do
      echo "# $build: $test"
      LD_PRELOAD=$(g++ -print-file-name="$runtime") ADDERNET_PREBUILD=$PWD/$build node "dist-test/$test.test.js" 2>&1 | tee "$log" && break
      [ $attempt -lt 3 ] && grep -q '^Tracer caught signal' "$log" && ! grep -q '^ *not ok' "$log" || return 1
    done
  done
}
log=$(mktemp)
trap 'rm -f "$log"' EXIT

export ADDERNET_QUICK=1 TAP_TIMEOUT=300 # seconds a file
export ASAN_OPTIONS=detect_leaks=1
export LSAN_OPTIONS=print_suppressions=0:suppressions=$PWD/scripts/lsan.supp
export TSAN_OPTIONS="ignore_noninstrumented_modules=1 suppressions=$PWD/scripts/tsan.supp"
npx cmake-js build --out build-asan/build --CDADDERNET_SANITIZE=address,undefined --CDADDERNET_TESTS=ON --log-level warn
npx cmake-js build --out build-tsan/build --CDADDERNET_SANITIZE=thread --CDADDERNET_TESTS=ON --log-level warn
build-asan/build/native/addernet_core_test
build-tsan/build/native/addernet_core_test
if [ "${1:-}" = --all ]; then
  # Those measure or limit memory, which the sanitizer fills; they run other builds, emulate CPUs, install the package, or run commands.
  unfit='^(native/runtime/(out-of-memory|thread-limits)|native/cpu|native/kernels|native/core|fuzz/(bombs|pytorch-bombs|replay)|package|machines|bench|soak|cli|crash|wasm|demo)'
  failed=()
  while read -r test; do
    TAP_TIMEOUT=1800 run build-asan libasan.so "$test" < /dev/null || failed+=("$test")
  done < <(cd dist-test && find . -name '*.test.js' | sed -E 's|^\./(.*)\.test\.js$|\1|' | grep -vE "$unfit" | sort)
  printf '%s\n' "${#failed[@]} files failed" "${failed[@]}"
  exit $((${#failed[@]} > 0))
fi
threads=(native/runtime/threads native/image/crop-mirror-normalize session/threads)
run build-asan libasan.so native/conv2d/{golden,conv2d,gradient,integer,quantized,winograd,winograd-integer,xnor} native/nn/{batch-norm,training} "${threads[@]}" \
  native/binding/{hostile-arguments,shared-memory} native/plan/activation session/{inference-session,quantized-session,compile} ops/ops \
  files/crafted-networks graph/interpret layers/layers optim/optim quantize/quantize train/training-step
run build-tsan libtsan.so "${threads[@]}"
