"""A run that was killed goes on, and its checkpoint is a file that Python reads."""

import csv
import json
import signal
import struct
import subprocess
import unittest

from harness import SMALL, TIMEOUT_S, TRAIN, Tools

RUN = [*SMALL, "--hidden", "24x2", "--epochs", "3", "--dropout", "0.2", "--augment", "small",
       "--early-stop", "val_loss:3", "--restore-best"]


def digest(words):
    """Fowler, Noll and Vo's 1a, a word at a time."""
    value = 0xcbf29ce484222325
    for word in words:
        value = (value ^ word) * 0x100000001b3 % 2**64
    return value


class Checkpoint(Tools):
    def fit(self, *args, **more):
        return self.train("fit", *RUN, *args, **more)

    def stop(self, number, *args, after="fit "):
        """Ends the run by a signal once a line begins with `after`; returns what it printed then."""
        process = subprocess.Popen([TRAIN, "fit", *RUN, *args, "--checkpoint", "run"],
                                   cwd=self.folder, stdout=subprocess.PIPE, text=True)
        self.addCleanup(process.kill)
        for line in process.stdout:
            if line.startswith(after):
                break
        process.send_signal(number)
        rest, _ = process.communicate(timeout=TIMEOUT_S)
        return rest

    def test_a_killed_run_goes_on(self):
        self.fit("--save", "whole", "--csv", "whole.csv")
        self.stop(signal.SIGKILL)
        self.fit("--checkpoint", "run", "--resume", "--save", "resumed", "--csv", "resumed.csv")
        self.assertEqual(self.read("whole"), self.read("resumed"))
        histories = [self.rows(name) for name in ("whole.csv", "resumed.csv")]
        self.assertEqual(len(histories[0]), 3)
        for whole, resumed in zip(*histories):
            for figure in whole.keys() - {"seconds", "ms_per_step"}:
                self.assertEqual(whole[figure], resumed[figure], figure)

    def test_ctrl_c_says_how_to_go_on(self):
        rest = self.stop(signal.SIGINT, "--epochs", "1000000")
        self.assertRegex(rest, r"to go on after epoch \d+: the same command with --resume")
        self.train("evaluate", "--load", "run", "--device", "scalar", "--count", 50)

    def test_refusals(self):
        self.fit("--checkpoint", "run")
        kept = self.read("run")
        done = self.fit("--checkpoint", "run", "--resume", "--batch", "77", status=1)
        self.assertIn("batch_size is 128 in the checkpoint and 77 here", done.stderr)
        done = self.fit("--checkpoint", "run", "--resume", "--hidden", "24x3", status=1)
        self.assertIn("layers", done.stderr)
        self.assertIn("--checkpoint", self.fit("--resume", status=2).stderr)
        self.assertEqual(self.read("run"), kept)
        (self.folder / "run").write_bytes(kept[:-1])
        self.assertIn("run", self.fit("--checkpoint", "run", "--resume", status=1).stderr)

    def test_plain_python_reads_it(self):
        self.fit("--checkpoint", "run", "--csv", "fit.csv")
        data = self.read("run")
        length, = struct.unpack("<Q", data[:8])
        header = json.loads(data[8:8 + length])
        metadata = header.pop("__metadata__")
        self.assertTrue(all(isinstance(value, str) for value in metadata.values()))
        end = 0
        for name, tensor in header.items():
            begin, size = tensor["data_offsets"][0], 8 if name == "digest" else 4
            self.assertEqual(begin, end)
            for extent in tensor["shape"]:
                size *= extent
            end = begin + size
            self.assertEqual(tensor["data_offsets"], [begin, end])
        self.assertEqual(8 + length + end, len(data))
        words = struct.unpack(f"<{len(data) // 4}I", data)
        self.assertEqual(digest(words[:-2]), words[-2] | words[-1] << 32)
        self.assertEqual(header["moment1.0.kernel"]["shape"], [784, 24])
        for kind in ("", "moment1.", "moment2.", "best."):
            self.assertIn(kind + "4.bias", header)

        self.assertEqual(json.loads(metadata["settings"])["batch_size"], 128)
        state = json.loads(metadata["state"])
        self.assertEqual(int(state["step"]), 9, "three epochs of 280 rows")
        self.assertEqual(len(state["history"]), 3)
        for epoch, row in zip(state["history"], self.rows("fit.csv")):
            self.assertAlmostEqual(float.fromhex(epoch["val_loss"]), float(row["val_loss"]), 6)

    def test_safetensors_reads_it(self):
        try:
            from safetensors.numpy import load_file
        except ImportError:
            self.skipTest("the package safetensors is not installed")
        self.fit("--checkpoint", "run")
        tensors = load_file(self.folder / "run")
        self.assertEqual(tensors["best.0.kernel"].shape, (784, 24))
        self.assertTrue((tensors["moment2.0.kernel"] >= 0).all())

    def read(self, name):
        return (self.folder / name).read_bytes()

    def rows(self, name):
        with open(self.folder / name, newline="") as file:
            return list(csv.DictReader(file))


if __name__ == "__main__":
    unittest.main()
