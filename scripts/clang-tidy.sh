#!/usr/bin/env bash
# clang-tidy over native/ (.clang-tidy has the checks); a finding is an error.
set -euo pipefail
cd "$(dirname "$0")/.."

npx cmake-js configure --out build-tidy --CDCMAKE_EXPORT_COMPILE_COMMANDS=ON --log-level warn > /dev/null
# Without the commands and the counts of findings in headers of others.
run-clang-tidy -quiet -p build-tidy '/native/' 2>&1 | sed -E '/^clang-tidy|^[0-9]+ warnings generated/d'
