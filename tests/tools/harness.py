"""Runs the programs as a user would. The paths come from meson, by the environment."""

import os
import resource
import struct
import subprocess
import tempfile
import unittest
from pathlib import Path

TRAIN = os.environ["OCKHAM_TRAIN"]
QUERY = os.environ["OCKHAM_QUERY"]
BENCH = os.environ["OCKHAM_BENCH"]

# What this build has.
HAS_DRIVERS, HAS_LAPACK, HAS_OPENCL, HAS_PNG = (
    os.environ["OCKHAM_" + name] == "1" for name in ("DRIVERS", "LAPACK", "OPENCL", "PNG"))

# Every program that hangs fails its test by this.
TIMEOUT_S = 300

# A network and a set that train in a blink.
SMALL = ["--hidden", "32", "--count", "400", "--epochs", "2", "--device", "scalar"]


def environment_of(words):
    """A command line's settings, such as OCKHAM_DEVICE=cpu, and the words after them."""
    count = next(i for i, word in enumerate(words) if "=" not in word)
    return dict(word.split("=", 1) for word in words[:count]), words[count:]


def limit_files(size):
    return lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


class Tools(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def run_tool(self, program, *args, status=0, file_limit=None, text_in=None, **environment):
        """restore_signals leaves SIGXFSZ ignored, so that a full disk is an error, not a signal."""
        done = subprocess.run(
            [program, *map(str, args)], input=text_in, capture_output=True, text=True,
            timeout=TIMEOUT_S, env={**os.environ, **environment}, cwd=self.folder,
            restore_signals=False,
            preexec_fn=limit_files(file_limit) if file_limit else None)
        if status is not None:
            self.assertEqual(done.returncode, status, f"{args}\n{done.stdout}\n{done.stderr}")
        return done

    def stop(self, number, *args, after, program=TRAIN):
        """Ends a run by a signal once a line of its output begins with `after`. Returns its exit
        status, the rest of its output, and the command that it says goes on."""
        process = subprocess.Popen([program, *map(str, args)], cwd=self.folder, text=True,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.addCleanup(process.kill)
        for line in process.stdout:
            if line.startswith(after):
                break
        process.send_signal(number)
        rest, said = process.communicate(timeout=TIMEOUT_S)
        command = said.split("To go on:\n")[-1] if "To go on:" in said else said
        return process.returncode, rest, command

    def go_on(self, command, *more):
        """As one does: the line is pasted into a shell."""
        line = command.removesuffix("\n") + "".join(f" {word}" for word in more)
        return self.run_tool("sh", "-c", line)

    def train(self, *args, **more):
        return self.run_tool(TRAIN, *args, **more)

    def assert_replaced(self, name, *words):
        """A file that a command writes anew stays a link, and as private as it was."""
        older, link = self.folder / f"older {name}", self.folder / name
        older.write_text("older")
        older.chmod(0o600)
        link.symlink_to(older.name)
        self.train(*words, name)
        self.assertTrue(link.is_symlink(), name)
        self.assertNotEqual(older.read_bytes(), b"older")
        self.assertEqual(older.stat().st_mode & 0o777, 0o600)

    def write_idx(self, name, rows, height, width):
        """A folder of `rows` blank pictures, in MNIST's form."""
        folder = self.folder / name
        folder.mkdir()
        images = struct.pack(">4i", 0x803, rows, height, width) + bytes(rows * height * width)
        labels = struct.pack(">2i", 0x801, rows) + bytes(i % 10 for i in range(rows))
        (folder / "train-images-idx3-ubyte").write_bytes(images)
        (folder / "train-labels-idx1-ubyte").write_bytes(labels)
        return folder
