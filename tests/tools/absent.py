"""How a test ends where a program that it is about is not installed."""

import os
import sys

SKIPPED = 77  # to Meson


def absent(program):
    """A visible skip; a failure in the CI, for which tools/packages installs the program."""
    required = os.environ.get("CI") == "true"
    print(f"{program} is not installed" + (", and CI=true" if required else ": skipped"))
    sys.exit(1 if required else SKIPPED)
