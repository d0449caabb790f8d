"""Files that other programs read and write: NumPy's arrays, safetensors and TensorBoard's events."""

import csv
import json
import math
import signal
import struct
import subprocess
import time
import unittest
from pathlib import Path

from harness import HAS_PNG, SMALL, TIMEOUT_S, TRAIN, Tools

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


def crc32c(data):
    crc = 0xffffffff
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82f63b78 if crc & 1 else 0)
    return crc ^ 0xffffffff


assert crc32c(b"123456789") == 0xe3069283, "the standard's check value"


def read_records(data):
    """TFRecords, whose checksums must be right."""
    def check(part, masked):
        crc = crc32c(part)
        assert struct.pack("<I", ((crc >> 15 | crc << 17) + 0xa282ead8) & 0xffffffff) == masked
    while data:
        length, = struct.unpack("<Q", data[:8])
        check(data[:8], data[8:12])
        check(data[12:12 + length], data[12 + length:16 + length])
        yield data[12:12 + length]
        data = data[16 + length:]


def read_fields(data):
    """The fields of a protocol buffer, by number."""
    def varint():
        nonlocal data
        value = shift = 0
        while True:
            value |= (data[0] & 0x7f) << shift
            shift += 7
            last, data = data[0] < 0x80, data[1:]
            if last:
                return value
    while data:
        key = varint()
        size = {0: 0, 1: 8, 2: None, 5: 4}[key & 7]
        if size == 0:
            yield key >> 3, varint()
            continue
        if size is None:
            size = varint()
        yield key >> 3, data[:size]
        data = data[size:]


