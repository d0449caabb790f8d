"""One network from flags: trained, saved, evaluated, asked; and nothing is lost on failure."""

import csv
import json
import re
import struct
import signal
import subprocess
import unittest

from harness import HAS_PNG, SMALL, TIMEOUT_S, TRAIN, Tools


# One of each kind is enough where fields differ alone.
SETTINGS = [
    "--initializer he-normal", "--l1 1e-3", "--l1 1e-3 --proximal-l1", "--group-lasso .01",
    "--bias-l1 .01", "--bias-l2 .01", "--max-norm .5", "--non-negative", "--unit-norm",
    "--dropout .2", "--input-dropout .2", "--augment small",
    "--augment elastic=3:2,flip=both", "--standardize samplewise-center",
    "--standardize samplewise-std", "--standardize featurewise-center",
    "--standardize featurewise-std", "--standardize rescale=2,samplewise-center", "--optimizer adamw", "--optimizer rmsprop",
    "--optimizer sgd", "--optimizer sgd --momentum .9", "--weight-decay .1", "--clip-value 1e-4",
    "--schedule cosine", "--schedule cosine:.5", "--schedule step:.1:1",
    "--schedule exponential:.5:1", "--warmup 1", "--plateau loss:0 --plateau-min-delta 9", "--ema .9",
    "--swa 1", "--batch 50",
]


