"""A saved network is made smaller, and the report is true."""

import re
import signal
import unittest

from harness import SMALL, Tools


class Compact(Tools):
    def compact(self, *args, **more):
        return self.train("compact", "--load", "net", "--save", "small", "--count", 100,
                          "--device", "scalar", *args, **more)

    def row(self, done, name):
        return [float(x) for x in re.search(rf"^{name} +(\S+) +(\S+)$", done.stdout, re.M).groups()]

    def accuracy(self, file):
        done = self.train("evaluate", "--load", file, "--count", 100, "--device", "scalar")
        return float(re.search(r"^accuracy (\S+)", done.stdout, re.M)[1])

    def test_report(self):
        self.train("fit", *SMALL, "--save", "net")
        done = self.compact("--threshold", "0.3")
        before, after = self.row(done, "hidden units")
        self.assertEqual(before, 32)
        self.assertTrue(1 <= after < 32, "a kernel of 784 is drawn within 0.086")
        parameters = self.row(done, "parameters")
        self.assertEqual(parameters, [784 * n + n + n * 10 + 10 for n in (before, after)])
        sizes = [(self.folder / name).stat().st_size for name in ("net", "small")]
        self.assertEqual(self.row(done, "file, bytes"), sizes)
        self.assertEqual(self.row(done, "accuracy"), [self.accuracy("net"), self.accuracy("small")])
        self.assertRegex(done.stdout, r"largest weight taken for 0 was 0\.\d+")
        self.assertTrue(all(ms > 0 for ms in self.row(done, "training step, ms")))

    def test_nothing_dead(self):
        self.train("fit", *SMALL, "--save", "net")
        done = self.compact()
        self.assertEqual(self.row(done, "hidden units"), [32, 32])
        self.assertIn("rounding alone", done.stdout)
        self.assertEqual((self.folder / "net").read_bytes(), (self.folder / "small").read_bytes())

    def test_wrong_usage(self):
        self.train("fit", *SMALL, "--save", "net")
        done = self.compact("--threshold", "-1", status=2)
        self.assertIn("--threshold", done.stderr)
        self.assertIn("a number from 0", done.stderr)
        done = self.train("compact", "--load", "net", status=2)
        self.assertIn("--save is missing", done.stderr)
        (self.folder / "net").write_bytes(b"rubbish")
        done = self.compact(status=1)
        self.assertIn("net", done.stderr)
        self.assertFalse((self.folder / "small").exists())


class Shrink(Tools):
    def shrink(self, *args, **more):
        return self.train("shrink", "--hidden", "24x2", "--count", 400, "--epochs", 4,
                          "--device", "scalar", *args, **more)

    def test_smallest_is_found_and_saved(self):
        done = self.shrink("--strengths", "80,90", "--within", 1, "--save", "small")
        rows = [line.split() for line in done.stdout.split("parameters")[1].splitlines()[1:4]]
        self.assertEqual([row[0] for row in rows], ["0", "80", "90"])
        widths = [[int(n) for n in row[1].split("-")] for row in rows]
        self.assertEqual(widths[0], [24, 24])
        self.assertTrue(24 > widths[1][1] > widths[2][1], "a stronger penalty leaves fewer units")
        for (first, second), row in zip(widths, rows):
            self.assertEqual(int(row[2]), 785 * first + (first + 1) * second + (second + 1) * 10)
        self.assertEqual([row[-1] for row in rows].index("<-"), 2, "any accuracy will do")
        self.train("evaluate", "--load", "small", "--count", 50, "--device", "scalar")

    def test_none_is_near_enough(self):
        done = self.shrink("--strengths", "1e9", "--within", 0)
        self.assertRegex(done.stdout, r"\n +0  24-24 .* <-\n")
        self.assertRegex(done.stdout, r"\n +1e\+09  1-1 ")

    def test_ctrl_c_keeps_the_smallest_so_far(self):
        status, table, said = self.stop(
            signal.SIGINT, "shrink", "--hidden", "24x2", "--count", 400, "--epochs", 40, "--device",
            "scalar", "--strengths", "80,90,95", "--within", 1, "--save", "small", after="90 ")
        self.assertEqual(status, 130)
        self.assertEqual([line.split()[0] for line in table.splitlines()[-4:-2]], ["0", "80"])
        self.assertIn("small is the smallest of it", said)
        self.assertTrue(said.endswith("--strengths 90,95\n"), said)
        units = int(table.splitlines()[-3].split()[1].split("-")[0])
        self.assertLess(units, 24)
        self.assertIn(b"[784,%d]" % units, (self.folder / "small").read_bytes())
        status, table, said = self.stop(
            signal.SIGINT, "shrink", "--hidden", "24x2", "--count", 400, "--epochs", 100000,
            "--device", "scalar", "--strengths", "80", "--save", "none", after="0 ")
        self.assertEqual(status, 130)
        self.assertIn("nothing is kept", said)
        self.assertFalse((self.folder / "none").exists())

    def test_tensorboard(self):
        self.shrink("--strengths", "80", "--tensorboard", "logs")
        self.assertEqual({path.name for path in (self.folder / "logs").iterdir()},
                         {"0", "0-smaller", "80", "80-smaller"})
        done = self.shrink("--strengths", "80", "--tensorboard", "logs", status=1, file_limit=400)
        self.assertIn("logs/80/events", done.stderr)

    def test_wrong_strengths(self):
        for text in "", "0", "-1", "1,", "1,x", ",".join(["1"] * 17):
            with self.subTest(text):
                done = self.shrink("--strengths", text, status=2)
                self.assertIn("1 to 16 numbers above 0", done.stderr)


if __name__ == "__main__":
    unittest.main()
