#!/usr/bin/env python3
"""wrap.py CL_ICD_H OUTPUT: writes a wrapper of every entry point that enqueues or waits, and of
clCreateBuffer(), and the dispatch table that holds them. A wrapper calls the next layer and tells
layer_note() of it."""
import pathlib
import re
import sys

ENTRY = re.compile(r"typedef (cl_int|cl_mem|void \*)\s*\(\s*CL_API_CALL \*cl_api_"
                   r"(clFinish|clWaitForEvents|clCreateBuffer|clEnqueue\w+)\)\((.*?)\)\s*CL_API_SUFFIX", re.DOTALL)
OTHER_APIS = re.compile("GL|D3D|DX9")
WAITS = {"clFinish", "clWaitForEvents"}


def split(parameters):
    """At the commas outside parentheses."""
    parts, depth = [""], 0
    for c in parameters:
        depth += (c == "(") - (c == ")")
        if c == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += c
    return [" ".join(part.split()) for part in parts]


def name_of(parameter):
    callback = re.search(r"\*(\w+)\)\(", parameter)
    return callback[1] if callback else re.search(r"(\w+)(\[\d\])?$", parameter)[1]


def wrapper(result, entry, parameters):
    names = [name_of(parameter) for parameter in parameters]
    waits = next((name for name in names if name.startswith("blocking")), str(int(entry in WAITS)))
    kernel = "kernel" if "kernel" in names else "NULL"
    event = "event" if "event" in names else "NULL"
    arguments = ", ".join("&made" if name == "event" else name for name in names)
    return (f"static {result} CL_API_CALL layer_{entry}({', '.join(parameters)})\n"
            "{\n"
            "    cl_event made = NULL;\n"
            f"    {result} result = target->{entry}({arguments});\n"
            f'    layer_note("{entry}", {kernel}, {waits}, made, {event});\n'
            "    return result;\n"
            "}\n\n")


header, output = map(pathlib.Path, sys.argv[1:])
text = re.sub(r"/\* (\w+)(\[\])? \*/", r"\1", header.read_text())  # some names are comments
entries = [(result, entry, split(parameters))
           for result, entry, parameters in ENTRY.findall(text) if not OTHER_APIS.search(entry)]
table = "".join(f"    .{entry} = layer_{entry},\n" for _, entry, _ in entries)
output.write_text("".join(wrapper(*entry) for entry in entries)
                  + f"static const cl_icd_dispatch layer = {{\n{table}}};\n")
