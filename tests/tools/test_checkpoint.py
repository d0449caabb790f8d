"""A run that was killed goes on, and its checkpoint is a file that Python reads."""

import csv
import json
import os
import re
import signal
import struct
import subprocess
import unittest

from harness import SMALL, TIMEOUT_S, TRAIN, Tools

RUN = [*SMALL, "--hidden", "24x2", "--epochs", "3", "--dropout", "0.2", "--augment", "small",
       "--early-stop", "val_loss:3", "--restore-best"]

LONG = [*RUN, "--epochs", "120", "--early-stop", "val_loss:120"]


def digest(words):
    """Fowler, Noll and Vo's 1a, a word at a time."""
    value = 0xcbf29ce484222325
    for word in words:
        value = (value ^ word) * 0x100000001b3 % 2**64
    return value


class Checkpoint(Tools):
    def fit(self, *args, **more):
        return self.train("fit", *RUN, *args, **more)

    def test_a_killed_run_goes_on(self):
        self.fit("--save", "whole", "--csv", "whole.csv")
        self.stop(signal.SIGKILL, "fit", *RUN, "--checkpoint", "run", after="fit ")
        self.fit("--checkpoint", "run", "--resume", "--save", "resumed", "--csv", "resumed.csv")
        self.assertEqual(self.read("whole"), self.read("resumed"))
        histories = [self.rows(name) for name in ("whole.csv", "resumed.csv")]
        self.assertEqual(len(histories[0]), 3)
        for whole, resumed in zip(*histories):
            for figure in whole.keys() - {"seconds", "ms_per_step"}:
                self.assertEqual(whole[figure], resumed[figure], figure)

    # ---- Ctrl-C ----

    def test_ctrl_c_keeps_the_run_and_says_how_to_go_on(self):
        """The printed line ends with the weights of a run that was never stopped."""
        self.train("fit", *LONG, "--save", "whole")
        for number, asked in ((signal.SIGINT, []), (signal.SIGTERM, ["--checkpoint", "run"]),
                              (signal.SIGINT, ["--checkpoint", "run", "--resume"])):
            with self.subTest(asked):
                older = set(self.folder.iterdir())
                status, _, command = self.stop(number, "fit", *LONG, "--save", "it's $HOME",
                                               *asked, after="fit ")
                self.assertEqual(status, 128 + number)
                self.assertRegex(command, r"--checkpoint (\S+) --resume\n$")
                self.assertEqual(command.count("--resume"), 1)
                kept = re.search(r"--checkpoint (\S+)", command)[1]
                self.assertEqual({path.name for path in set(self.folder.iterdir()) - older},
                                 {kept} if asked else {kept, "it's $HOME"})
                self.assertEqual(kept == "run", bool(asked))
                self.train("evaluate", "--load", kept, "--device", "scalar", "--count", 50)
                self.assertNotEqual(self.read("whole"), self.read("it's $HOME"))
                self.go_on(command)
                self.assertEqual(self.read("whole"), self.read("it's $HOME"))
                (self.folder / kept).unlink()

    def test_ctrl_c_before_an_epoch(self):
        slow = ["--hidden", "300x3", "--count", "10000", "--batch", "1", "--device", "scalar"]
        status, _, said = self.stop(signal.SIGINT, "fit", *slow, after="data:")
        self.assertEqual(status, 130)
        self.assertIn("stopped in the first epoch: there is nothing to go on with", said)
        self.assertEqual([*self.folder.iterdir()], [])

    def test_ctrl_c_twice(self):
        """The second one waits for nothing."""
        process = subprocess.Popen([TRAIN, "fit", *RUN, "--epochs", "1000000"], cwd=self.folder,
                                   stdout=subprocess.PIPE, text=True)
        self.addCleanup(process.kill)
        process.stdout.readline()
        process.send_signal(signal.SIGSTOP)  # so that both are there before it sees the first
        process.send_signal(signal.SIGINT)
        process.send_signal(signal.SIGTERM)
        process.send_signal(signal.SIGCONT)
        process.communicate(timeout=TIMEOUT_S)
        self.assertLess(process.returncode, 0, "by the signal itself")

    def test_whose_reader_is_gone(self):
        """In `ockham-train fit | tee log` Ctrl-C ends tee, too."""
        process = subprocess.Popen([TRAIN, "fit", *RUN, "--epochs", "1000000"], cwd=self.folder,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.addCleanup(process.kill)
        for line in process.stdout:
            if line.startswith("fit "):
                break
        process.send_signal(signal.SIGINT)
        process.stdout.close()
        said = process.stderr.read()
        process.wait(TIMEOUT_S)
        self.assertIn("To go on:", said)

    def test_a_folder_that_cannot_be_written_to(self):
        self.folder.chmod(0o555)
        self.addCleanup(self.folder.chmod, 0o755)
        if os.access(self.folder, os.W_OK):
            self.skipTest("root writes everywhere")
        _, _, said = self.stop(signal.SIGINT, "fit", *RUN, "--epochs", "1000000", after="fit ")
        self.assertIn("this folder cannot be written to", said)

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

    def test_shortened_options_are_the_same_run(self):
        study = ["study", "--rows", "plain", "--count", 100, "--epochs", 1, "--device", "scalar"]
        self.train(*study, "--checkpoint", "kept")
        self.train(*study, "--checkp", "kept", "--resu", "--js", "out")
        search = ["search", *SMALL, "--grid", "l2=0"]
        self.train(*search, "--resume", "trials")
        self.train(*search, "--resum=trials", "--tensorb", "logs")

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
