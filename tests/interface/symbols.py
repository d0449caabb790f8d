#!/usr/bin/env python3
"""symbols.py NM LIBRARY ARCHIVE HEADER...: the library exports what the headers declare, and nothing
else; the archive, where it is not '', has no other name that a program could clash with."""
import pathlib
import re
import subprocess
import sys


def names(*arguments):
    listing = subprocess.run([nm, "-P", "--defined-only", *arguments], check=True,
                             capture_output=True, text=True).stdout
    symbols = [line.split() for line in listing.splitlines() if not line.endswith(":")]
    return {symbol[0].split("@")[0] for symbol in symbols if symbol[1] != "A"}  # a version's name


nm, library, archive, *headers = sys.argv[1:]
exported = {name for name in names("-D", library) if not name.startswith("__")}  # a sanitizer's
text = "".join(pathlib.Path(path).read_text() for path in headers)
declared = set(re.findall(r"^OCK_API\b[^;(]*?(\w+)\(", text, re.MULTILINE))
archived = names("-g", archive) if archive else declared
faults = [f"exported, but in no public header: {name}" for name in sorted(exported - declared)]
faults += [f"declared, but not in the library: {name}" for name in sorted(declared - exported)]
faults += [f"declared, but not in the archive: {name}" for name in sorted(declared - archived)]
faults += [f"global in the archive: {name}" for name in sorted(archived) if name[:4] != "ock_"]
print(*faults, f"{len(exported & declared)} functions are declared and exported", sep="\n")
sys.exit(bool(faults) or not declared)
