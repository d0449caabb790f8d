#!/bin/sh
# valgrind.sh CHECKCL: writes beyond a buffer within kernels, as PoCL runs them. What valgrind finds while
# drivers compile is theirs, so a first run fills the cache of kernels, and the second one counts.
set -eu
here=$(dirname "$(readlink -f "$0")")
. "$here/../absent.sh"
need valgrind
cache=$(mktemp -d)
trap 'rm -rf "$cache"' EXIT
export POCL_CACHE_DIR="$cache" OMP_NUM_THREADS=1
run() {
    valgrind --quiet --undef-value-errors=no --redzone-size=256 --error-exitcode=3 \
        --suppressions="$here/valgrind.supp" "$1" --device cpu --iterations 2 --max-size 48
}
run "$1" >"$cache/first" 2>&1 || true
run "$1" 2>&1 | grep -v hwloc | tee "$cache/second"
grep -q ' checks, 0 failed' "$cache/second"
! grep -q '^==' "$cache/second"
