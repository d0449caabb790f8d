"""lint_manual.py PAGE...: mandoc finds no fault in the man pages that were built; without a page,
what builds them is absent."""

import shutil
import subprocess
import sys

from absent import absent

pages = sys.argv[1:]
if not pages:
    absent("scdoc")
if not shutil.which("mandoc"):
    absent("mandoc")
sys.exit(subprocess.run(["mandoc", "-T", "lint", "-W", "error", *pages]).returncode)
