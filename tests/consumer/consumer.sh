#!/bin/sh
# consumer.sh SOURCE BUILD [CFLAG...]: installs the library, builds README.md's example against it as
# a user would, through pkg-config, and expects the network to learn.
set -eu
source=$1 build=$2
shift 2
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
meson install -C "$build" --destdir "$root" --no-rebuild --quiet

pc=$(find "$root" -name ockham.pc)
export PKG_CONFIG_PATH="${pc%/*}"
# shellcheck disable=SC2016 # no expansion is meant
sed -n '/^```c$/,/^```$/ { /^```/ !p }' "$source/README.md" >"$root/example.c"
# shellcheck disable=SC2046 # flags, one a word
cc -std=c11 -Wall -Wextra -Wpedantic -Werror "$@" "$root/example.c" -o "$root/example" \
    $(pkg-config --define-variable=prefix="$root$(pkg-config --variable=prefix ockham)" \
        --cflags --libs ockham)
lib=$(find "$root" -name libockham.so)
LD_LIBRARY_PATH=${lib%/*} "$root/example" | tee "$root/said"
awk '$NF > 0.9 { learnt = 1 } END { exit !learnt }' "$root/said"
