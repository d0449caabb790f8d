#!/bin/sh
# alone.sh COMPILER STANDARD INCLUDE HEADER...: each public header stands alone, and may be included twice,
# with all that its users may have asked the compiler for.
set -eu
. "$(dirname "$0")/../absent.sh"
compiler=$1 standard=$2 include=$3
shift 3
need "$compiler"

case $standard in
    c++*) language="c++ -Wold-style-cast" ;;
    *) language="c -Wstrict-prototypes -Wmissing-prototypes" ;;
esac
for header; do
    # shellcheck disable=SC2086 # flags, one a word
    printf '#include <ockham/%s>\n' "$header" "$header" |
        "$compiler" -x $language "-std=$standard" -fsyntax-only -DNDEBUG -Werror -Wall -Wextra -Wpedantic \
            -Wconversion -Wsign-conversion -Wshadow -Wundef -Wcast-qual -Wwrite-strings \
            -Wredundant-decls -Wdouble-promotion -I "$include" -
done
