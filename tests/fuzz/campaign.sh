#!/bin/sh
# Builds the fuzz targets by clang with ASan and UBSan and runs libFuzzer on each.
#   tests/fuzz/campaign.sh FOLDER LIMIT [TARGET]...
# FOLDER: where to build, and to keep what was found of each target (FOLDER/corpus) and the logs
# (FOLDER/logs). LIMIT: -max_total_time=SECONDS or -runs=N, of each target.
set -eu
here=$(dirname "$(readlink -f "$0")")
root=$(dirname "$(dirname "$here")")
folder=$1 limit=$2
shift 2
mkdir -p "$folder/logs"
echo 'int LLVMFuzzerTestOneInput(const char *d, long n) { return d && n < 0; }' |
    clang -fsanitize=fuzzer,address -x c -o "$folder/probe" - 2>/dev/null ||
    { echo "skipped: clang has no libFuzzer here (Debian: libclang-rt-dev)"; exit 77; }
[ -e "$folder/build/build.ninja" ] || CC=clang meson setup "$folder/build" "$root" \
    -Dfuzz=true -Dopencl=disabled -Dclblast=disabled -Dopenmp=disabled -Dlapack=disabled \
    --buildtype=debugoptimized --default-library=static >"$folder/logs/setup.txt"
[ $# -gt 0 ] || set -- $(ls "$here/seeds")
for target; do
    ninja -C "$folder/build" "tests/fuzz/fuzz-$target" >"$folder/logs/build.txt"
done
export ASAN_OPTIONS="allocator_may_return_null=1:quarantine_size_mb=1:malloc_context_size=4:${ASAN_OPTIONS:-}"
export UBSAN_OPTIONS="print_stacktrace=1:${UBSAN_OPTIONS:-}"
status=0
for target; do
    mkdir -p "$folder/corpus/$target"
    dictionary=$here/$target.dict
    "$folder/build/tests/fuzz/fuzz-$target" "$limit" -max_len=2048 -timeout=10 -malloc_limit_mb=48 \
        -print_final_stats=1 \
        $([ -e "$dictionary" ] && echo "-dict=$dictionary") \
        -artifact_prefix="$folder/$target-" \
        "$folder/corpus/$target" "$here/seeds/$target" >"$folder/logs/$target.txt" 2>&1 || status=1
    sed -n "s/^stat::number_of_executed_units: */$target: executions /p
        s/^SUMMARY: /$target: /p" "$folder/logs/$target.txt"
done
exit $status
