#!/bin/sh
# tools/setup.sh build|test: installs what is missing of tools/packages, configures build/, and
# builds what tools/demo runs; with "test", what the tests need and all of it.
set -eu
root=$(dirname "$(dirname "$(readlink -f "$0")")")
part=$1

packages() {
    sed -n 's/^build  *\([^ ]*\).*/\1/p' "$root/tools/packages"
    [ "$part" = build ] || sed -n 's/^test  *\([^ ]*\).*/\1/p' "$root/tools/packages"
}

missing() {
    for package; do
        dpkg-query -W -f '${db:Status-Status}\n' "$package" 2>/dev/null | grep -qx installed ||
            echo "$package"
    done
}

as_root() {
    [ "$(id -u)" -eq 0 ] || set -- sudo "$@"
    "$@" </dev/null
}

# apt-get waits for another's lock on the packages, but not on their lists.
install() {
    as_root apt-get -q update || echo "The package lists could not be updated."
    as_root env DEBIAN_FRONTEND=noninteractive \
        apt-get -qy -o DPkg::Lock::Timeout=600 install --no-install-recommends "$@"
}

install_missing() {
    if ! command -v apt-get >/dev/null || ! command -v dpkg-query >/dev/null; then
        echo "There is no apt-get here. By Debian's names Ockham needs: $*"
        return
    fi
    # shellcheck disable=SC2046 # names of packages, one a word
    set -- $(missing "$@")
    [ $# -gt 0 ] || return 0
    if [ "$(id -u)" -ne 0 ] && ! command -v sudo >/dev/null; then
        echo "There is no sudo. As root, install: $*"
        return
    fi
    echo "Installing: $*"
    install "$@" || { sleep 10 && install "$@"; } || echo "Not installed: $*"
}

give_up() {
    echo "$1 By Debian's names Ockham needs: $(packages | tr '\n' ' ')" >&2
    exit 1
}

configure() {
    werror=false
    [ "${CI:-}" != true ] || werror=true
    set -- "-Dwerror=$werror"
    [ "$part" = build ] || set -- "$@" -Dtests=enabled -Ddefault_library=both
    if [ -e "$root/build/meson-private/coredata.dat" ]; then
        set -- "$@" --reconfigure
    fi
    output=$(meson setup "$@" "$root/build" "$root" </dev/null 2>&1) || {
        echo "$output" >&2
        give_up "The build could not be configured."
    }
}

exec 9<"$0" # one at a time
! command -v flock >/dev/null || flock 9
# shellcheck disable=SC2046
install_missing $(packages)
for program in meson ninja cc; do
    command -v "$program" >/dev/null || give_up "$program is missing."
done
configure
if [ "$part" = build ]; then
    ninja -C "$root/build" demo </dev/null
else
    ninja -C "$root/build" </dev/null
fi
