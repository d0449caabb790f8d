#!/usr/bin/env python3
"""Writes the kernels as one C array: embed.py KERNEL.cl... OUTPUT.c

`#include "X.cl"` is replaced by X.cl, once in all, so that each file compiles on its
own and the library needs none at run time. The array ends with a NUL."""
import pathlib
import re
import sys

seen = set()


def expand(path):
    if path in seen:
        return ""
    seen.add(path)
    lines = [f'#line 1 "{path.name}"\n']
    for number, line in enumerate(path.read_text().splitlines(keepends=True), 1):
        include = re.match(r'#include "(.+)"$', line.strip())
        if include:
            lines += [expand(path.parent / include[1]), f'#line {number + 1} "{path.name}"\n']
        else:
            lines.append(line)
    return "".join(lines)


*inputs, output = map(pathlib.Path, sys.argv[1:])
text = "".join(map(expand, inputs)).encode() + b"\0"
rows = [", ".join(map(str, text[i:i + 24])) for i in range(0, len(text), 24)]
output.write_text("extern const char opencl_kernels[];\nconst char opencl_kernels[] = {\n    "
                  + ",\n    ".join(rows) + "\n};\n")
