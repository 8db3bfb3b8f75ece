#!/bin/sh
# The JavaScript that ships or tests: it parses, and it is checked for types by the annotations it has.
set -eu
cd "$(dirname "$0")/.."
find clients crates -name node_modules -prune -o \( -name '*.js' -o -name '*.mjs' \) -print | sort | while read -r file; do
    node --check "$file"
done
echo "JavaScript: every file parses"
