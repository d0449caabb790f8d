#!/usr/bin/env python3
"""wrap.py CL_ICD_H OUTPUT: writes a wrapper of every entry point of OpenCL and the dispatch table that
holds them; those that share objects with other APIs are left to the driver. A wrapper asks
begin() whether its call is to fail, calls the next layer, and tells what came of it."""
import pathlib
import re
import sys

ENTRY = re.compile(r"typedef\s+([\w ]+?\*?)\s*\(\s*CL_API_CALL\s*\*\s*cl_api_(\w+)\)"
                   r"\(([^;]*?)\)\s*(?:CL_\w+\s*)?;")
LEFT_OUT = re.compile(r"GL|D3D|DX9|EXT$|clGetExtensionFunctionAddress|clSVM|clUnloadCompiler")
NEVER_FAILS = re.compile("clRelease|clUnload")
COUNTED = re.compile("clEnqueue|clFinish|clWaitForEvents|clCreateBuffer$")
WAITS = {"clFinish", "clWaitForEvents"}
OBJECTS = {"cl_context", "cl_command_queue", "cl_mem", "cl_program", "cl_kernel", "cl_event",
           "cl_sampler"}


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
    callback = re.search(r"\*\s*(\w+)\)\s*\(", parameter)
    return callback[1] if callback else re.search(r"(\w+)(\[\d*\])?$", parameter)[1]


def fails(result, names):
    """What the caller sees of a call that fails."""
    if result == "cl_int":
        return ["if (call.code)", "    return call.code;"]
    told = ["if (call.code && errcode_ret)", "    *errcode_ret = call.code;"]
    return told * ("errcode_ret" in names) + ["if (call.code)", "    return NULL;"]


def objects_after(result, entry):
    """How many more references to objects there are after a call that succeeded, in C."""
    change = re.match("cl(Retain|Release)(?!Device)", entry)
    if change:
        return "1" if change[1] == "Retain" else "-1"
    if entry == "clCreateKernelsInProgram":
        return "kernels ? kernels_of(program) : 0"
    return "1" if result in OBJECTS else ""


def body(result, entry, parameters):
    names = [name_of(parameter) for parameter in parameters]
    made = "made" if "cl_event *event" in parameters else "NULL"
    asked = "event" if made == "made" else "NULL"
    kernel = "kernel" if "kernel" in names else "NULL"
    waits = next((name for name in names if name.startswith("blocking")), str(int(entry in WAITS)))
    objects = objects_after(result, entry)
    arguments = ", ".join("&made" if name == asked else name for name in names)
    if made == "made":
        yield "cl_event made = NULL;"
    if not NEVER_FAILS.match(entry):
        yield f'layer_call call = begin("{entry}", {asked});'
        if entry == "clEnqueueUnmapMemObject":  # of which drivers keep what is mapped alive
            yield "if (call.code)"
            yield f"    target->{entry}({', '.join(names[:3])}, 0, NULL, NULL);"
        yield from fails(result, names)
    if waits != "0":
        yield from [f"if ({waits})", "    end_late(true);"]
    elif entry == "clGetEventInfo":
        yield "end_late(false);"
    yield f"{result} result = target->{entry}({arguments});"
    if entry == "clGetEventInfo":
        yield f"hold_back({names[1]}, {names[3]});"
    if COUNTED.match(entry):
        yield f'note("{entry}", {kernel}, {waits}, {made});'
    if made == "made":
        yield "hand_out(&call, made, event);"
    if objects:
        succeeded = "result == CL_SUCCESS" if result == "cl_int" else "result"
        yield from [f"if ({succeeded})", f"    count_objects({objects});"]
    yield "return result;"


def wrapper(result, entry, parameters):
    lines = "".join(f"    {line}\n" for line in body(result, entry, parameters))
    return (f"static {result} CL_API_CALL layer_{entry}({', '.join(parameters)})\n"
            f"{{\n{lines}}}\n\n")


header, output = map(pathlib.Path, sys.argv[1:])
text = re.sub(r"/\*\s*(\w+)(\[\])?\s*\*/", r"\1", header.read_text())  # some names are comments
entries = [(result, entry, split(parameters))
           for result, entry, parameters in ENTRY.findall(text) if not LEFT_OUT.search(entry)]
table = "".join(f"    .{entry} = layer_{entry},\n" for _, entry, _ in entries)
output.write_text("".join(wrapper(*entry) for entry in entries)
                  + f"static const cl_icd_dispatch layer = {{\n{table}}};\n")