def read_events(path):
    """Step and scalars of each event after the first."""
    first, *events = [dict(read_fields(record)) for record in read_records(path.read_bytes())]
    assert first[3] == b"brain.Event:2"
    for event in events:
        scalars = {}
        for _, value in read_fields(event[5]):
            fields = dict(read_fields(value))
            scalars[fields[1].decode()], = struct.unpack("<f", fields[2])
        yield event[2], scalars, struct.unpack("<d", event[1])[0]


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

    def test_colours(self):
        """A picture that is red all over stays so, however it is turned."""
        folder = self.folder / "red"
        folder.mkdir()
        (folder / "x_train.npy").write_bytes(npy_bytes("|u1", (40, 6, 8, 3), b"\xff\0\0" * 1920))
        (folder / "y_train.npy").write_bytes(npy_bytes("|u1", (40,), bytes(i % 2 for i in range(40))))
        asked = ["--data", folder, "--device", "scalar", "--augment",
                 "zoom=2:2,rotation=90,flip=both,fill=nearest"]
        shown = self.train("show", *asked, "--count", 2, LC_ALL="C").stdout.splitlines()
        self.assertIn("40 samples of 6 x 8 x 3", shown[1])
        red = "-" * 8  # a third
        self.assertEqual([line for line in shown[2:] if "-" in line], [f"{red} {red}"] * 6)
        self.fit(*asked, "--epochs", 2)
        done = self.train("search", *asked, "--hidden", "8", "--epochs", 2, "--grid", "l2=0,1")
        self.assertNotIn("failed", done.stdout)

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

    # ---- TensorBoard's events ----

    def events(self, folder):
        """Those of the only file in a folder."""
        file, = (self.folder / folder).glob("events.out.tfevents.*.*.*")
        return list(read_events(file))

    def rows(self, name):
        with open(self.folder / name, newline="") as file:
            return list(csv.DictReader(file))

    # ---- Streams, links and permissions ----

    def shell(self, line, *args, **more):
        return self.run_tool("sh", "-c", f'"$0" "$@" {line}', TRAIN, *args, **more)

    def test_an_output_that_takes_nothing(self):
        for words in ["show", "--device", "scalar", "--count", 1], ["fit", "--help"], ["--version"]:
            done = self.shell(">/dev/full", *words, status=1)
            self.assertIn("not all could be written to the standard output", done.stderr)

    def test_a_closed_output_is_none_of_the_files(self):
        self.shell(">&-", "fit", *SMALL, "--tensorboard", "logs")
        self.assertEqual([step for step, *_ in self.events("logs")], [1, 2])
        self.shell(">&- 2>&-", "search", *SMALL, "--grid", "l2=0,1", "--resume", "trials")
        for line in (self.folder / "trials").read_text().splitlines():
            json.loads(line)

    def test_what_is_replaced_stays_a_link_and_private(self):
        outputs = {"a.csv": ["fit", *SMALL, "--csv"]}
        if HAS_PNG:
            outputs["a.png"] = ["show", "--device", "scalar", "--png"]
        for name, words in outputs.items():
            self.assert_replaced(name, *words)

    def test_what_is_no_file_is_written_in_its_place(self):
        """Whoever may write to its folder: the owner of /dev alone."""
        self.train("fit", *SMALL, "--json", "/dev/null", "--csv", "/dev/stderr")

    def test_events_are_the_history(self):
        before = time.time()
        self.train("fit", *SMALL, "--tensorboard", "logs", "--csv", "fit.csv")
        events, rows = self.events("logs"), self.rows("fit.csv")
        self.assertEqual([step for step, *_ in events], [1, 2])
        for (_, scalars, wall_time), row in zip(events, rows):
            self.assertTrue(before - 1 <= wall_time <= time.time() + 1)
            self.assertEqual(set(scalars), set(row) - {"row", "epoch", "steps"})
            for name, value in scalars.items():
                self.assertAlmostEqual(value, float(row[name]), delta=1e-6 * abs(value) + 1e-9)
        self.train("fit", *SMALL, "--tensorboard", "alone", "--validation-split", 0)
        self.assertFalse([name for name in self.events("alone")[0][1] if name.startswith("val_")])

    def test_a_run_for_each_row(self):
        self.train("study", "--rows", "plain,early-stop", "--count", 200, "--epochs", 1, "--device",
                   "scalar", "--tensorboard", "logs")
        self.assertEqual({path.name for path in (self.folder / "logs").iterdir()},
                         {"plain", "early-stop"})
        self.assertEqual(len(self.events("logs/plain")), 1)
        self.train("best", "--seeds", 2, "--seed", 7, "--count", 100, "--epochs", 1, "--device",
                   "scalar", "--tensorboard", "best", "--csv", "best.csv")
        for row in self.rows("best.csv"):
            (_, scalars, _), = self.events(f"best/{row['row']}")
            self.assertAlmostEqual(scalars["loss"], float(row["loss"]), 5)

    def test_a_point_for_each_trial(self):
        self.train("search", "--hidden", 8, "--count", 200, "--epochs", 1, "--device", "scalar",
                   "--grid", "l2=0,.5", "--grid", "dropout=.25", "--tensorboard", "logs", "--csv",
                   "trials.csv")
        events, rows = self.events("logs"), self.rows("trials.csv")
        self.assertEqual(len(rows), 2)
        for number, ((step, scalars, _), l2) in enumerate(zip(events, (0, .5)), 1):
            self.assertEqual((step, scalars["l2"], scalars["dropout"]), (number, l2, .25))
            self.assertIn("val_accuracy", scalars)

    def test_events_are_there_at_once_and_go_on(self):
        run = [*SMALL, "--epochs", "1000000", "--tensorboard", "logs", "--checkpoint", "run"]
        process = subprocess.Popen([TRAIN, "fit", *run], cwd=self.folder, text=True,
                                   stdout=subprocess.PIPE)
        self.addCleanup(process.kill)
        lines = (line for line in process.stdout if line.startswith("fit "))
        for epoch in 1, 2, 3:
            next(lines)
        self.assertGreaterEqual(len(self.events("logs")), 2, "as soon as the next epoch ends")
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=TIMEOUT_S)
        done = self.events("logs")[-1][0]
        self.train("fit", *SMALL, "--epochs", done + 1, "--tensorboard", "logs", "--checkpoint",
                   "run", "--resume")
        files = sorted((self.folder / "logs").iterdir())
        self.assertEqual(len(files), 2)
        steps = sorted(step for file in files for step, *_ in read_events(file))
        self.assertEqual(steps, [*range(1, done + 2)])

    def test_events_that_cannot_be_written(self):
        (self.folder / "file").write_text("")
        for wrong in "file", "none/logs", "file/logs":
            done = self.train("fit", *SMALL, "--tensorboard", wrong, status=2)
            self.assertIn(f"--tensorboard {wrong}", done.stderr)
        (self.folder / "logs").mkdir()
        (self.folder / "logs/plain").write_text("")
        done = self.train("study", "--rows", "plain", "--count", 100, "--epochs", 1, "--device",
                          "scalar", "--tensorboard", "logs", status=1)
        self.assertIn("--tensorboard logs/plain: Not a directory", done.stderr)

    def test_no_events_on_a_full_disk(self):
        done = self.train("fit", *SMALL, "--tensorboard", "logs", status=1, file_limit=20)
        self.assertRegex(done.stderr, "--tensorboard logs/events.*: (File too large|No space left)")
        self.assertFalse(list((self.folder / "logs").iterdir()))

    def test_events_on_a_full_disk(self):
        """The file ends with its last whole event, and training goes on."""
        done = self.train("fit", *SMALL, "--epochs", 5, "--tensorboard", "logs", "--json", "-",
                          status=1, file_limit=900)
        self.assertRegex(done.stderr, r"tfevents.*: (File too large|No space left.*); "
                                      r"it ends before step \d")
        self.assertEqual(done.stderr.count("tfevents"), 1)
        steps = [step for step, *_ in self.events("logs")]
        self.assertEqual(steps, [*range(1, len(steps) + 1)])
        self.assertTrue(1 <= len(steps) < 5)
        self.assertEqual(json.loads(done.stdout)["rows"][0]["epochs"], 5)


if __name__ == "__main__":
    unittest.main()
