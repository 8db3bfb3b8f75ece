#!/bin/sh
# Says exactly what is missing of the tools that are named.
missing=
for tool in "$@"; do
    command -v "$tool" >/dev/null 2>&1 || missing="$missing $tool"
done
[ -z "$missing" ] && exit 0
echo "missing:$missing" >&2
echo "Tradewind builds with Rust 1.95 or newer (rustup.rs), Node 20 or newer, and a C compiler with make." >&2
exit 1
