"""tools/peers/compare and Ockham's worker; what stands in for a peer is a few lines of shell."""

import json
import math
import os
import unittest
from pathlib import Path

from harness import Tools

WORKER = Path(os.environ["OCKHAM_WORKER"])
COMPARE = os.environ["OCKHAM_COMPARE"]
BUILD = WORKER.parent.parent

SMALL = ["--build", BUILD, "--device", "scalar", "--rows", "64", "--batch", "8", "--width", "16",
         "--depth", "2", "--rounds", "2", "--steps", "10"]


class Worker(Tools):
    def blocks(self, *lines, mode="whole", status=0):
        """What the worker answers, without what it says of itself."""
        done = self.run_tool(WORKER, "scalar", 1, 64, 64, 16, 2, mode, status=status,
                             text_in="".join(line + "\n" for line in lines))
        about, _, answers = done.stdout.partition("ready\n")
        self.assertIn("form dropout step\n", about)
        return [line.split() for line in answers.splitlines()]

    def test_blocks(self):
        """The batch is the whole set, so first losses differ by the penalties alone: of hidden
        kernels by Glorot, sum w^2 = 2IO/(I+O) and sum |w| = IO sqrt(6/(I+O))/2."""
        took = self.blocks("block plain step 0 1", "block l2 step 0 1", "block l1 step 0 1",
                           "block dropout step 2 3")
        for _, seconds, loss in took:
            self.assertGreater(float(seconds), 0)
            self.assertTrue(1.5 < float(loss) < 4, took)
        plain, l2, l1, _ = (float(loss) for _, _, loss in took)
        self.assertAlmostEqual((l2 - plain) / 1e-4, 31.36 + 16, delta=3)
        self.assertAlmostEqual((l1 - plain) / 1e-4, 543.2 + 55.4, delta=30)

    def test_bare(self):
        (_, seconds, loss), = self.blocks("block l1 step 1 3", mode="bare")
        self.assertGreater(float(seconds), 0)
        self.assertTrue(math.isnan(float(loss)))

    def test_what_it_cannot_do(self):
        answers = self.blocks("block l3 step 1 3", "block plain eager 1 3", "block plain step 1 0",
                              "block", "", "block plain step 0 1")
        self.assertEqual([words[0] for words in answers], ["skip"] * 5 + ["took"])

    def test_wrong_usage(self):
        for args in ([], ["scalar"], ["scalar", 1, 64, 65, 16, 2, "whole"],
                     ["scalar", 1, 64, 8, 16, 2, "half"], ["nosuch", 1, 64, 8, 16, 2, "whole"]):
            self.assertTrue(self.run_tool(WORKER, *args, status=2).stderr)


class Compare(Tools):
    def compare(self, *args, **more):
        return self.run_tool(COMPARE, *args, **more)

    def test_help_fits_a_screen(self):
        lines = self.compare("--help", COLUMNS="80").stdout.splitlines()
        self.assertLessEqual(len(lines), 40)
        self.assertLessEqual(max(map(len, lines)), 80)
        self.assertEqual(sum(line.startswith("  tools/peers/compare --") for line in lines), 2)

    def environment(self, script):
        """A virtual environment whose Python has every module, and is a worker."""
        python = self.folder / "venv" / "bin" / "python"
        python.parent.mkdir(parents=True)
        python.write_text('#!/bin/sh\n[ "$1" != -c ] || exit 0\n' + script)
        python.chmod(0o755)
        return python.parent.parent

    def test_wrong_usage(self):
        for args, right in ([["--frob"], "--frob"], [["--rounds", "0"], "from 1 to"],
                            [["--steps", "15"], "multiple of 10"], [["--peer", "caffe"], "torch"],
                            [["--batch", "9", "--rows", "8"], "--rows 8"],
                            [["--json", "/nonexistent/a"], "folder that can be written"]):
            self.assertIn(right, self.compare(*args, status=2).stderr)

    def test_not_built(self):
        self.assertIn("--build", self.compare("--build", self.folder, status=1).stderr)

    def test_no_device(self):
        done = self.compare(*SMALL, "--device", "nosuch", status=1)
        self.assertIn('no device is called "nosuch"', done.stderr)
        args = [arg for arg in SMALL if arg not in ("--device", "scalar")]
        shown = self.compare(*args, "--venv", self.folder, OCL_ICD_VENDORS="/nonexistent").stdout
        self.assertIn("skipped Ockham cpu: ", shown)
        self.assertIn("| plain     | Ockham scalar |", shown)

    def test_no_peers(self):
        empty = ["--venv", self.folder / "none"]
        document = json.loads(self.compare(*SMALL, *empty, "--json", "-").stdout)
        self.assertEqual({row["who"] for row in document["rows"]}, {"Ockham scalar"})
        self.assertEqual([row["technique"] for row in document["rows"]],
                         ["plain", "l2", "l1", "dropout"])
        self.assertEqual(set(document["skipped"]),
                         {"torch", "keras-tensorflow", "keras-jax", "keras-torch", "kann"})
        done = self.compare(*SMALL, *empty, "--peer", "torch", status=1)
        self.assertIn("skipped torch: torch not found in ", done.stdout)
        self.assertIn("| l2        | Ockham scalar | step |", done.stdout)

    def test_a_peer(self):
        venv = self.environment('''
            printf 'about Peer 1\\nform plain slow\\nform plain fast\\n'
            printf 'form l2-decay fast\\nform l1 none\\nready\\n'
            while read -r _ _ form _; do
                case $form in
                slow) echo took 20 2.5 ;;
                fast) echo took 10 2.5 ;;
                *) echo skip not today ;;
                esac
            done''')
        path = self.folder / "out.json"
        shown = self.compare(*SMALL, "--venv", venv, "--peer", "torch", "--json", path).stdout
        document = json.loads(path.read_text())
        rows = {(row["who"], row["technique"], row["form"]): row for row in document["rows"]}
        fast, slow = rows["torch", "plain", "fast"], rows["torch", "plain", "slow"]
        self.assertEqual((fast["median"], fast["fastest"]), (1000, True))
        self.assertEqual((slow["median"], slow["fastest"]), (2000, False))
        own = rows["Ockham scalar", "plain", "step"]
        self.assertAlmostEqual(fast["ratios"]["Ockham scalar"]["min"], 1000 / own["max"])
        self.assertIn("Ockham scalar", rows["torch", "l2-decay", "fast"]["ratios"])
        self.assertEqual(document["skipped"], {"torch l1 none": "not today"})
        self.assertIn("skipped torch l1 none: not today\n", shown)
        self.assertIn("| plain     | torch | fast         | 1000.00 |", shown)

    def test_a_peer_that_dies(self):
        venv = self.environment("echo about me; echo Traceback >&2; echo no luck >&2; exit 3")
        done = self.compare(*SMALL, "--venv", venv, "--peer", "torch", status=1)
        self.assertIn("skipped torch: no luck\n", done.stdout)


if __name__ == "__main__":
    unittest.main()
