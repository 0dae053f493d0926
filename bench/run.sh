#!/usr/bin/env bash
# bench/run.sh [NAME]: measures everything into bench/results/NAME, which is named after the CPU, and makes the pages of bench: about twenty-five
# minutes, in which nothing else should run. Without a name: `local`, which git ignores.
set -euo pipefail
cd "$(dirname "$0")/.."
folder=bench/results/${1:-local}
mkdir -p "$folder"

measure() { # file, arguments of `addernet bench`
  local file=$folder/$1.json
  shift
  echo "addernet bench $*"
  node dist/cli/main.js bench "$@" --json >"$file.part"
  mv "$file.part" "$file"
}

measure layers layers --threads 1
measure models-1-thread models --threads 1
measure models-2-threads models --threads 2
measure wasm wasm
measure train train --threads 2
measure serve serve
measure kernels kernels --threads 1
node dist-bench/report.js
