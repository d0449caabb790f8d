"""uncovered.py SOURCE BUILD: what a coverage build's tests have not reached of lib/.

Prints gcovr's figures. Fails for each branch that was never taken and that explained.txt does not
explain, and for each line there that is out of date.
"""

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

# Where a process is killed the counts of a function may not add up, which gcovr takes for an error.
WHAT = ("lib/", "--branches", "--exclude-throw-branches", "--exclude-unreachable-branches",
        "--gcov-ignore-parse-errors")


def measure(source, build):
    """gcovr's document, and its summary."""
    file = Path(build, "coverage.json").resolve()
    command = ["gcovr", "--object-directory", file.parent, "--filter", *WHAT, "--print-summary", "--json", file]
    done = subprocess.run(command, check=True, cwd=source, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    return json.loads(file.read_text()), done.stdout


def function_at(functions, line):
    """The last one that begins before."""
    before = [(f["lineno"], f["name"]) for f in functions if f["lineno"] <= line]
    return max(before, default=(0, "-"))[1]


def count_uncovered(source, document):
    """Branches never taken, by file, function and the line's text, which outlives its number."""
    uncovered = Counter()
    for file in document["files"]:
        text = Path(source, file["file"]).read_text().splitlines()
        for line in file["lines"]:
            missed = sum(branch["count"] == 0 for branch in line["branches"])
            number = line["line_number"]
            if missed:
                function = function_at(file["functions"], number)
                uncovered[file["file"].removeprefix("lib/"), function, text[number - 1].strip()] += missed
    return uncovered


def read_explained(file):
    """Indented lines: FILE FUNCTION COUNT TEXT, where a COUNT of ? is any, even none; others are reasons."""
    explained = {}
    for line in file.read_text().splitlines():
        if line.startswith("    "):
            path, function, count, text = line.split(maxsplit=3)
            explained[path, function, text] = count
    return explained


def compare(uncovered, explained):
    """Yields what is wrong, in words."""
    for key in sorted(uncovered.keys() | explained.keys()):
        count, known = uncovered[key], explained.get(key, "0")
        if known not in ("?", str(count)):
            yield f"{' '.join(key[:2])}: {count} uncovered, {known} explained: {key[2]}"


def main(source, build):
    document, summary = measure(source, build)
    uncovered = count_uncovered(source, document)
    wrong = list(compare(uncovered, read_explained(Path(__file__).with_name("explained.txt"))))
    print(summary + f"{sum(uncovered.values())} branches are not covered, on {len(uncovered)} lines")
    print("\n".join(wrong))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
