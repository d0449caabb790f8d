#!/usr/bin/env python3
"""symbols.py NM LIBRARY HEADERS: the library exports what the headers declare, and nothing else."""
import pathlib
import re
import subprocess
import sys

nm, library, headers = sys.argv[1:]
listing = subprocess.run([nm, "-D", "--defined-only", library], check=True, capture_output=True,
                         text=True).stdout
exported = {line.split()[-1].split("@")[0] for line in listing.splitlines()}
exported = {name for name in exported if not name.startswith("__")}  # a sanitizer's
text = "".join(path.read_text() for path in pathlib.Path(headers).glob("*.h"))
declared = set(re.findall(r"^OCK_API\b[^;(]*?(\w+)\(", text, re.MULTILINE))

for name in sorted(exported - declared):
    print(f"exported, but in no public header: {name}")
for name in sorted(declared - exported):
    print(f"declared, but not in the library: {name}")
print(f"{len(exported & declared)} functions are declared and exported")
sys.exit(exported != declared or not declared)
