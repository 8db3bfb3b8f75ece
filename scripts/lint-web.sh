#!/bin/sh
# The JavaScript that ships or tests: checked for types by TypeScript and for habits by ESLint.
set -eu
cd "$(dirname "$0")/../clients"
./install.sh node
npx --no-install tsc --project .
npx --no-install eslint .
npx --no-install eslint --stdin --stdin-filename console.mjs <../crates/storefront/assets/console.js
echo "JavaScript: types and habits are fine"
