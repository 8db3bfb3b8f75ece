#!/bin/sh
# Runs fuzz targets, each for some seconds, and stops at the first that fails: fuzz/run.sh [SECONDS] [TARGET…]
# Without targets all of them, those that a stranger reaches first at the front. SECONDS is 60 if not given.
#
# SANITIZER=none is the default: no crate of ours has unsafe code, and without one a target is built and runs
# in half the time. `SANITIZER=address` looks for faults in C and in other people's unsafe code too.
# JOBS=2 runs two targets at once. What was found to be new lies in fuzz/found/<target>, and is read again
# next time; a failure lies in fuzz/artifacts/<target>: mend it, and put it into fuzz/corpus/<target>.
set -eu
cd "$(dirname "$0")"

missing=
command -v cargo >/dev/null 2>&1 || missing="$missing
  cargo: rustup.rs"
command -v c++ >/dev/null 2>&1 || missing="$missing
  c++, a C++ compiler, for libFuzzer: of your system's packages, such as g++"
if [ -z "$missing" ]; then
    cargo +nightly --version >/dev/null 2>&1 || missing="$missing
  a nightly toolchain: rustup toolchain install nightly --profile minimal"
    cargo fuzz --version >/dev/null 2>&1 || missing="$missing
  cargo-fuzz: cargo install cargo-fuzz --locked"
fi
if [ -n "$missing" ]; then
    echo "fuzz/run.sh: missing:$missing" >&2
    exit 1
fi

seconds=${1:-60}
[ $# -eq 0 ] || shift
all=$(sed -n 's/^        ("\([a-z0-9_]*\)", .*::.*),$/\1/p' ../crates/fuzzing/src/lib.rs)
for target in "$@"; do
    case " $(echo $all) " in
    *" $target "*) ;;
    *) echo "fuzz/run.sh: there is no target $target; there are:" $all >&2; exit 1 ;;
    esac
done
[ $# -gt 0 ] || set -- $all

sanitizer=${SANITIZER:-none}
export RUST_BACKTRACE=0
built=${CARGO_TARGET_DIR:-$PWD/target}
./seed.sh
cargo +nightly fuzz build --fuzz-dir . --sanitizer "$sanitizer" --target-dir "$built"
bin=$built/$(rustc +nightly -vV | sed -n 's/^host: //p')/release

# One target; its log ends with what libFuzzer counted.
run() {
    mkdir -p "found/$1" "artifacts/$1" "seeds/$1"
    "$bin/$1" "found/$1" "corpus/$1" "seeds/$1" -max_total_time="$seconds" -max_len=16384 -timeout=25 \
        -rss_limit_mb=3072 -malloc_limit_mb=1024 -print_final_stats=1 -verbosity=1 \
        -artifact_prefix="artifacts/$1/" >"found/$1.log" 2>&1 && failed=0 || failed=$?
    runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "found/$1.log")
    cover=$(sed -n 's/.* cov: \([0-9]*\) ft: \([0-9]*\) corp: \([0-9]*\).*/\1 edges, \2 features, \3 inputs/p' "found/$1.log" | tail -n 1)
    if [ "$failed" -eq 0 ]; then
        echo "$(date -u +%H:%M:%S) $1: no failure in $seconds s, ${runs:-?} runs, $cover"
    else
        echo "$(date -u +%H:%M:%S) $1: FAILED after ${runs:-?} runs, see fuzz/found/$1.log and fuzz/artifacts/$1"
        tail -n 40 "found/$1.log"
    fi
    return "$failed"
}

if [ "${JOBS:-1}" -gt 1 ]; then
    worst=0
    while [ $# -gt 0 ]; do
        pids=
        for _ in $(seq "$JOBS"); do
            [ $# -gt 0 ] || break
            run "$1" & pids="$pids $!"
            shift
        done
        for pid in $pids; do wait "$pid" || worst=1; done
    done
    exit "$worst"
fi
for target in "$@"; do run "$target"; done
