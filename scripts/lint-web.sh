#!/bin/sh
# The JavaScript that ships or tests: checked for types by TypeScript and for habits by ESLint.
set -eu
cd "$(dirname "$0")/../clients"
./install.sh node
npx --no-install tsc --project .
npx --no-install eslint .
for script in console live; do
  cat ../crates/storefront/assets/follow.js "../crates/storefront/assets/$script.js" | npx --no-install eslint --stdin --stdin-filename "$script.mjs"
done
echo "JavaScript: types and habits are fine"
