# Sourced: how a test ends where a program that it needs is not there. That is a visible skip, and a failure
# in CI, where tools/packages installs it.
need() {
    for program; do
        command -v "$program" >/dev/null && continue
        echo "There is no $program: skipped"
        [ "${CI:-}" != true ] || exit 1
        exit 77
    done
}
