#!/bin/sh
# consumer.sh KIND SOURCE BUILD DRIVER [FLAG...]: installs what BUILD has into a clean prefix, then builds and
# runs an outside project against it: the folder KIND, or the example in README.md. DRIVER is '' or an OpenCL
# driver that crashes, which a program gets past if it finds its installation's ockham-probe; FLAGs are a
# sanitizer's, with which BUILD was built.
set -eu
here=$(dirname "$0")
. "$here/../absent.sh"
kind=$1 source=$2 build=$3 driver=$4
shift 4
export CFLAGS="$*" CXXFLAGS="$*" LDFLAGS="$*" OCKHAM_TUNE=0
unset OCKHAM_PROBE OCKHAM_DEVICE LD_LIBRARY_PATH
[ $# -eq 0 ] || export OCKHAM_DEVICE=scalar # a sanitizer would see what drivers leak

root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
cp -r "$here" "$root/projects"
cd "$root/projects"

install_ockham() {
    meson install -C "$build" --destdir "$root/installed" --no-rebuild --quiet
    pc=$(find "$root/installed" -name ockham.pc)
    libdir=${pc%/*/*}
    probe=$libdir/ockham/ockham-probe
    export PKG_CONFIG_PATH="${pc%/*}" LD_LIBRARY_PATH="$libdir"
    prefix=$root/installed$(pkg-config --variable=prefix ockham)
    pkg_config="pkg-config --define-variable=prefix=$prefix"
}

crashing() {
    OCL_ICD_VENDORS=$driver TEST_FAULT=crash@load OCKHAM_CACHE=$root/crashing "$@"
}

# A program that has the library linked into itself looks for the probe where that was to be installed.
run() {
    if [ "${1%static}" != "$1" ] || [ ! -e "$libdir/libockham.so" ]; then
        export OCKHAM_PROBE="$probe"
    fi
    OCKHAM_CACHE=$root/cache "$@"
    [ -z "$driver" ] || crashing "$@"
    unset OCKHAM_PROBE
}

make_xor() {
    make -C make PKG_CONFIG="$1"
    mv make/xor "$2"
    run "./$2"
}

case $kind in
    readme)
        need pkg-config
        install_ockham
        sed -n '/^```c$/,/^```$/ { /^```/ !p }' "$source/README.md" >example.c
        # shellcheck disable=SC2086,SC2046 # flags, one a word
        cc -std=c11 -Wall -Wextra -Wpedantic -Werror $CFLAGS example.c -o example \
            $($pkg_config --cflags --libs ockham)
        run ./example >said
        cat said
        awk '$NF < 0.9 { failed = 1 } END { exit failed || NR == 0 }' said
        ;;
    make)
        need make pkg-config
        install_ockham
        make_xor "$pkg_config" xor
        if [ -e "$libdir/libockham.a" ]; then
            rm -f "$libdir"/libockham.so* # as where static libraries alone are installed
            make_xor "$pkg_config --static" xor-static
        fi
        ;;
    cmake | cxx)
        need cmake make pkg-config
        [ "$kind" = cmake ] || need g++
        install_ockham
        cmake -Dockham_DIR="$libdir/cmake/ockham" -P cmake/another.cmake
        cmake -S "$kind" -B built -DCMAKE_PREFIX_PATH="$prefix" -DCMAKE_VERBOSE_MAKEFILE=ON
        cmake --build built
        run built/xor
        [ ! -e built/xor-static ] || run built/xor-static
        ;;
    subproject)
        need meson ninja
        mkdir subproject/subprojects
        ln -s "$source" subproject/subprojects/ockham
        meson setup built subproject --buildtype=debug
        meson compile -C built
        [ "$(meson introspect --tests built)" = "[]" ]
        [ -z "$(find built -name ockham-query)" ]
        libdir=$PWD/built/subprojects/ockham/lib
        probe=$libdir/probe/ockham-probe
        run built/xor
        run built/xor-static
        ;;
    tools)
        need pkg-config
        install_ockham
        run "$prefix/bin/ockham-train" --version
        { run "$prefix/bin/ockham-query" || true; } | tee said # which tells by its status what it found
        [ -z "$driver" ] || grep crashed said
        ;;
esac
