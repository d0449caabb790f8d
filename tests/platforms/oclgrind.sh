#!/bin/sh
# oclgrind.sh [--uninitialized] PROGRAM [ARGUMENT...]
# Runs a program on Oclgrind's simulated device and fails on anything that Oclgrind reports. It
# exits 0 whatever it finds: faults of kernels are in its log, misused calls on stderr. Optimised
# code hides reads of uninitialised memory, so the search for them goes without optimisation.
set -eu

icd=${OCLGRIND_ICD:-/usr/lib/oclgrind/liboclgrind-rt-icd.so}
if [ ! -e "$icd" ]; then
    echo "Oclgrind is not installed: there is no $icd"
    [ "${OCKHAM_REQUIRE_OPENCL:-0}" = 1 ] && exit 1
    exit 77
fi
if [ "$1" = --uninitialized ]; then
    shift
    export OCLGRIND_UNINITIALIZED=1 OCLGRIND_BUILD_OPTIONS=-cl-opt-disable
fi
found=$(mktemp -d)
trap 'rm -rf "$found"' EXIT
export OCL_ICD_VENDORS="$icd" OCLGRIND_LOG="$found/log"
export OCLGRIND_DATA_RACES=1 OCLGRIND_CHECK_API=1

status=0
"$@" 2>"$found/stderr" || status=$?
cat "$found/stderr"
if [ -s "$found/log" ]; then
    echo "Oclgrind's log:"
    head -n 100 "$found/log"
    exit 1
fi
if grep -q '^Oclgrind' "$found/stderr"; then
    echo "Oclgrind saw misused calls"
    exit 1
fi
exit "$status"
