# Sourced: how a test ends where a program that it needs is not there. That is a visible skip, and a failure
# in CI, where tools/packages installs it.
need() {
    for program; do
        command -v "$program" >/dev/null && continue
        [ "${CI:-}" != true ] || { echo "$program is not installed, and CI=true"; exit 1; }
        echo "$program is not installed: skipped"
        exit 77
    done
}
