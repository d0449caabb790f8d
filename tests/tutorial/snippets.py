#!/usr/bin/env python3
"""snippets.py PAGE PROGRAM: writes the C snippets of PAGE as functions for tutorial.c.

Snippets that begin with "static" stand as they are. Each of the others is the body of a function that is
named after its section.
"""
import pathlib
import re
import sys

FUNCTION = """
static void {name}(ock_context *context, ock_dataset *data, ock_model *net, ock_fit fit)
{{
    ock_history history = {{0}};
    {{
{code}
        finish("{name}", net, data, &fit, &history);
    }}
}}
"""

page, program = map(pathlib.Path, sys.argv[1:])
parts, names = [], []
for section in re.split(r"^## ", page.read_text(), flags=re.MULTILINE):
    name = re.sub(r"\W+", "_", section.splitlines()[0].lower())
    for code in re.findall(r"^```c\n(.*?)^```$", section, re.MULTILINE | re.DOTALL):
        if code.startswith("static"):
            parts.append(code)
        else:
            parts.append(FUNCTION.format(name=name, code=code))
            names.append(name)

rows = "".join(f'    {{"{name}", {name}}},\n' for name in names)
program.write_text('#include "tutorial.h"\n\n' + "\n".join(parts)
                   + f"\nconst snippet snippets[] = {{\n{rows}    {{0}},\n}};\n")
