"""A device that fails while it trains: the run goes on with the next one where --failover says so."""

import os
import re
import sys
import unittest

from harness import HAS_LAPACK, Tools

SMALL = ["--count", "600", "--epochs", "3", "--batch", "30", "--device", "0:0"]
SKIP = 77


class Failover(Tools):
    environment = {"OCKHAM_TUNE": "0"}

    def launches(self, *args):
        """How many kernels a command enqueues: the layer's report lists commands by their names."""
        self.train(*args, **self.environment, LAYER_REPORT="report")
        report = (self.folder / "report").read_text()
        return (int(re.search(r"(\d+) commands", report)[1]) -
                sum(map(int, re.findall(r"(\d+) clEnqueue", report))))

    def train_with_fault(self, share, *args, more=(), status=0):
        """OpenCL launches no more kernels after that share of them."""
        position = int(self.launches(*args) * share)
        return self.train(*args, *more, status=status, **self.environment,
                          LAYER_FAULT=f"clEnqueueNDRangeKernel:{position}:-5")

    def fit(self, share, *more, status=0):
        return self.train_with_fault(share, "fit", "--hidden", "32", *SMALL, more=more,
                                     status=status)

    def epochs(self, row, done):
        return re.findall(rf"^{row} +(\d)/3 ", done.stdout, re.M)

    def test_a_failure_ends_the_run(self):
        done = self.fit(0.5, "--checkpoint", "run", status=1)
        self.assertIn("CL_OUT_OF_RESOURCES", done.stderr)
        self.assertEqual(self.epochs("fit", done), ["1"])
        done = self.train("fit", "--hidden", "32", *SMALL, "--checkpoint", "run", "--resume",
                          **self.environment)
        self.assertEqual(self.epochs("fit", done), ["2", "3"])

    def test_the_run_goes_on(self):
        done = self.fit(0.5, "--failover", "--save", "net")
        self.assertRegex(done.stdout, r"(?m)^fit +0:0 \(.*\) failed: .*CL_OUT_OF_RESOURCES \(-5\); "
                         r"going on after epoch 1 on scalar \(plain C\)$")
        self.assertEqual(self.epochs("fit", done), ["1", "2", "3"])
        self.train("evaluate", "--load", "net", "--count", "100", "--device", "scalar")

    @unittest.skipUnless(HAS_LAPACK, "built without LAPACK")
    def test_a_study_goes_on_after_a_row_with_a_set_of_its_own(self):
        done = self.train_with_fault(0.4, "study", "--rows", "zca,augment", *SMALL,
                                     more=["--failover"])
        self.assertRegex(done.stdout, r"(?m)^zca +0:0 .* failed: .* on scalar \(plain C\)$")
        self.assertEqual(self.epochs("augment", done), ["1", "2", "3"])

    def test_a_search_goes_on(self):
        done = self.train_with_fault(0.5, "search", "--hidden", "32", "--grid", "l2=0,1e-3,1e-2",
                                     "--halving", "3", *SMALL, more=["--failover"])
        self.assertRegex(done.stdout, r"(?m)^search +0:0 .* failed: .* on scalar \(plain C\)$")
        self.assertEqual(len(re.findall(r"(?m)^trial ", done.stdout)), 4, done.stdout)

    def test_the_best_is_judged_on_the_next_device(self):
        done = self.train_with_fault(0.5, "best", "--seeds", "1", "--test", *SMALL,
                                     more=["--failover"])
        self.assertRegex(done.stdout, r"(?m)^128 +0:0 .* failed: .* on scalar \(plain C\)$")
        self.assertRegex(done.stdout, r"(?m)^128 +[\d.]+% +[\d.]+%")

    def test_what_was_shrunk_before_is_saved(self):
        done = self.train_with_fault(0.7, "shrink", "--hidden", "32", "--strengths", "1e9",
                                     "--within", "0", "--save", "small", *SMALL,
                                     more=["--failover"])
        self.assertIn(" on scalar (plain C)", done.stdout)
        self.train("evaluate", "--load", "small", "--count", "100", "--device", "scalar")


if __name__ == "__main__":
    query = Tools("run_tool")
    query.folder = os.getcwd()
    if '"0:0"' not in query.run_tool(os.environ["OCKHAM_QUERY"], "--json", status=None).stdout:
        print("no OpenCL device")
        sys.exit(SKIP)
    unittest.main()
