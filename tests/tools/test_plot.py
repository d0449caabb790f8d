"""Pictures by gnuplot: what can go wrong is told before the work, and no half of one is left."""

import re
import shutil
import unittest
import xml.dom.minidom

from absent import absent
from harness import BENCH, HAS_LAPACK, SMALL, Tools

ROWS = "plain,l2,dropout" + (",zca" if HAS_LAPACK else "")
FIT = ["fit", *SMALL, "--epochs", "1"]


class Plot(Tools):
    def put_gnuplot(self, script):
        """Another gnuplot, the only one to be found."""
        folder = self.folder / "bin"
        folder.mkdir()
        (folder / "gnuplot").write_text(f"#!/bin/sh\n{script}\n")
        (folder / "gnuplot").chmod(0o755)
        return str(folder)

    def assert_refused(self, done, *words):
        self.assertEqual(done.stdout, "", "nothing was begun")
        for word in words:
            self.assertIn(word, done.stderr)

    def test_refused_before_the_work(self):
        for path, word in (("p.pdf", ".svg or .png"), ("p", ".svg or .png"),
                           ("/nonexistent/p.svg", "No such file"), ("", ".svg or .png")):
            with self.subTest(path):
                self.assert_refused(self.train(*FIT, "--plot", path, status=2), "--plot", word)
        done = self.train(*FIT, "--plot", "p.svg", status=2, PATH="/nonexistent")
        self.assert_refused(done, "--plot p.svg: gnuplot is not installed", "gnuplot-nox")

    def test_gnuplot_without_png(self):
        path = self.put_gnuplot('case "$*" in *png*) exit 1;; esac')
        done = self.train(*FIT, "--plot", "p.png", status=2, PATH=path)
        self.assert_refused(done, "--plot p.png: this gnuplot cannot draw PNG", ".svg")

    def test_a_gnuplot_that_fails_later(self):
        (self.folder / "p.svg").write_text("older")
        path = self.put_gnuplot('case "$*" in *-e*) exit 0;; esac; echo "<svg>"; exit 0')
        done = self.train(*FIT, "--plot", "p.svg", status=1, PATH=path)
        self.assertIn("p.svg", done.stderr)
        self.assertIn("as it was", done.stderr)
        self.assertEqual((self.folder / "p.svg").read_text(), "older")
        self.assertEqual(sorted(path.name for path in self.folder.iterdir()), ["bin", "p.svg"])

    def test_what_the_user_has_set(self):
        (self.folder / ".gnuplot").write_text("set output 'stolen'\n")
        self.train(*FIT, "--plot", "p.svg", HOME=str(self.folder))
        self.assertEqual({path.name for path in self.folder.iterdir()}, {".gnuplot", "p.svg"})

    def test_full_disk(self):
        """gnuplot itself does not notice one."""
        for name in ("p.svg", "p.png"):
            (self.folder / name).write_text("older")
            done = self.train(*FIT, "--plot", name, status=1, file_limit=6000)
            self.assertIn(f"{name}: No space left on device; an older file is as it was", done.stderr)
            self.assertEqual((self.folder / name).read_text(), "older")
        self.assertEqual({path.name for path in self.folder.iterdir()}, {"p.svg", "p.png"})

    def texts(self, name):
        document = xml.dom.minidom.parse(str(self.folder / name))
        return ["".join(node.data for node in text.childNodes if node.nodeType == node.TEXT_NODE)
                for text in document.getElementsByTagName("text")]

    def assert_drawn(self, *names):
        self.assertEqual({path.name for path in self.folder.iterdir()}, set(names))
        for name in names:
            start = b"\x89PNG" if name.endswith(".png") else b"<?xml"
            self.assertTrue((self.folder / name).read_bytes().startswith(start))

    def test_what_is_replaced_stays_a_link_and_private(self):
        self.assert_replaced("p.svg", *FIT, "--plot")

    def test_fit(self):
        self.train(*FIT, "--plot", "p.svg")
        texts = self.texts("p.svg")
        for text in ("data loss, nats", "accuracy, %", "epoch", "training"):
            self.assertIn(text, texts)
        self.assertTrue(any(text.startswith("fit: validation ") for text in texts), texts)

    def test_search(self):
        for name in ("p.svg", "p.png"):
            done = self.train("search", *FIT[1:], "--grid", "lr=1e-3,1e30", "--grid", "l2=0,1e-4",
                              "--plot", name)
            self.assertEqual(done.stderr, "")
        texts = " ".join(self.texts("p.svg"))
        for text in ("val_accuracy", "0.001", "1e+30", "diverged"):
            self.assertIn(text, texts)
        self.assert_drawn("p.svg", "p.png")

    def test_products(self):
        for name in ("p.svg", "p.png"):
            self.run_tool(BENCH, "matmul", "--device", "scalar", "--shape", "8x5x7", "--runs", 1,
                          "--plot", name)
        texts = " ".join(self.texts("p.svg"))
        for text in ("8x5x7 nt", "GFLOP/s", "Ockham"):
            self.assertIn(text, texts)
        self.assert_drawn("p.svg", "p.png")

    def test_best(self):
        self.train("best", "--seeds", 2, "--count", 60, "--epochs", 1, "--plot", "p.svg",
                   "--device", "scalar")
        texts = self.texts("p.svg")
        for seed in ("128", "129"):
            self.assertTrue(any(text.startswith(f"{seed}: validation ") for text in texts), texts)
        self.assertIn("validation of 128", texts)

    def test_study(self):
        """A row far worse than the others is off the scale that suits these, and told to be."""
        self.train("study", "--count", 600, "--epochs", 6, "--rows", ROWS, "--plot", "p.svg")
        texts = self.texts("p.svg")
        for text in ("ockham-train study", "data loss, nats", "accuracy, %", "epoch"):
            self.assertIn(text, texts)
        titles = [text for text in texts if re.fullmatch(r"[a-z0-9]+: validation [0-9.]+ %", text)]
        self.assertEqual([title.split(":")[0] for title in titles], ROWS.split(","))
        if "zca" in ROWS:  # which 420 pictures are too few for
            self.assertIn("validation: below the scale", texts)

    def test_benchmark(self):
        self.run_tool(BENCH, "startup", "--device", "scalar", "--runs", 1, "--width", 8,
                      "--plot", "p.svg")
        texts = self.texts("p.svg")
        for text in ("ockham-bench startup on plain C", "ms; more is slower", "cold step", "warm"):
            self.assertIn(text, texts)


if __name__ == "__main__":
    if not shutil.which("gnuplot"):
        absent("gnuplot")
    unittest.main()