class Fit(Tools):
    def fit(self, *args, **more):
        return self.train("fit", *SMALL, *args, **more)

    def load(self, command, *args, **more):
        return self.train(command, "--load", "net", "--device", "scalar", *args, **more)

    def test_saved_network_is_the_trained_one(self):
        """The last quarter, evaluated alone, gives the figures of the fit's validation."""
        self.fit("--save", "net", "--csv", "fit.csv", "--validation-split", "0.25")
        with open(self.folder / "fit.csv", newline="") as file:
            last = list(csv.DictReader(file))[-1]
        for batch in 128, 3:  # which is several parts, the last of them shorter
            done = self.load("evaluate", "--first", 300, "--count", 100, "--batch", batch)
            accuracy = float(re.search(r"^accuracy (\S+)", done.stdout, re.M)[1])
            loss = float(re.search(r"data loss (\S+),", done.stdout)[1])
            self.assertAlmostEqual(accuracy, float(last["val_accuracy"]), places=4)
            self.assertAlmostEqual(loss, float(last["val_data_loss"]), places=5)
        self.assertGreater(accuracy, 0.15, "ten classes: a guess has 0.1")
        self.assertLess(max(map(len, done.stdout.split("data:")[1].splitlines()[1:])), 80)
        table = done.stdout.split("<- predicted\n")[1]
        counts = [list(map(int, line.split()[1:])) for line in table.splitlines()]
        self.assertEqual(sum(map(sum, counts)), 100)
        self.assertAlmostEqual(sum(counts[i][i] for i in range(10)) / 100, accuracy, places=4)

    def test_predict(self):
        self.fit("--save", "net")
        whole = self.load("predict", "--count", 30).stdout.splitlines()
        part = self.load("predict", "--first", 10, "--count", 7, "--batch", 2).stdout.splitlines()
        self.assertEqual(len(whole), 30)
        self.assertEqual(part, whole[10:17])
        for i, line in enumerate(whole):
            index, label, probability = line.split()
            self.assertEqual(int(index), i)
            self.assertIn(int(label), range(10))
            self.assertTrue(0.1 <= float(probability) <= 1, "the largest of ten")

    def test_every_flag_of_the_network(self):
        self.fit("--hidden", "20x2,10", "--activation", "tanh", "--l1", "1e-5", "--l2", "1e-4",
                 "--dropout", ".25", "--batch-norm", "--augment", "small", "--optimizer", "sgd", "--lr", "0.05",
                 "--momentum", "0.9", "--nesterov", "--early-stop", "val_accuracy:2",
                 "--restore-best", "--batch", "30", "--save", "net")
        self.load("evaluate", "--count", 50)

    def last(self, *args):
        """The last epoch's figures, which a setting that does nothing leaves as they are."""
        self.fit("--epochs", 3, "--csv", "fit.csv", *args)
        with open(self.folder / "fit.csv", newline="") as file:
            row = list(csv.DictReader(file))[-1]
        return {key: value for key, value in row.items() if key not in ("seconds", "ms_per_step")}

    def test_every_setting_changes_what_is_trained(self):
        plain = self.last()
        for line in SETTINGS:
            with self.subTest(line):
                self.assertNotEqual(self.last(*line.split()), plain)

    def test_defaults_of_the_optimisers(self):
        """Those of Keras, whatever stands first."""
        for line, same in [("--optimizer sgd", "--lr .01 --optimizer sgd"),
                           ("--optimizer adamw", "--optimizer adam --weight-decay .004"),
                           ("--optimizer rmsprop", "--lr .001 --optimizer rmsprop")]:
            with self.subTest(line):
                self.assertEqual(self.last(*line.split()), self.last(*same.split()))

    def test_flags_of_noise_labels_and_clips(self):
        self.fit("--gaussian-dropout", ".1", "--gaussian-noise", ".1", "--activity-l1", "1e-4",
                 "--activity-l2", "1e-3", "--label-smoothing", ".1", "--mixup", ".2",
                 "--class-weights", "1,2" + ",1" * 8, "--clip-norm", "1", "--save", "net")
        self.load("evaluate", "--count", 50)
        self.fit("--global-clip-norm", "0.5")

    def test_flags_change_what_is_learnt(self):
        accuracies = set()
        for flags in [], ["--label-smoothing", ".5"], ["--mixup", "1"], ["--gaussian-noise", "1"], \
                ["--gaussian-dropout", ".5"], ["--class-weights", "9" + ",0" * 9], \
                ["--clip-norm", "1e-3", "--optimizer", "sgd"], ["--activity-l2", "1"]:
            self.fit(*flags, "--json", "fit.json")
            row = json.loads((self.folder / "fit.json").read_text())["rows"][0]
            accuracies.add((row["train_loss"], row["val_loss"]))
        self.assertEqual(len(accuracies), 8)

    def test_class_weights_must_be_as_many_as_classes(self):
        done = self.fit("--class-weights", "1,2", status=1)
        self.assertIn("--class-weights has 2 numbers; the data have 10 classes", done.stderr)

    def test_sparsity_is_told_by_layer(self):
        done = self.fit("--l1", "30", "--proximal-l1")
        self.assertRegex(done.stdout, r"layer 0: \d+\.\d % of 25088 weights are 0, and \d+ of 32 units dead")
        self.assertNotIn("weights are 0", self.fit().stdout)

    def test_early_stop(self):
        done = self.fit("--epochs", "50", "--lr", "1e-30", "--early-stop", "val_accuracy:2",
                        "--json", "fit.json")
        row = json.loads((self.folder / "fit.json").read_text())["rows"][0]
        self.assertEqual(row["epochs"], 3, "the first is the best, and two more are waited for")

    def test_divergence_names_epoch_and_step(self):
        (self.folder / "net").write_text("older")
        done = self.fit("--lr", "1e30", "--save", "net", "--json", "fit.json", status=1)
        self.assertRegex(done.stderr, r"epoch \d+.*step \d+")
        self.assertEqual((self.folder / "net").read_text(), "older")
        self.assertIn("epoch", json.loads((self.folder / "fit.json").read_text())["rows"][0]["failed"])

    def test_full_disk_keeps_the_older_files(self):
        names = {"net", "fit.json", "fit.csv"}
        outputs = ["--save", "net", "--json", "fit.json", "--csv", "fit.csv"]
        self.fit(*outputs)
        before = {name: (self.folder / name).read_bytes() for name in names}
        done = self.fit(*outputs, "--seed", 1, "--epochs", 3, status=1, file_limit=100)
        for name in names:
            self.assertIn(name, done.stderr)
            self.assertEqual((self.folder / name).read_bytes(), before[name])
        self.assertEqual({path.name for path in self.folder.iterdir()}, names)

    def test_a_link_stays_a_link(self):
        (self.folder / "fit.json").touch()
        (self.folder / "link.json").symlink_to("fit.json")
        self.fit("--json", "link.json")
        self.assertTrue((self.folder / "link.json").is_symlink())
        json.loads((self.folder / "fit.json").read_text())

    def test_damaged_network(self):
        self.fit("--save", "net")
        whole = (self.folder / "net").read_bytes()
        for size in (0, 5, 200, len(whole) - 1):
            with self.subTest(size):
                (self.folder / "net").write_bytes(whole[:size])
                self.assertIn("net", self.load("evaluate", status=1).stderr)

    def test_network_of_other_pictures(self):
        self.fit("--save", "net")
        done = self.load("evaluate", "--data", self.write_idx("tiny", 10, 5, 7), status=1)
        self.assertIn("784", done.stderr)
        self.assertIn("5 x 7", done.stderr)

    def interrupt(self, after, *args):
        """Runs fit, presses Ctrl-C once a line begins with `after`; returns the row of its JSON."""
        process = subprocess.Popen([TRAIN, "fit", *SMALL, *args, "--json", "fit.json", "--save", "net"],
                                   cwd=self.folder, stdout=subprocess.PIPE, text=True)
        self.addCleanup(process.kill)
        for line in process.stdout:
            if line.startswith(after):
                break
        process.send_signal(signal.SIGINT)
        rest, _ = process.communicate(timeout=TIMEOUT_S)
        self.assertEqual(process.returncode, 130)
        self.assertIn("technique", rest)
        self.load("evaluate", "--count", 50)
        return json.loads((self.folder / "fit.json").read_text())["rows"][0]

    def test_interrupt(self):
        row = self.interrupt("fit", "--epochs", "1000000")
        self.assertIn("interrupted", row)
        self.assertGreater(row["epochs"], 0)

    def test_interrupt_within_an_epoch(self):
        row = self.interrupt("data:", "--hidden", "300x3", "--count", "10000", "--batch", "1")
        self.assertIn("interrupted", row)
        self.assertEqual(row["epochs"], 0)
        self.assertIsNone(row["train_loss"])

    def test_show(self):
        shown = self.train("show", "--count", 3, "--device", "scalar", LC_ALL="C").stdout
        self.assertGreater(len(shown.splitlines()), 28, "two rows of pictures, 14 lines each")
        self.assertTrue(shown.isascii())

    def test_show_augmented(self):
        """Each part of a specification makes other pictures."""
        drawn = "--count", 8, "--device", "scalar"
        plain = self.train("show", *drawn, "--augment", "shift=0", LC_ALL="C").stdout
        for spec in ["rotation=90", "shift=.5", "width-shift=.5", "height-shift=.5", "shear=60",
                     "zoom=.5", "zoom=1.5:2", "flip=both", "flip=vertical", "channel-shift=.9",
                     "brightness=.2:.4", "elastic=60:4", "erase=1", "erase=1:.3:.5", "cutout=14",
                     "shift=.5,fill=wrap", "shift=.5,cval=1", "cutout=14,value=1", "small"]:
            with self.subTest(spec):
                self.assertNotEqual(
                    self.train("show", *drawn, "--augment", spec, LC_ALL="C").stdout, plain)

    def test_show_refuses(self):
        for spec in ["", "rotation", "rotation=181", "shift=1.1", "zoom=1", "zoom=2:1", "flip=up",
                     "fill=mirror", "elastic=3", "elastic=3:0", "erase=2", "erase=1:.5", "cutout=.5",
                     "brightness=1:2:3", "small,shift=.1", "shift=.1,", "tilt=3"]:
            with self.subTest(spec):
                done = self.train("show", "--augment", spec, status=2)
                self.assertIn("must be small, or NAME=VALUE", done.stderr)
        done = self.train("show", "--augment", "cutout=29", status=1)
        self.assertIn("cutout_size is 29 and must lie in 0..28", done.stderr)

    @unittest.skipUnless(HAS_PNG, "built without libspng")
    def test_show_png(self):
        self.train("show", "--count", 3, "--png", "sheet.png")
        header = (self.folder / "sheet.png").read_bytes()[:24]
        self.assertEqual(header[:8], b"\x89PNG\r\n\x1a\n")
        self.assertEqual(struct.unpack(">2I", header[16:]), (3 * 88 - 4 + 32, 2 * 84 + 4 + 32))

    @unittest.skipUnless(HAS_PNG, "built without libspng")
    def test_show_png_follows_no_link(self):
        """That somebody left under the name that the file has while it is written."""
        other = self.folder / "other"
        other.write_text("another's")
        self.run_tool("sh", "-c", 'ln -s other "sheet.png.$$.tmp"; exec "$0" "$@"', TRAIN, "show",
                      "--device", "scalar", "--png", "sheet.png")
        self.assertEqual(other.read_text(), "another's")
        self.assertEqual(sorted(file.name for file in self.folder.iterdir()), ["other", "sheet.png"])


if __name__ == "__main__":
    unittest.main()
