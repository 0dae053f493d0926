#!/usr/bin/env bash
# clang-tidy over native/ (.clang-tidy has the checks); a finding is an error.
set -euo pipefail
cd "$(dirname "$0")/.."

npx cmake-js configure --out build-tidy --CDCMAKE_EXPORT_COMPILE_COMMANDS=ON --log-level warn > /dev/null
run-clang-tidy -quiet -p build-tidy '/native/'
