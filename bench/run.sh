#!/usr/bin/env bash
# bench/run.sh [FOLDER]: measures everything into FOLDER/results and makes FOLDER/RESULTS.md of it, FOLDER being bench where none is given:
# about twenty minutes, in which nothing else should run.
set -euo pipefail
cd "$(dirname "$0")/.."
folder=${1:-bench}
mkdir -p "$folder/results"

measure() { # file, arguments of `addernet bench`
  local file=$folder/results/$1.json
  shift
  echo "addernet bench $*"
  node dist/cli/main.js bench "$@" --json >"$file.part"
  mv "$file.part" "$file"
}

measure layers layers --threads 1
measure models-1-thread models --threads 1
measure models-2-threads models --threads 2
measure train train --threads 2
measure serve serve
measure kernels kernels --threads 1
node dist-bench/report.js "$folder/results"
