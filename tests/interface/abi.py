#!/usr/bin/env python3
"""abi.py check|renew CC DUMP HEADER...: programs that were linked with the library that DUMP describes can go
on with this one, or OCK_API_VERSION_MAJOR says that they cannot. What is compared is what the headers
declare, to which symbols.py holds the library: it is alike in every build, and needs no debugging
information. A release renews DUMP (ninja renew-abi); until the first one, so does a change that breaks it."""
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

sys.path.append(str(pathlib.Path(__file__).parents[1] / "tools"))
from absent import absent  # noqa: E402

DECLARATION = re.compile(r"^OCK_API\b([^;]*?)(?:\s*OCK_PRINTF\([^)]*\))?;", re.MULTILINE)


def run(*command):
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


def describe(cc, headers):
    """Functions of these names and types that do nothing, as abidw describes their library."""
    include = headers[0].parent.parent
    macros = run(cc, "-E", "-dM", headers[0].with_name("version.h"), "-I", include)
    major = re.search(r"OCK_API_VERSION_MAJOR (\d+)", macros)[1]
    source = [f"#include <ockham/{header.name}>\n" for header in headers]
    for header in headers:
        source += [f"{function} {{ __builtin_trap(); }}\n"
                   for function in DECLARATION.findall(header.read_text())]
    pathlib.Path("abi.c").write_text("".join(source))
    run(cc, "-g", "-fPIC", "-shared", f"-Wl,-soname,libockham.so.{major}", "-I", include, "abi.c",
        "-o", "abi.so")
    run("abidw", "--headers-dir", include, "--drop-private-types", "--no-show-locs", "--no-parameter-names",
        "--no-comp-dir-path", "--no-corpus-path", "--type-id-style", "hash", "--out-file", "new.abi",
        "abi.so")
    return pathlib.Path("new.abi").read_text()


def soname(description):
    return re.search(r"soname='(\S+)'", description)[1]


def check(released, description):
    before, now = soname(released.read_text()), soname(description)
    if before != now:
        print(f"{now} follows {before}: it may differ")
        return 0
    status = subprocess.run(["abidiff", "--no-added-syms", released, "new.abi"]).returncode
    if status:
        print(f"Programs that were linked with {now} may break. If that is meant, raise OCK_API_VERSION_MAJOR;"
              " before the first release, ninja renew-abi.")
    return status


def main(task, cc, released, *headers):
    if not shutil.which("abidw"):
        absent("abidw")
    released = pathlib.Path(released).resolve()
    headers = [pathlib.Path(header).resolve() for header in headers]
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        description = describe(cc, headers)
        if task == "check":
            return check(released, description)
        released.write_text(description)
        return 0


sys.exit(main(*sys.argv[1:]))
