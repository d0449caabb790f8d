"""Searches: points in their order, results in every form, and nothing done twice after a kill."""

import csv
import json
import os
import pty
import re
import signal
import subprocess
import unittest

from harness import TIMEOUT_S, TRAIN, Tools

SMALL = ["--hidden", "16", "--count", "200", "--epochs", "2", "--device", "scalar"]
GRID = ["--grid", "l2=0,1e-4,1e-3", "--grid", "dropout=0,.5"]

WRONG = [
    ("", ["no axes", "at least one"]),
    ("--grid l2", ["--grid l2", "NAME="]),
    ("--grid l2=", ["--grid l2=", "NAME="]),
    ("--grid =1", ["--grid =1", "NAME="]),
    ("--grid l2=1,,2", ["--grid l2=1,,2", "NAME=A,B"]),
    ("--grid l2=low", ["--grid l2=low", "numbers"]),
    ("--grid l2=-1", ["l2 -1", "a number from 0"]),
    ("--grid dropout=0,1", ["dropout 1", "from 0 to below 1"]),
    ("--grid batch=16,2.5", ["batch 2.5", "a whole number from 1"]),
    ("--grid nosuch=1", ["nosuch 1", "a setting", "--help"]),
    ("--grid nesterov=1", ["nesterov 1", "no value"]),
    ("--grid width=0", ["width 0", "from 1"]),
    ("--grid layers=65", ["layers 65", "from 1 to 64"]),
    ("--grid patience=2", ["patience 2", "--early-stop"]),
    ("--grid l2=1 --grid l2=2", ["axis l2 is there twice"]),
    ("--grid momentum=0,.9", ["--momentum goes with"]),
    ("--uniform dropout=0:.5", ["--uniform needs --random"]),
    ("--random 3 --uniform dropout=.5", ["--uniform dropout=.5", "NAME=A:B"]),
    ("--random 3 --uniform dropout=.5:.5", ["axis dropout", "low must be less than high"]),
    ("--random 3 --uniform batch=16:64", ["batch takes whole numbers", "--choice"]),
    ("--random 3 --log-uniform l2=0:1", ["axis l2", "above 0"]),
    ("--random 0 --choice l2=1", ["--random 0", "from 1"]),
    ("--grid l2=0 --folds 1", ["--folds 1", "from 2"]),
    ("--grid l2=0 --folds 201", ["folds is 201", "2..200"]),
    ("--grid l2=0 --folds 2 --validation-split .3", ["--folds and --validation-split"]),
    ("--grid l2=0 --validation-split 0", ["val_accuracy", "validation_split"]),
    ("--grid l2=0 --seeds 0", ["--seeds 0", "from 1 to 65535"]),
    ("--grid l2=0 --halving 1", ["--halving 1", "from 2"]),
    ("--grid epochs=1,2 --halving 2", ["--halving", "epochs"]),
    ("--grid l2=0 --halving 2 --swa 1", ["--halving", "--swa"]),
    ("--grid l2=0 --score speed", ["--score speed", "val_"]),
    ("--grid l2=0 --plot heat.svg", ["--plot", "two axes"]),
    ("--grid l2=0 --grid l1=0 --plot heat.pdf", ["--plot heat.pdf", ".svg or .png"]),
    ("--grid l2=0 --resume /nonexistent/j", ["--resume /nonexistent/j", "No such file"]),
]


