#!/usr/bin/env python3
"""configurations.py NAME SOURCE FOLDER [ARGUMENT...]: builds SOURCE as the configuration NAME in
FOLDER/NAME, without a warning, and runs its tests; ARGUMENTs take the place of the table's to `meson test`.

Ends with 77 where the machine lacks what the configuration needs. A configuration that is to do
without a part must not have read that part's headers, which are installed here."""

import collections
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import sysroot

SKIPPED = 77
ALL_OFF = "-Dauto_features=disabled -Dtests=enabled"
HEADERS = {
    "opencl": r"/CL/", "clblast": r"/clblast", "lapack": r"/lapacke", "openblas": r"/cblas|/openblas",
    "png": r"/spng\.h", "openmp": r"/omp\.h", "tests": r"/check\.h",
}
PLAIN_C = "--setup none --no-suite nightly --suite unit --suite golden --suite train"
HOST = PLAIN_C + " --suite input --suite tools --suite fuzz"


class Configuration(NamedTuple):
    options: str = ""
    without: str = ""  # parts that must not have been read
    tests: str = ""  # arguments of `meson test`
    compiler: str = ""
    architecture: str = ""  # with a tree of Debian's packages in place of the machine's own


CONFIGURATIONS = {
    "nothing": Configuration(ALL_OFF + " -Doptimization=0", "opencl clblast lapack openblas png openmp"),
    "no-opencl": Configuration("-Dopencl=disabled", "opencl clblast"),
    "no-clblast": Configuration("-Dclblast=disabled", "clblast", "--no-suite nightly --suite unit --suite checkcl"),
    "no-lapack": Configuration("-Dlapack=disabled", "lapack", HOST),
    "no-png": Configuration("-Dpng=disabled", "png", HOST),
    "no-openmp": Configuration("-Dopenmp=disabled", "openmp", HOST),
    "no-openblas": Configuration("-Dopenblas=disabled", "openblas", "--setup none --no-suite nightly --suite tools"),
    "no-tools": Configuration("-Dtools=disabled", "openblas png", HOST),
    "no-tests": Configuration("-Dtests=disabled", "tests"),
    "bare": Configuration("-Dtests=auto", "opencl clblast lapack openblas png tests", architecture="amd64"),
    "static": Configuration("-Ddefault_library=static", "", PLAIN_C),
    "clang": Configuration("", "", PLAIN_C, compiler="clang"),
    "O0": Configuration("-Doptimization=0", "", PLAIN_C),
    "O3": Configuration("-Doptimization=3", "", PLAIN_C),
    "c17": Configuration("-Dc_std=c17", "", PLAIN_C),
    "c2x": Configuration("-Dc_std=c2x", "", PLAIN_C),
    "i386": Configuration("-Dlapack=disabled", "", "--no-suite nightly --no-suite consumer", architecture="i386"),
    "arm64": Configuration("-Dlapack=disabled", "", PLAIN_C + " --suite input --suite fuzz", architecture="arm64"),
}


def skip(reason):
    print(f"{reason}: skipped")
    sys.exit(SKIPPED)


def run(command, log, **more):
    """Returns whether it succeeded; otherwise its output is shown."""
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **more)
    log.write_text(done.stdout)
    if done.returncode:
        print(*command)
        lines = done.stdout.splitlines()
        told = [line for line in lines if re.search(r"error|warning|undefined|FAIL|TIMEOUT", line)]
        print(*(told or lines[-30:])[:60], sep="\n")
    return done.returncode == 0


def set_up(wish, source, folder, environment):
    options = ["--wipe"] if (folder / "meson-private").exists() else []
    options += ["-Dwerror=true", "-Dwarning_level=3", "-Dbuildtype=debugoptimized", *wish.options.split()]
    if wish.architecture:
        try:
            options += ["--cross-file", sysroot.cross_file(wish.architecture, folder.parent)]
        except sysroot.Missing as missing:
            skip(str(missing))
    if wish.compiler:
        if not shutil.which(wish.compiler):
            skip(f"{wish.compiler} is not installed")
        environment["CC"] = wish.compiler
    return run(["meson", "setup", *options, folder, source], folder.with_suffix(".setup"), env=environment)


def reads_nothing_of(parts, folder):
    read = subprocess.run(["ninja", "-C", folder, "-t", "deps"], capture_output=True, text=True, check=True)
    found = [(part, line.strip()) for part in parts for line in read.stdout.splitlines()
             if re.search(HEADERS[part], line) and not line.startswith(("tests/", "tools/", "lib/"))]
    for part, header in found[:5]:
        print(f"built without {part}, and yet it reads {header}")
    return not found


def report(folder):
    """What passed, failed and was skipped, by name where it was not run."""
    logs = folder.glob("meson-logs/testlog*.json")  # one, by the name of the setup
    tests = [json.loads(line) for log in logs for line in log.read_text().splitlines()]
    results = collections.defaultdict(list)
    for test in tests:
        results[test["result"]].append(test["name"].split(" / ")[-1])
    for kind in ("SKIP", "FAIL", "TIMEOUT", "ERROR", "UNEXPECTEDPASS"):
        if results[kind]:
            print(f"{kind.lower()}:", ", ".join(sorted(results[kind])))
    passed, skipped = (len(results[kind]) for kind in ("OK", "SKIP"))
    passed += len(results["EXPECTEDFAIL"])
    print(f"{folder.name}: {passed} passed, {len(tests) - passed - skipped} failed, {skipped} skipped")


def main():
    name, source, parent, *arguments = sys.argv[1:]
    wish = CONFIGURATIONS[name]
    folder = Path(parent).resolve() / name
    folder.parent.mkdir(parents=True, exist_ok=True)
    environment = dict(os.environ, CCACHE_NOHASHDIR="1")  # most objects are those of other folders
    if "opencl" in wish.without or wish.architecture:
        environment["OCKHAM_REQUIRE_OPENCL"] = "0"
    if wish.architecture == "arm64":  # in QEMU, which is slow
        environment |= {"CK_TIMEOUT_MULTIPLIER": "20", "OCKHAM_EMULATED": "1"}
    built = set_up(wish, source, folder, environment) and \
        run(["ninja", "-C", folder], folder.with_suffix(".ninja"), env=environment)
    if not built or not reads_nothing_of(wish.without.split(), folder):
        sys.exit(1)
    arguments = arguments or wish.tests.split()
    passed = run(["meson", "test", "-C", folder, "--no-rebuild", "--print-errorlogs", "--num-processes", "2",
                  *arguments, "--no-suite", "configurations"], folder.with_suffix(".test"), env=environment)
    report(folder)
    sys.exit(not passed)


if __name__ == "__main__":
    main()
