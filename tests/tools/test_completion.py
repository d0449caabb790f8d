"""Completion in bash offers what the programs know: commands, options, and words that they accept."""

import os
import re
import shutil
import subprocess
import unittest
from pathlib import Path

from absent import absent
from harness import BENCH, QUERY, TRAIN, Tools

SCRIPT = Path(os.environ["OCKHAM_ROOT"]) / "tools" / "completion" / "ockham"

# Asks as readline does: the words so far, of which the last is to be completed.
ASK = r"""
set -u
source "$1"
shift
COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
function=$(complete -p "${1##*/}" | sed 's/.*-F \([^ ]*\).*/\1/')
"$function" "$1" "${@: -1}" "${@: -2:1}"
printf '%s\n' "${COMPREPLY[@]}"
"""

# Of these the message for a wrong value lists all there are.
LISTED = ["--activation", "--initializer", "--optimizer", "--mode"]


class Completion(Tools):
    def complete(self, *words, **environment):
        tools = f"{Path(QUERY).parent}:{os.environ['PATH']}"
        done = subprocess.run(["bash", "-c", ASK, "ask", SCRIPT, *words], capture_output=True, text=True,
                              cwd=self.folder, env={**os.environ, "PATH": tools, **environment})
        self.assertEqual((done.returncode, done.stderr), (0, ""), words)
        return done.stdout.split()

    def options_of(self, program, *command):
        help = self.run_tool(program, *command, "--help-all" if command else "--help").stdout
        own = re.findall(r"^ +(?:-\w, )?(--[\w-]+)", help, re.M)
        return set(own) | {"--help", "--help-all" if command else "--version"}

    def test_commands_and_options(self):
        for program in (TRAIN, BENCH):
            commands = self.complete(program, "")
            usage = self.run_tool(program, "--help").stdout
            self.assertEqual(set(commands), set(re.findall(r"^  ([a-z]\S*)(?= +(?!\S*--)[^-])", usage, re.M))
                             - {"ockham-train", "ockham-bench"})
            for command in commands:
                offered = self.complete(program, command, "--")
                self.assertEqual(set(offered), self.options_of(program, command))
                self.assertEqual(len(set(offered)), len(offered))
        self.assertEqual(set(self.complete(QUERY, "--")), self.options_of(QUERY))
        self.assertEqual(self.complete(TRAIN, "fit", "--optim"), ["--optimizer"])
        self.assertEqual(self.complete(TRAIN, "sea"), ["search"])
        self.assertEqual(set(self.complete(TRAIN, "-")), {"--help", "--version"})

    def wrong(self, command, option):
        return self.train(command, option, "?", status=2).stderr

    def test_words(self):
        """Each is one that the program takes, or begins one that it says would be right."""
        worded = [("study", "--rows")]
        for command in ("fit", "search"):
            text = self.train(command, "--help-all").stdout
            worded += [(command, option) for option in
                       re.findall(r"^  (--\S+) (?:NAME|KIND|SPEC|MONITOR)(?::N)? ", text, re.M)]
        self.assertIn(("fit", "--plateau"), worded)
        for command, option in worded:
            words, right = self.complete(TRAIN, command, option, ""), self.wrong(command, option)
            self.assertGreater(len(words), 1, option)
            for word in words:
                with self.subTest(f"{command} {option} {word}"):
                    if word[-1] in ":=":
                        self.assertIn(word[:-1].removeprefix("val_"), right)
                    else:
                        self.train(command, option, word, "--help")
        for word in self.complete(BENCH, "matmul", "--transpose", ""):
            self.run_tool(BENCH, "matmul", "--transpose", word, "--help")

    def test_all_words(self):
        for option in LISTED:
            right = re.search(r"must be (.*)", self.wrong("fit", option))[1]
            self.assertEqual(set(self.complete(TRAIN, "fit", option, "")), set(re.split(", | or ", right)))
        rows = re.search(r"Rows: (.*)\.", self.train("study", "--help").stdout)[1]
        self.assertEqual(set(self.complete(TRAIN, "study", "--rows", "")), set(rows.split(", ")))

    def test_axes(self):
        """What search can vary, and nothing else."""
        axes = self.complete(TRAIN, "search", "--grid", "")
        self.assertTrue({"l2=", "width=", "dropout="} <= set(axes))
        for axis in axes:
            self.train("search", "--grid", axis + "1", "--help")
        self.assertNotIn("folds=", axes)

    def test_equals(self):
        """bash takes --option=word apart."""
        self.assertEqual(self.complete(TRAIN, "fit", "--optimizer", "=", "r"), ["rmsprop"])
        self.assertEqual(len(self.complete(TRAIN, "fit", "--optimizer", "=")), 4)

    def test_files(self):
        (self.folder / "net one.safetensors").touch()
        (self.folder / "nets").mkdir()
        offered = self.complete(TRAIN, "evaluate", "--load", "net")
        self.assertEqual(set(offered), {"net", "one.safetensors", "nets"})
        self.assertEqual(self.complete(TRAIN, "fit", "--tensorboard", "net"), ["nets"])
        self.assertIn("digits", self.complete(TRAIN, "fit", "--data", ""))
        self.assertEqual(self.complete(TRAIN, "fit", "--epochs", ""), [])

    def test_devices(self):
        self.assertEqual(self.complete(TRAIN, "fit", "--device", "s"), ["scalar"])
        none = {"OCL_ICD_VENDORS": "/nonexistent", "OCKHAM_CACHE": "off"}
        offered = self.complete(BENCH, "step", "--device", "", **none)
        self.assertEqual(set(offered), {"scalar", "gpu", "cpu", "accelerator"})


if __name__ == "__main__":
    if not shutil.which("bash"):
        absent("bash")
    unittest.main()