class Search(Tools):
    def search(self, *args, **more):
        return self.train("search", *SMALL, *args, **more)

    def rows(self, name="s.csv"):
        with open(self.folder / name, newline="") as file:
            return list(csv.DictReader(file))

    def test_wrong(self):
        for line, words in WRONG:
            with self.subTest(line):
                done = self.search(*line.split(), status=2)
                for word in words:
                    self.assertIn(word, done.stderr)

    def test_grid(self):
        done = self.search(*GRID, "--seeds", 2, "--csv", "s.csv", "--json", "s.json")
        trials = re.findall(r"^trial (\d+): l2=(\S+) dropout=(\S+) ", done.stdout, re.M)
        grid = [(l2, dropout) for l2 in ("0", "0.0001", "0.001") for dropout in ("0", "0.5")]
        self.assertEqual(trials, [(str(i + 1), *point) for i, point in enumerate(grid)])
        rows = self.rows()
        self.assertEqual({(row["l2"], row["dropout"]) for row in rows}, set(grid))
        means = [float(row["mean"]) for row in rows]
        self.assertEqual(means, sorted(means, reverse=True))
        for row in rows:
            a, b = float(row["score_1"]), float(row["score_2"])
            self.assertAlmostEqual(float(row["mean"]), (a + b) / 2)
            self.assertAlmostEqual(float(row["deviation"]), abs(a - b) / 2 ** .5)
            self.assertEqual((row["trained"], row["status"]), ("4", "ok"))
        found = json.loads((self.folder / "s.json").read_text())
        self.assertEqual(found["score"], "val_accuracy")
        self.assertEqual([trial["mean"] for trial in found["trials"]], means)
        self.assertIn("rank", done.stdout)

    def test_a_trial_is_what_fit_trains(self):
        self.search("--grid", "width=16,8", "--grid", "l2=1e-2", "--csv", "s.csv", "--score", "val_loss")
        for row in self.rows():
            self.train("fit", *SMALL, "--hidden", row["width"], "--l2", "1e-2", "--json", "f.json")
            fit = json.loads((self.folder / "f.json").read_text())["rows"][0]
            self.assertEqual(float(row["mean"]), fit["val_loss"])

    def test_random(self):
        random = ["--log-uniform", "l2=1e-6:1e-2", "--uniform", "dropout=.1:.5", "--choice", "batch=16,32"]
        self.search("--random", 3, *random, "--csv", "s.csv")
        self.search("--random", 6, *random, "--csv", "more.csv", "--folds", 2)
        first = {row["point"]: row for row in self.rows()}
        more = {row["point"]: row for row in self.rows("more.csv")}
        self.assertEqual((len(first), len(more)), (3, 6))
        for point, row in first.items():
            for axis in ("l2", "dropout", "batch"):
                self.assertEqual(row[axis], more[point][axis])
        for row in more.values():
            self.assertTrue(1e-6 <= float(row["l2"]) <= 1e-2 and .1 <= float(row["dropout"]) < .5)
            self.assertIn(row["batch"], ("16", "32"))
        self.assertEqual(len({row["l2"] for row in more.values()}), 6)

    def test_halving(self):
        self.search("--epochs", 4, "--grid", "lr=1e-4,1e-3,1e-2,1e-1", "--halving", 2, "--csv", "s.csv")
        rungs = [row["rung"] for row in self.rows()]
        self.assertEqual(rungs, ["2", "1", "1", "0", "0", "0", "0"])
        self.assertEqual(self.rows()[0]["trained"], "2", "of four, after two rungs of one")

    def test_divergence_is_a_result(self):
        done = self.search("--grid", "lr=1e-3,1e30", "--grid", "l2=0,1e-4", "--csv", "s.csv")
        self.assertEqual([row["status"] for row in self.rows()], ["ok", "ok", "diverged", "diverged"])
        self.assertEqual(self.rows()[3]["mean"], "")
        self.assertIn("diverged", done.stdout)

    # ---- Resuming ----

    def kill(self, number, *args):
        """Ends the search by a signal once two trials are done; returns its exit status."""
        process = subprocess.Popen([TRAIN, "search", *SMALL, *args], cwd=self.folder,
                                   stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.addCleanup(process.kill)
        for line in process.stdout:
            if line.startswith("trial 2"):
                break
        process.send_signal(number)
        rest, _ = process.communicate(timeout=TIMEOUT_S)
        return process.returncode, rest

    def without_seconds(self, name):
        return [{key: value for key, value in row.items() if key != "seconds"} for row in self.rows(name)]

    def test_resume(self):
        journal = self.folder / "journal"
        slow = ["--epochs", "150", *GRID, "--halving", "2"]
        self.search(*slow, "--csv", "whole.csv")
        status, _ = self.kill(signal.SIGKILL, *slow, "--resume", "journal")
        self.assertEqual(status, -signal.SIGKILL)
        lines = journal.read_text().splitlines(True)
        self.assertGreaterEqual(len(lines), 1 + 2)
        # A busy machine may let more trials end first; as if the kill had come within the fourth line.
        done = 2
        journal.write_text("".join(lines[:1 + done]) + '{"point":5,"rung":0,"sta')
        resumed = self.search(*slow, "--resume", "journal", "--csv", "resumed.csv")
        self.assertIn(f"resumed: {done} trials", resumed.stdout)
        self.assertEqual(len(re.findall("^trial ", resumed.stdout, re.M)), 6 + 3 + 1 - done)
        self.assertEqual(self.without_seconds("whole.csv"), self.without_seconds("resumed.csv"))
        again = self.search(*slow, "--resume", "journal", "--csv", "again.csv")
        self.assertNotIn("trial 1", again.stdout)
        self.assertEqual(self.rows("again.csv"), self.rows("resumed.csv"))

    def test_resume_of_something_else(self):
        self.search("--grid", "l2=0", "--resume", "journal")
        before = (self.folder / "journal").read_bytes()
        done = self.search("--grid", "l2=0,1", "--resume", "journal", status=2)
        self.assertIn("belongs to another search", done.stderr)
        self.assertIn("--grid l2=0\n", done.stderr)
        for text in ("hello", "hello\n", '{"a":1}\n', "\0", "\0\n"):
            (self.folder / "other").write_text(text)
            done = self.search("--grid", "l2=0", "--resume", "other", status=2)
            self.assertIn("no journal", done.stderr)
            self.assertEqual((self.folder / "other").read_text(), text)
        self.assertEqual((self.folder / "journal").read_bytes(), before)

    def test_damaged_journal(self):
        self.search("--grid", "l2=0,1e-4", "--resume", "journal")
        lines = (self.folder / "journal").read_text().splitlines(True)
        for damage in ("{}\n", "nonsense\n", lines[1].replace('"point":0', '"point":-1'),
                       lines[1].replace('"point":0', '"point":2'),
                       lines[1].replace('"rung":0', '"rung":1'),
                       lines[1].replace('"values":[0]', '"values":[0,1]'),
                       lines[1].replace('"values":[0]', '"values":[]'),
                       lines[1].replace('"scores":[', '"scores":[1,'),
                       lines[1].replace('"scores":[', '"scores":{'),
                       lines[1].replace("}\n", "}{}\n"), lines[1].replace("}\n", "}\0\n")):
            with self.subTest(damage):
                (self.folder / "journal").write_text(lines[0] + damage + lines[2])
                done = self.search("--grid", "l2=0,1e-4", "--resume", "journal", status=2)
                self.assertIn("line 2 is damaged", done.stderr)
        (self.folder / "journal").write_text(lines[0] + lines[1].replace('"values":[0]', '"values":[7]'))
        done = self.search("--grid", "l2=0,1e-4", "--resume", "journal", status=1)
        self.assertIn("none of this search", done.stderr)

    def test_interrupt(self):
        status, rest = self.kill(signal.SIGINT, "--grid", "epochs=1,2,1000000", "--csv", "s.csv")
        self.assertEqual(status, 130)
        self.assertIn("rank", rest)
        self.assertEqual([(row["epochs"], row["trained"]) for row in self.rows()], [("2", "2"), ("1", "1")])

    def test_ctrl_c_keeps_the_trials_and_says_how_to_go_on(self):
        slow = ["--epochs", "150", *GRID, "--csv"]
        self.search(*slow, "whole.csv")
        for asked in ([], ["--resume", "journal"]):
            status, rest, command = self.stop(signal.SIGTERM, "search", *SMALL, *slow, "s.csv", *asked,
                                              after="trial 2")
            self.assertEqual(status, 143)
            self.assertEqual("journal" in command, bool(asked))
            done = self.go_on(command)
            self.assertRegex(done.stdout, r"resumed: [2-5] trials are done")
            self.assertEqual(self.without_seconds("whole.csv"), self.without_seconds("s.csv"))

    def test_full_disk(self):
        done = self.search(*GRID, "--resume", "journal", status=1, file_limit=600)
        self.assertIn("--resume journal: File too large", done.stderr)
        self.assertIn("rank", done.stdout)

    # ---- For people ----

    def test_terminal(self):
        """The table is drawn anew in its place, the best first."""
        reader, writer = pty.openpty()
        process = subprocess.Popen([TRAIN, "search", *SMALL, *GRID], stdout=writer,
                                   env={**os.environ, "TERM": "xterm"})
        os.close(writer)
        shown = b""
        try:
            while block := os.read(reader, 65536):
                shown += block
        except OSError:  # how a closed terminal ends on Linux
            pass
        os.close(reader)
        self.assertEqual(process.wait(TIMEOUT_S), 0)
        for lines in range(2, 7):
            self.assertIn(b"\x1b[%dA\x1b[J" % lines, shown)
        last = shown.split(b"\x1b[J")[-1].decode()
        scores = [float(line.split()[3]) for line in last.splitlines()[1:]]
        self.assertEqual(len(scores), 6)
        self.assertEqual(scores, sorted(scores, reverse=True))

    def test_no_gnuplot(self):
        done = self.search(*GRID, "--plot", "heat.svg", status=2, PATH="/nonexistent")
        self.assertIn("gnuplot is not installed", done.stderr)


if __name__ == "__main__":
    unittest.main()
