#!/usr/bin/env bash
# Measures everything into bench/results/ and makes bench/RESULTS.md of it: about twenty minutes, in which nothing else should run.
set -euo pipefail
cd "$(dirname "$0")/.."
mkdir -p bench/results

measure() { # file, arguments of `addernet bench`
  local file=bench/results/$1.json
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
node dist-bench/report.js
