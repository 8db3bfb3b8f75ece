#!/bin/sh
# Every figure of docs/benchmarks.md. DATA is a folder with the public datasets; without it their parts are left out.
set -eu
program=$1
data=${DATA:-$(dirname "$0")/../../shared/data}
if [ -d "$data" ]; then
    echo "== next click, Retailrocket (reference: session-kNN .5768 / .2843, Serenade .3920 / .1809)"
    "$program" evaluate sessions --train "$data/sessions/retailrocket/train.txt.zst" \
        --test "$data/sessions/retailrocket/test.tsv.zst" --json
    echo "== next item, Amazon Beauty (reference: directed co-occurrence .0864 / .0542)"
    "$program" evaluate sequences --file "$data/sequences/beauty.txt.zst" --json
    dir=$(mktemp -d)
    trap 'rm -rf "$dir"' EXIT
    echo "== import and train, UCI Online Retail, 541,909 lines"
    retail="$data/transactions/online-retail/online_retail.csv.zst"
    timed() { if [ -x /usr/bin/time ]; then /usr/bin/time -f '%U + %S CPU s, %M KiB at most' "$@"; else "$@"; fi; }
    timed "$program" --data-dir "$dir/retail" import online-retail "$retail" --json
    timed "$program" --data-dir "$dir/retail" train --json
    echo "== the same import again"
    timed "$program" --data-dir "$dir/retail" import online-retail "$retail" --json
else
    echo "the public datasets are not in $data (set DATA): their figures are left out" >&2
fi
echo "== events and decisions over HTTP"
"$program" bench all
echo "== profiles and features of a million people"
examples=$(dirname "$program")/examples
people=$(mktemp -d)
trap 'rm -rf "${dir:-}" "$people"' EXIT
"$examples/feature_reads"
"$examples/profile_reads" "$program" "$people"
