"""ockham-bench says what it measured, in a form that programs can read. How fast anything is, is
no matter of tests."""

import json
import math
import os
import signal
import subprocess
import time
import unittest

from harness import BENCH, TIMEOUT_S, Tools

SCALAR = ["--device", "scalar"]
TINY = ["--inputs", 6, "--width", 4, "--depth", 2, "--outputs", 3, "--batch", 8]

WRONG = [
    ("", ["Usage"]),
    ("frob", ["frob", "no such command", "Usage"]),
    ("matmul --shape 3x4", ["--shape 3x4", "MxNxK"]),
    ("matmul --shape 3x4x5x6", ["--shape 3x4x5x6", "MxNxK"]),
    ("matmul --shape 0x4x5", ["--shape 0x4x5", "from 1 to 16384"]),
    ("matmul --shape 3x-4x5", ["--shape 3x-4x5", "MxNxK"]),
    ("matmul --shape 3x4x16385", ["--shape 3x4x16385", "from 1 to 16384"]),
    ("matmul --shape xx", ["--shape xx", "MxNxK"]),
    ("matmul --transpose nx", ["--transpose nx", "nn, nt, tn or tt"]),
    ("matmul --runs 0", ["--runs 0", "from 1 to 100"]),
    ("matmul --runs 101", ["--runs 101", "from 1 to 100"]),
    ("matmul --threads many", ["--threads many", "whole number from 1"]),
    ("matmul --width 3", ["--width", "no option of matmul, but of step"]),
    ("matmul --json /nonexistent/a.json", ["--json /nonexistent/a.json", "No such file"]),
    ("matmul --plot plot.pdf", ["--plot plot.pdf", ".svg or .png"]),
    ("matmul --plot /nonexistent/plot.svg", ["--plot /nonexistent/plot.svg", "No such file"]),
    ("matmul --device nosuch", ["nosuch", "scalar plain C"]),
    ("matmul --no-clblast=1", ["--no-clblast=1", "no value"]),
    ("step --depth 65", ["--depth 65", "from 1 to 64"]),
    ("step --batch 1e3", ["--batch 1e3", "whole number from 1"]),
    ("step extra", ["extra", "no such argument"]),
    ("optimizer --size", ["--size", "value is missing"]),
    ("startup --device nosuch", ["nosuch", "scalar plain C"]),
    ("tune --runs 3", ["--runs", "no option of tune"]),
    ("first-step --json a.json", ["--json", "no option of first-step"]),
]


