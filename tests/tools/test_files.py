"""Files that other programs read and write: NumPy's arrays, safetensors and TensorBoard's events."""

import csv
import json
import math
import struct
import unittest
from pathlib import Path

from harness import Tools

STORED = Path(__file__).parent / "stored"


def npy_bytes(descr, shape, data):
    header = f"{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}".encode()
    length = -(-(10 + len(header) + 1) // 64) * 64 - 10
    return b"\x93NUMPY\1\0" + struct.pack("<H", length) + header.ljust(length - 1) + b"\n" + data


def read_npy(data):
    """The shape and the floats of what we write."""
    assert data[:8] == b"\x93NUMPY\1\0"
    length, = struct.unpack("<H", data[8:10])
    header = eval(data[10:10 + length], {})
    assert (10 + length) % 64 == 0 and data[9 + length] == ord("\n")
    assert header["descr"] == "<f4" and not header["fortran_order"]
    return header["shape"], struct.unpack(f"<{math.prod(header['shape'])}f", data[10 + length:])


def read_safetensors(data):
    length, = struct.unpack("<Q", data[:8])
    header = json.loads(data[8:8 + length])
    header.pop("__metadata__", None)
    return {name: data[8 + length:][slice(*tensor["data_offsets"])]
            for name, tensor in header.items()}


class Files(Tools):
    def write_arrays(self, rows=60):
        """Points on a line, in three classes by their side; the same to test."""
        folder = self.folder / "arrays"
        folder.mkdir(exist_ok=True)
        points = [(i % 20 / 10 - 1, i / rows) for i in range(rows)]
        labels = [0 if x < -0.3 else 1 if x < 0.3 else 2 for x, _ in points]
        for part in "train", "test":
            flat = [value for point in points for value in point]
            (folder / f"x_{part}.npy").write_bytes(
                npy_bytes("<f8", (rows, 2), struct.pack(f"<{2 * rows}d", *flat)))
            (folder / f"y_{part}.npy").write_bytes(
                npy_bytes("<i8", (rows,), struct.pack(f"<{rows}q", *labels)))
        return folder, labels

    def fit(self, *args, **more):
        return self.train("fit", "--device", "scalar", "--hidden", "16", "--batch", "10", *args,
                          **more)

    def test_arrays_in_and_out(self):
        folder, labels = self.write_arrays()
        done = self.fit("--data", folder, "--epochs", 60, "--lr", ".02", "--save", "net")
        self.assertIn("60 samples of 1 x 2 from", done.stdout)
        ask = ["--load", "net", "--data", folder, "--test", "--device", "scalar"]
        lines = self.train("predict", *ask, "--out", "p.npy").stdout.splitlines()
        shape, values = read_npy((self.folder / "p.npy").read_bytes())
        self.assertEqual(shape, (60, 3), "as many classes as the labels have")
        right = 0
        for i, line in enumerate(lines):
            row = values[3 * i:3 * i + 3]
            self.assertAlmostEqual(sum(row), 1, 5)
            self.assertEqual(line, f"{i} {row.index(max(row))} {max(row):.4f}")
            right += row.index(max(row)) == labels[i]
        self.assertGreater(right, 54)

    def test_arrays_that_are_wrong(self):
        folder, _ = self.write_arrays()
        (folder / "y_train.npy").unlink()
        self.assertIn("y_train.npy: No such file", self.fit("--data", folder, status=1).stderr)
        whole = (folder / "x_train.npy").read_bytes()
        (folder / "x_train.npy").write_bytes(whole[:-1])
        self.assertIn("x_train.npy: cut short", self.fit("--data", folder, status=1).stderr)

    def test_predictions_on_a_full_disk(self):
        folder, _ = self.write_arrays()
        self.fit("--data", folder, "--epochs", 1, "--save", "net")
        ask = ["--load", "net", "--data", folder, "--device", "scalar", "--out", "p.npy"]
        self.train("predict", *ask)
        before = (self.folder / "p.npy").read_bytes()
        done = self.train("predict", *ask, "--first", 1, status=1, file_limit=200)
        self.assertIn("p.npy: File too large; an older file is as it was", done.stderr)
        self.assertEqual((self.folder / "p.npy").read_bytes(), before)
        self.assertFalse(list(self.folder.glob("*.tmp")))
        done = self.train("predict", *ask[:-1], "none/p.npy", status=2)
        self.assertIn("none/p.npy", done.stderr)

    def test_stored_arrays_and_weights(self):
        """Written by NumPy and by safetensors.torch (store.py). At a rate that changes no bit the
        weights come out as they went in."""
        for data in "c", "fortran", "big":
            self.fit("--data", STORED / data, "--hidden", "3", "--weights",
                     STORED / "weights.safetensors", "--optimizer", "sgd", "--lr", "1e-30",
                     "--epochs", 1, "--validation-split", 0, "--save", "net", "--csv", data)
            kept = read_safetensors((STORED / "weights.safetensors").read_bytes())
            self.assertEqual(read_safetensors((self.folder / "net").read_bytes()), kept)
        losses = set()
        for data in "c", "fortran", "big":
            with open(self.folder / data, newline="") as file:
                losses |= {row["loss"] for row in csv.DictReader(file)}
        self.assertEqual(len(losses), 1, "the same numbers in each form")

    def test_what_is_written_stays_what_is_stored(self):
        """store.py also read with the real packages what we wrote then, so the same is right now."""
        self.fit("--data", STORED / "c", "--hidden", "3", "--weights",
                 STORED / "weights.safetensors", "--optimizer", "sgd", "--lr", "1e-30",
                 "--epochs", 1, "--validation-split", 0, "--save", "net")
        self.train("predict", "--load", "net", "--data", STORED / "c", "--device", "scalar",
                   "--out", "p.npy")
        self.assertEqual((self.folder / "net").read_bytes(),
                         (STORED / "ours.safetensors").read_bytes())
        shape, values = read_npy((self.folder / "p.npy").read_bytes())
        stored_shape, stored = read_npy((STORED / "ours.npy").read_bytes())
        self.assertEqual(shape, stored_shape)
        for value, expected in zip(values, stored):
            self.assertAlmostEqual(value, expected, 6)

    def test_weights_that_do_not_fit(self):
        done = self.fit("--data", STORED / "c", "--hidden", "4", "--weights",
                        STORED / "weights.safetensors", status=1)
        self.assertRegex(done.stderr, r"tensor 0\.kernel has not the shape \[4,4\]")


if __name__ == "__main__":
    unittest.main()
