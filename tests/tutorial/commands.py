#!/usr/bin/env python3
"""commands.py PAGE TOOLS: runs the commands of PAGE as they stand, but on few digits and briefly;
and compiles its Python."""
import os
import pathlib
import re
import subprocess
import sys
import tempfile

page, tools = sys.argv[1:]


def blocks_of(language):
    return re.findall(rf"^```{language}\n(.*?)^```$", pathlib.Path(page).read_text(), re.MULTILINE | re.DOTALL)


for code in blocks_of("python"):
    compile(code, page, "exec")
commands = [line for block in blocks_of("sh") for line in block.replace("\\\n", " ").splitlines()]
assert commands, f"{page} has no commands"

environment = dict(os.environ, PATH=f"{tools}:{os.environ['PATH']}", OCKHAM_DEVICE="scalar")
with tempfile.TemporaryDirectory() as folder:
    for command in commands:
        if "zca" in command and os.environ["OCKHAM_LAPACK"] == "0":
            print(f"{command}: skipped, built without LAPACK")
            continue
        trains = re.match(r"ockham-train (fit|search) ", command)
        brief = " --count 300 --epochs 1" if trains else " --count 4"
        done = subprocess.run(command + brief, shell=True, cwd=folder, env=environment, text=True,
                              capture_output=True)
        if done.returncode != 0:
            sys.exit(f"{command}\n{done.stdout}{done.stderr}")
        print(command)
