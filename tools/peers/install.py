"""Where the peers are: in virtual environments, and in KANN's checkout."""

import os
import shlex
import subprocess
import sys
from pathlib import Path

from contest import Skipped

# by peer: the modules that it needs, and the packages of PyPI that have them
PYTHON_PEERS = {
    "torch": {"torch": "torch"},
    "keras-tensorflow": {"keras": "keras", "tensorflow": "tensorflow-cpu"},
    "keras-jax": {"keras": "keras", "jax": "jax"},
    "keras-torch": {"keras": "keras", "torch": "torch"},
}
PEERS = [*PYTHON_PEERS, "kann"]

HAS_MODULES = ("import importlib.util, sys; "
               "sys.exit(not all(importlib.util.find_spec(name) for name in sys.argv[1:]))")


def python_of(folder):
    return Path(folder) / "bin" / "python"


def install(folder, peers):
    """Makes the virtual environment and puts there what the peers need."""
    packages = {package for peer in peers
                for package in PYTHON_PEERS.get(peer, {}).values()}
    if not python_of(folder).exists():
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    subprocess.run([python_of(folder), "-m", "pip", "install", *sorted(packages)], check=True,
                   stdout=sys.stderr)


def find_python(folders, peer):
    """The Python of the first virtual environment that has the peer."""
    modules = PYTHON_PEERS[peer]
    for folder in folders:
        python = python_of(folder)
        if python.exists() and subprocess.run([python, "-c", HAS_MODULES, *modules]).returncode == 0:
            return str(python)
    raise Skipped(f"{' and '.join(modules)} not found in {', '.join(map(str, folders))}; "
                  "--install puts them there")


def openblas():
    """The flags of OpenBLAS, or None."""
    try:
        done = subprocess.run(["pkg-config", "--cflags", "--libs", "openblas"],
                              capture_output=True, text=True)
    except FileNotFoundError:
        return None
    return shlex.split(done.stdout) if done.returncode == 0 else None


def compile_kann(checkout, here, folder):
    """Returns the worker's path. OpenBLAS does its products where it is found."""
    if not checkout:
        raise Skipped("needs --kann DIR, a checkout of github.com/attractivechaos/kann")
    if not (Path(checkout) / "kann.h").exists():
        raise Skipped(f"{checkout} has no kann.h")
    blas = openblas()
    products = ["-DHAVE_CBLAS", '-DPRODUCTS="OpenBLAS"'] if blas else ['-DPRODUCTS="no BLAS"']
    program = str(Path(folder) / "kann_worker")
    sources = [here / "kann_worker.c", f"{checkout}/kann.c", f"{checkout}/kautodiff.c"]
    command = [os.environ.get("CC", "cc"), "-O3", "-march=native", "-w", "-DHAVE_PTHREAD",
               *products, f"-I{checkout}", *map(str, sources), "-o", program, *(blas or []),
               "-lpthread", "-lm"]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise Skipped("does not compile: " + (done.stderr.splitlines() or ["no reason given"])[0])
    return program
