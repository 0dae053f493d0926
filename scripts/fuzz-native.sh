#!/usr/bin/env bash
# libFuzzer over the core, under the address and undefined-behavior sanitizers: scripts/fuzz-native.sh [seconds of each fuzzer, 60]
# Starts from test/fuzz/native/corpus and a new seed. Prints how often each operation ran on each instruction set. Fails on a crash, an overrun
# and a result that is not its definition, and keeps the input as fuzz-FUZZER-crash-…: `build-fuzz/fuzz_FUZZER FILE` repeats it. What was found
# interesting is kept in build-fuzz/corpus. After a long run, the smallest part of it that reaches the same edges goes into the repository:
#   build-fuzz/fuzz_FUZZER -merge=1 -use_counters=0 test/fuzz/native/corpus/FUZZER build-fuzz/corpus/FUZZER
# Needs clang with its runtime libraries: clang-19 and libclang-rt-19-dev on Debian, or another one as CXX.
set -euo pipefail
cd "$(dirname "$0")/.."
seconds=${1:-60}

cmake -S native -B build-fuzz -G Ninja -DCMAKE_CXX_COMPILER="${CXX:-clang++-19}" -DADDERNET_FUZZ=ON \
  -DADDERNET_SANITIZE=address,undefined > /dev/null
cmake --build build-fuzz --target fuzz_operations fuzz_plans > /dev/null

symbolizer=$(compgen -c llvm-symbolizer | head -1 || true)
[ -z "$symbolizer" ] || export ASAN_SYMBOLIZER_PATH=$(command -v "$symbolizer")
# Memory of a gigabyte and more is refused by the core, not a crash.
export ASAN_OPTIONS=allocator_may_return_null=1
for fuzzer in operations plans; do
  mkdir -p build-fuzz/corpus/$fuzzer
  log=build-fuzz/$fuzzer.log
  if ! build-fuzz/fuzz_$fuzzer -max_total_time="$seconds" -max_len=96 -len_control=0 -timeout=60 -artifact_prefix="fuzz-$fuzzer-" \
    build-fuzz/corpus/$fuzzer test/fuzz/native/corpus/$fuzzer > $log 2>&1; then
    tail -60 $log
    echo "fuzz_$fuzzer failed; its input is kept: fuzz-$fuzzer-*"
    exit 1
  fi
  echo "fuzz_$fuzzer: $(grep '^Done' $log), seed $(sed -n 's/^INFO: Seed: //p' $log)"
  sed -n '/^Done/,$p' $log | grep -E '^ +[0-9]+ '
done
