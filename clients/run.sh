#!/bin/sh
# Installs what is needed and runs the tests: run.sh [clients|feast|browser|all]     (all if none is named)
# What cannot be had here (Python's clients, Feast's SDK, Chromium) is named on a line of its own as SKIPPED and fails nothing.
set -eu
cd "$(dirname "$0")"

clients="test/segment-node.test.mjs test/segment-python.test.mjs test/rudder.test.mjs test/other-dialects.test.mjs"
clients="$clients test/shopify.test.mjs test/retries.test.mjs test/lake.test.mjs"
feast="test/feast.test.mjs"
browser="test/segment-browser.test.mjs test/rudder-browser.test.mjs test/storefront.test.mjs test/live-profile.test.mjs test/privacy.test.mjs"
parts="python feast browser"
case ${1:-all} in
  clients) tests=$clients parts=python ;;
  feast) tests=$feast parts=feast ;;
  browser) tests=$browser parts=browser ;;
  all) tests="$clients $feast $browser" ;;
  *)
    echo "run.sh: there is no set '$1'; there are clients, feast, browser and all" >&2
    exit 2
    ;;
esac

./install.sh node
skipped=
for part in $parts; do
  ./install.sh "$part" || skipped="$skipped $part"
done

# The report goes to a file first: a pipe would lose node's exit status.
report=$(mktemp)
trap 'rm -f "$report"' EXIT
status=0
# shellcheck disable=SC2086 # the names have no spaces
node --test --test-reporter=spec --test-reporter-destination=stdout \
  --test-reporter=tap --test-reporter-destination="$report" $tests || status=$?

for part in $skipped; do
  echo "SKIPPED: the tests that need $part; install.sh said above what is missing"
done
grep -o '# SKIP .*' "$report" | sed 's/^# SKIP SKIPPED/SKIPPED/; s/^# SKIP/SKIPPED/' | sort -u || true
exit "$status"
