"""The study as a user runs it, small: every row, its table, its JSON and its CSV."""

import csv
import json
import math
import signal
import unittest

from harness import HAS_LAPACK, Tools

ROWS = ["plain", "l2", "l1", "dropout", "zca", "augment", "early-stop"]
KEYS = {"row", "epochs", "train_loss", "data_loss", "penalty", "train_accuracy", "val_loss",
        "val_accuracy", "near_zero", "ms_per_step", "seconds"}
TIMES = {"ms_per_step", "seconds"}


class Study(Tools):
    def study(self, *args, epochs=1, count=300, **more):
        path = self.folder / "study.json"
        done = self.train("study", "--epochs", epochs, "--count", count, "--json", path, *args, **more)
        return done, json.loads(path.read_text())

    def check_row(self, row):
        self.assertEqual(set(row), KEYS)
        self.assertEqual(row["epochs"], 1)
        for key in KEYS - {"row"}:
            self.assertTrue(math.isfinite(row[key]), key)
        for key in ("train_accuracy", "val_accuracy", "near_zero"):
            self.assertTrue(0 <= row[key] <= 1, key)
        self.assertAlmostEqual(row["train_loss"], row["data_loss"] + row["penalty"], places=5)
        self.assertEqual(row["penalty"] > 0, row["row"] in ("l1", "l2"))
        self.assertGreater(row["data_loss"], 0)
        self.assertGreater(row["ms_per_step"], 0)

    def test_every_row(self):
        done, document = self.study("--csv", "history.csv", "--seed", 2**64 - 1)
        self.assertEqual(set(document), {"device", "data", "seed", "peak_bytes", "rows"})
        self.assertIn(f"memory: {document['peak_bytes'] / 2**20:.1f} MiB", done.stdout)
        self.assertEqual(document["seed"], 2**64 - 1)
        self.assertEqual([row["row"] for row in document["rows"]], ROWS)
        for row in document["rows"]:
            with self.subTest(row["row"]):
                if row["row"] == "zca" and not HAS_LAPACK:
                    self.assertIn("LAPACK", row["skipped"])
                else:
                    self.check_row(row)
        loss = {row["row"]: row.get("data_loss") for row in document["rows"]}
        self.assertEqual(loss["early-stop"], loss["plain"], "it is the plain network")
        self.assertEqual(len(set(loss.values())), 6, "each other technique trains differently")
        self.assertLess(document["rows"][0]["near_zero"], 0.1, "few fresh weights are near 0")
        for line in done.stdout.split("technique")[1].splitlines():
            self.assertLess(len(line), 80)

    def test_csv(self):
        _, document = self.study("--rows", "dropout,plain", "--csv", "history.csv",
                                 "--device", "scalar", epochs=2)
        with open(self.folder / "history.csv", newline="") as file:
            lines = list(csv.DictReader(file))
        self.assertEqual([(line["row"], line["epoch"]) for line in lines],
                         [("plain", "1"), ("plain", "2"), ("dropout", "1"), ("dropout", "2")])
        for line, row in zip(lines[1::2], document["rows"]):
            self.assertAlmostEqual(float(line["loss"]), row["train_loss"], places=6)
            self.assertAlmostEqual(float(line["val_accuracy"]), row["val_accuracy"], places=6)

    def test_json_alone_on_standard_output(self):
        done = self.train("study", "--rows", "plain", "--epochs", 1, "--count", 100, "--json", "-",
                          "--device", "scalar")
        self.assertEqual(json.loads(done.stdout)["rows"][0]["row"], "plain")
        self.assertIn("technique", done.stderr)

    def test_a_seed_repeats_a_run(self):
        def figures(seed):
            rows = self.study("--rows", "dropout,augment", "--device", "scalar", "--seed", seed)[1]["rows"]
            return [{k: v for k, v in row.items() if k not in TIMES} for row in rows]
        self.assertEqual(figures(5), figures(5))
        self.assertNotEqual(figures(5), figures(6))

    # ---- Going on ----

    LONG = ["study", "--rows", "plain,l2,dropout", "--count", 300, "--epochs", 25,
            "--device", "scalar", "--json"]

    def rows(self, name):
        rows = json.loads((self.folder / name).read_text())["rows"]
        return [{k: v for k, v in row.items() if k not in TIMES} for row in rows]

    def test_ctrl_c_keeps_the_study_and_says_how_to_go_on(self):
        self.train(*self.LONG, "whole.json")
        for asked in ([], ["--checkpoint", "study"]):
            with self.subTest(asked):
                status, _, command = self.stop(signal.SIGINT, *self.LONG, "study.json", *asked,
                                               after="l2 ")
                self.assertEqual(status, 130)
                self.assertEqual("--checkpoint study " in command, bool(asked))
                done = self.go_on(command)
                self.assertNotIn("plain        1/25", done.stdout, "that row was done")
                self.assertNotIn("l2           1/25", done.stdout, "and this one begun")
                self.assertEqual(self.rows("study.json"), self.rows("whole.json"))
        kept = (self.folder / "study").read_bytes()
        self.assertEqual([*self.folder.glob("*.checkpoint.*"), *self.folder.glob("study.[0-9]")], [],
                         "no checkpoint of a row that is done")
        self.assertEqual(self.go_on(command).stdout.count("/25"), 0, "nothing is left to do")
        self.assertEqual((self.folder / "study").read_bytes(), kept)

    def test_what_is_no_study_to_go_on_with(self):
        small = ["study", "--rows", "plain", "--count", 100, "--device", "scalar"]
        self.train(*small, "--epochs", 1, "--checkpoint", "study")
        kept = (self.folder / "study").read_text()
        done = self.train(*small, "--epochs", 2, "--checkpoint", "study", "--resume", status=2)
        self.assertIn("belongs to another study", done.stderr)
        self.assertIn("--epochs 1\n", done.stderr)
        for damage, said in ((kept[:-3], "is not JSON"), ("{}", "is no journal of a study"),
                             (kept.replace('"rows":', '"row":'), "another study")):
            (self.folder / "study").write_text(damage)
            done = self.train(*small, "--epochs", 1, "--checkpoint", "study", "--resume", status=2)
            self.assertIn(said, done.stderr)
            self.assertEqual((self.folder / "study").read_text(), damage)
        document = json.loads(kept)
        for epochs in ([], [[1, 2, 3]], [[2, 1] + [0] * 11], [[1, -1] + [0] * 11], 7, None):
            document["rows"][0]["epochs"] = epochs
            (self.folder / "study").write_text(json.dumps(document))
            done = self.train(*small, "--epochs", 1, "--checkpoint", "study", "--resume")
            self.assertIn("plain        1/1", done.stdout, "a row that cannot be read is not done")

    def test_without_driver(self):
        done, document = self.study("--rows", "plain", OCL_ICD_VENDORS="/nonexistent", OCKHAM_DEVICE="")
        self.assertEqual(document["device"], "scalar plain C")
        self.assertIn("device: chose scalar", done.stdout)

    def test_unknown_device_lists_what_there_is(self):
        done = self.train("study", "--device", "nosuch", status=2)
        self.assertIn('"nosuch"', done.stderr)
        self.assertIn("scalar plain C", done.stderr)

    def test_unwritten_results_fail(self):
        done = self.train("study", "--rows", "plain", "--epochs", 1, "--count", 100,
                          "--device", "scalar", "--json", "/dev/full", status=1)
        self.assertIn("/dev/full: No space left on device", done.stderr)

    def test_pictures_of_another_size(self):
        _, document = self.study("--data", self.write_idx("tiny", 40, 5, 7), "--device", "scalar",
                                 "--rows", "plain,augment")
        self.assertEqual(len(document["rows"]), 2)


if __name__ == "__main__":
    unittest.main()
