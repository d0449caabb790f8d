#!/usr/bin/env python3
"""symbols.py NM HEADER... -- LIBRARY...: each library, shared or static, has what the headers declare for
others to link, and nothing else that a program could clash with."""
import pathlib
import re
import subprocess
import sys


def names(library):
    kind = "-g" if library.endswith(".a") else "-D"
    listing = subprocess.run([nm, "-P", "--defined-only", kind, library], check=True,
                             capture_output=True, text=True).stdout
    symbols = [line.split() for line in listing.splitlines() if not line.endswith(":")]
    return {symbol[0].split("@")[0] for symbol in symbols
            if symbol[1] != "A" and not symbol[0].startswith("__")}  # a version; a sanitizer's


nm, *headers = sys.argv[1:sys.argv.index("--")]
text = "".join(pathlib.Path(path).read_text() for path in headers)
declared = set(re.findall(r"^OCK_API\b[^;(]*?(\w+)\(", text, re.MULTILINE))
faults = [] if declared else ["nothing is declared"]
for library in sys.argv[sys.argv.index("--") + 1:]:
    given = names(library)
    faults += [f"{library} has it, but no public header: {name}" for name in sorted(given - declared)]
    faults += [f"a header declares it, but {library} lacks it: {name}" for name in sorted(declared - given)]
    print(f"{len(given & declared)} functions are declared and in {library}")
print(*faults, sep="\n")
sys.exit(bool(faults))