class Bench(Tools):
    def bench(self, *args, **more):
        return self.run_tool(BENCH, *args, **more)

    def measure(self, command, *args, runs=2, **more):
        """The JSON of a run, whose form is the same for all commands."""
        repeat = ["--runs", runs] if runs else []
        self.bench(command, *args, *repeat, "--json", "bench.json", **more)
        document = json.loads((self.folder / "bench.json").read_text())
        self.assertEqual(document["benchmark"], command)
        self.assertTrue(document["device"])
        self.assertGreater(document["peak_gflops"], 0)
        self.assertGreater(document["stream_gbs"], 0)
        for row in document["rows"]:
            self.assertTrue(0 < row["min"] <= row["median"] <= row["max"], row)
            self.assertIn(row["unit"], ("us", "ms"))
        return document

    def rows(self, *args, **more):
        return {row["name"]: row for row in self.measure(*args, **more)["rows"]}

    def test_matmul(self):
        document = self.measure("matmul", *SCALAR, "--shape", "8x5x7", "--shape", "1x1x1")
        self.assertTrue(document["device"].startswith("scalar "), document["device"])
        self.assertEqual([row["name"] for row in document["rows"]],
                         [f"{shape} {ops}" for shape in ("8x5x7", "1x1x1")
                          for ops in ("nn", "nt", "tn", "tt")])
        for row in document["rows"]:
            self.assertGreater(row["limit_share"], 0)
            self.assertIsNone(row["clblast"], "there is none for plain C")
            self.assertEqual(row["openblas"] is not None, os.environ["OCKHAM_OPENBLAS"] == "1")

    def test_limit(self):
        """FLOPs at the peak and bytes at the bandwidth, one after the other."""
        document = self.measure("matmul", *SCALAR, "--shape", "20x30x40", "--transpose", "nn")
        [row] = document["rows"]
        limit_us = 1e-3 * (2 * 20 * 30 * 40 / document["peak_gflops"] +
                           4 * (20 * 40 + 40 * 30 + 20 * 30) / document["stream_gbs"])
        self.assertTrue(math.isclose(row["limit_share"], limit_us / row["median"], rel_tol=1e-6))

    def test_interrupt(self):
        process = subprocess.Popen([BENCH, "matmul", *SCALAR, "--runs", "100", "--json", "all.json"],
                                   cwd=self.folder, stdout=subprocess.PIPE, text=True)
        self.addCleanup(process.kill)
        process.stdout.readline()
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=TIMEOUT_S)
        self.assertEqual(process.returncode, 130)
        self.assertFalse((self.folder / "all.json").exists())

    def test_no_openblas(self):
        [row] = self.measure("matmul", *SCALAR, "--shape", "8x5x7", "--transpose", "tn",
                             "--no-openblas")["rows"]
        self.assertEqual(row["name"], "8x5x7 tn")
        self.assertIsNone(row["openblas"])

    def test_table(self):
        shown = self.bench("matmul", *SCALAR, "--shape", "8x5x7", "--runs", 1).stdout
        self.assertIn("8x5x7 tt", shown)
        self.assertRegex(shown, r"peak \d+\.\d GFLOP/s, bandwidth \d+\.\d GB/s")
        self.assertIn("without CLBlast: ", shown)
        if os.environ["OCKHAM_OPENBLAS"] == "1":
            self.assertRegex(shown, r"OpenBLAS / Ockham: geometric mean \S+ over 4 rows; worst \S+, 8x5x7")

    def test_json_on_standard_output(self):
        done = self.bench("matmul", *SCALAR, "--shape", "8x5x7", "--runs", 1, "--json", "-")
        self.assertEqual(len(json.loads(done.stdout)["rows"]), 4)
        self.assertIn("8x5x7 nn", done.stderr)

    def test_step(self):
        rows = self.rows("step", *SCALAR, *TINY, "--steps", 2)
        self.assertEqual(list(rows)[:3] + list(rows)[-2:],
                         ["plain", "l2", "l1", "dropout", "l2+dropout"])
        for name in ("proximal l1", "group lasso", "max-norm", "clip norm", "weight average",
                     "input dropout", "spatial dropout", "gaussian dropout", "gaussian noise",
                     "activity l2", "label smoothing", "mixup"):
            self.assertIn(name, rows)
        self.assertEqual(rows["plain"]["relative"], 1)
        self.assertGreater(rows["dropout"]["relative"], 0)

    def test_scaling(self):
        rows = self.rows("step", *SCALAR, *TINY, "--steps", 2, "--scaling")
        self.assertEqual(list(rows), [f"width {width} batch {batch}" for width in (2, 4, 8, 16)
                                      for batch in (2, 4, 8, 16, 32, 64)])
        self.assertEqual(rows["width 4 batch 8"]["relative"], 1)

    def test_optimizer(self):
        self.assertEqual(list(self.rows("optimizer", *SCALAR, "--size", 33)),
                         ["sgd", "momentum", "nesterov", "adam", "rmsprop"])

    def test_tune(self):
        document = self.measure("tune", *SCALAR, "--shape", "8x5x7", "--transpose", "nt", runs=None)
        [row] = document["rows"]
        self.assertEqual(row["name"], "8x5x7 nt")
        self.assertEqual(list(row["candidates"]), ["scalar"])
        self.assertEqual(row["candidates"][row["best"]], row["median"])

    def check_startup(self, rows):
        for state in ("cold", "warm"):
            phases = [rows[f"{state} {phase}"] for phase in ("process", "devices", "context", "step")]
            self.assertLessEqual(sum(phase["min"] for phase in phases), rows[state]["max"] + 1e-6)
            self.assertIsNone(rows[state]["limit_share"])

    def test_startup(self):
        self.check_startup(self.rows("startup", *SCALAR, *TINY, TMPDIR=str(self.folder)))
        self.assertEqual([path.name for path in self.folder.iterdir()], ["bench.json"],
                         "the caches are gone")

    def test_without_driver(self):
        self.check_startup(self.rows("startup", *TINY, OCL_ICD_VENDORS="/nonexistent",
                                     OCKHAM_DEVICE="", TMPDIR=str(self.folder)))

    def test_first_step(self):
        before = time.clock_gettime(time.CLOCK_MONOTONIC)
        ends = [float(line) for line in self.bench("first-step", *SCALAR, *TINY).stdout.split()]
        self.assertEqual(len(ends), 4)
        self.assertEqual(sorted(ends), ends)
        self.assertTrue(before < ends[0] and ends[3] < time.clock_gettime(time.CLOCK_MONOTONIC))

    def test_wrong(self):
        for line, words in WRONG:
            with self.subTest(line):
                done = self.bench(*line.split(), status=2)
                for word in words:
                    self.assertIn(word, done.stderr)

    def test_too_many_shapes(self):
        self.assertIn("64 times", self.bench("matmul", *["--shape", "1x1x1"] * 65, status=2).stderr)

    def test_help(self):
        self.bench("--help")
        self.assertRegex(self.bench("--version").stdout, r"^ockham-bench \d+\.\d+\.\d+\n$")
        for command in ("matmul", "step", "optimizer", "startup", "tune", "first-step"):
            with self.subTest(command):
                lines = self.bench(command, "--help").stdout.splitlines()
                self.assertLess(len(lines), 42)
                self.assertLessEqual(max(map(len, lines)), 80)
                self.assertTrue(any(line.startswith(f"  ockham-bench {command} --") for line in lines))

    def test_full_disk_keeps_the_older_file(self):
        (self.folder / "bench.json").write_text("older")
        done = self.bench("matmul", *SCALAR, "--shape", "8x5x7", "--runs", 1, "--json", "bench.json",
                          status=1, file_limit=100)
        self.assertIn("bench.json", done.stderr)
        self.assertEqual((self.folder / "bench.json").read_text(), "older")
        self.assertEqual([path.name for path in self.folder.iterdir()], ["bench.json"])

    def test_no_gnuplot(self):
        done = self.bench("matmul", "--plot", "plot.svg", status=2, PATH="/nonexistent")
        self.assertIn("gnuplot is not installed", done.stderr)


if __name__ == "__main__":
    unittest.main()
