"""The man pages tell what the programs know, and nothing else: their commands, options with what
they take, exit statuses and environment; and their examples are right."""

import os
import re
import shlex
import unittest
from pathlib import Path

from harness import BENCH, QUERY, SMALL, TRAIN, Tools, environment_of

ROOT = Path(os.environ["OCKHAM_ROOT"])
PAGES = ROOT / "tools" / "man"
OF_HELP = {"help", "help-all", "version"}


def page_of(program):
    return (PAGES / f"{Path(program).name}.1.scd").read_text()


def section(page, title):
    return re.search(rf"^# {title}\n(.*?)(?=^# |\Z)", page, re.M | re.S)[1]


def commands_in(text, every):
    return every if text == "all commands" else tuple(re.split(", | and ", text))


def told(page, commands):
    """{(option, what it takes, command)} of the page. A heading or an option may end in "(fit,
    search)": the commands that know it."""
    found, known = set(), commands
    for line in section(page, "OPTIONS").splitlines():
        heading = re.fullmatch(r"## .*\((.*)\)", line)
        option = re.fullmatch(r"(?:\*-\w\*(?: _.*_)?, )?\*--([\w-]+)\*(?: _(.*?)_)?(?: \((.*)\))?", line)
        if heading:
            known = commands_in(heading[1], commands)
        elif option and option[1] not in OF_HELP:
            found |= {(option[1], option[2] or "", command)
                      for command in (commands_in(option[3], commands) if option[3] else known)}
    return found


class Manual(Tools):
    def help_of(self, program, *words):
        return self.run_tool(program, *words).stdout

    def commands_of(self, program):
        found = re.findall(r"^  ([a-z][\w-]*) +\S", self.help_of(program, "--help").split("Usage: ")[1], re.M)
        return tuple(name for name in found if not name.startswith("ockham-")) or ("",)

    def known(self, program):
        """As told(), by the program itself."""
        found = set()
        for command in self.commands_of(program):
            text = self.help_of(program, *([command, "--help-all"] if command else ["--help"]))
            options = re.findall(r"^ +(?:-\w, )?--([\w-]+)(?: ([A-Z]\S*))?(?:  |,|$)", text, re.M)
            found |= {(name, value, command) for name, value in options if name not in OF_HELP}
        return found

    def test_options(self):
        for program in (TRAIN, BENCH, QUERY):
            with self.subTest(program):
                known = self.known(program)
                self.assertGreater(len(known), 2)
                page = told(page_of(program), self.commands_of(program))
                self.assertEqual(sorted(known - page), [], "missing from the page")
                self.assertEqual(sorted(page - known), [], "on the page alone")

    def test_commands(self):
        for program in (TRAIN, BENCH):
            page = re.findall(r"^\*([\w-]+)\*$", section(page_of(program), "COMMANDS"), re.M)
            self.assertEqual(tuple(page), self.commands_of(program))

    def test_exit_statuses(self):
        for program in (TRAIN, BENCH, QUERY):
            with self.subTest(program):
                command = self.commands_of(program)[0]
                text = self.help_of(program, *filter(None, [command, "--help"]))
                line = re.search(r"Exit status: (.*?\.)(?: More: --help-all)?$", text, re.M | re.S)[1]
                known = re.findall(r"(?:^|,\s)(\d+) [a-z]", line)
                page = re.findall(r"^\*(\d+)\*$", section(page_of(program), "EXIT STATUS"), re.M)
                self.assertEqual(page, known)

    def test_environment(self):
        known = set()
        for folder in ("lib", "tools"):
            for file in (ROOT / folder).rglob("*.c"):
                known.update(re.findall(r'getenv\("(OCKHAM_\w+)"\)', file.read_text()))
        page = (PAGES / "ockham.7.scd").read_text()
        self.assertEqual(set(re.findall(r"^_(OCKHAM_\w+)_$", page, re.M)), known)

    def test_headers(self):
        page = section((PAGES / "ockham.7.scd").read_text(), "DESCRIPTION")
        headers = {path.name for path in (ROOT / "include" / "ockham").glob("*.h")}
        self.assertEqual(set(re.findall(r"_(\w+\.h)_", page)), headers - {"ockham.h"})

    def test_examples(self):
        """--help behind the last word ends each once it has been read."""
        self.write_idx("mnist", 20, 28, 28)
        self.train("fit", *SMALL, "--save", "net.safetensors")
        programs = {Path(program).name: program for program in (TRAIN, BENCH, QUERY)}
        for name, program in programs.items():
            blocks = re.findall(r"^```\n(.*?)^```", section(page_of(program), "EXAMPLES"), re.M | re.S)
            lines = [line for block in blocks for line in block.replace("\\\n", " ").splitlines()]
            self.assertTrue(lines)
            for line in lines:
                with self.subTest(line):
                    settings, words = environment_of(shlex.split(line))
                    self.run_tool(programs[words[0]], *words[1:], "--help", **settings)


if __name__ == "__main__":
    unittest.main()
