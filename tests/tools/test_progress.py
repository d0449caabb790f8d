"""Bars, on a terminal that is a pseudo one: after two seconds, in one line, and gone at the end."""

import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import time
import unittest

from harness import BENCH, HAS_DRIVERS, QUERY, SMALL, TIMEOUT_S, TRAIN, Tools

FIT = [TRAIN, "fit", *SMALL, "--epochs", "1000000"]
BAR = re.compile(rb"\r\x1b\[K([^\r\x1b]*\[[=.]{6,}\] +\d+%  [\d.]+ ([a-z]+)/(?:s|min)  [\d:]+\d\d left)")


class Watched:
    """A program with a terminal for its errors, and a pipe for its output."""

    def __init__(self, test, words, columns=100, **environment):
        self.reader, writer = pty.openpty()
        self.resize(columns)
        self.shown = b""
        self.start = time.monotonic()
        self.process = subprocess.Popen(
            words, cwd=test.folder, stdout=subprocess.PIPE, stderr=writer,
            env={**os.environ, "TERM": "xterm", **environment})
        os.close(writer)
        test.addCleanup(self.close)

    def close(self):
        self.process.kill()
        self.process.communicate()
        os.close(self.reader)

    def resize(self, columns):
        fcntl.ioctl(self.reader, termios.TIOCSWINSZ, struct.pack("4H", 24, columns, 0, 0))

    def read(self, seconds):
        """What is shown within that time; less where the program ends."""
        until, block = time.monotonic() + seconds, b""
        while (left := until - time.monotonic()) > 0:
            os.set_blocking(self.process.stdout.fileno(), False)
            self.process.stdout.read()  # so that it never has to wait
            if not select.select([self.reader], [], [], min(left, 0.05))[0]:
                continue
            try:
                block += os.read(self.reader, 65536)
            except OSError:  # how a closed terminal ends on Linux
                break
        self.shown += block
        return block

    def wait_for_bar(self):
        while not (found := BAR.search(self.shown)):
            if time.monotonic() > self.start + TIMEOUT_S or self.process.poll() is not None:
                raise AssertionError(self.shown)
            self.read(0.1)
        return found

    def stop(self):
        self.process.send_signal(signal.SIGINT)
        while self.process.poll() is None:
            self.read(0.1)
        self.read(0.2)
        return self.process.returncode


class Progress(Tools):
    def test_a_bar(self):
        fit = Watched(self, FIT)
        found = fit.wait_for_bar()
        self.assertGreaterEqual(time.monotonic() - fit.start, 2)
        self.assertRegex(found[1], rb"^fit, epoch \d+/1000000 \[")
        self.assertEqual(found[2], b"steps")
        fit.resize(40)
        fit.read(0.5)
        lines = re.findall(rb"\r\x1b\[K([^\r\x1b]+)", fit.read(0.5))
        self.assertTrue(lines)
        for line in lines:
            self.assertLess(len(line), 40, "a line that wraps cannot be redrawn")
        self.assertEqual(fit.stop(), 130)
        told = fit.shown.split(b"ockham-train: stopped")
        self.assertEqual(len(told), 2)
        self.assertTrue(told[0].endswith(b"\r\x1b[K"), told[0][-99:])
        self.assertNotRegex(fit.shown, rb"\x1b\[[\d;]*m", "no colours")

    def test_short_work_has_none(self):
        fit = Watched(self, [TRAIN, "fit", *SMALL])
        fit.process.wait(TIMEOUT_S)
        self.assertEqual(fit.read(0.2), b"")

    def test_where_it_could_not_be_redrawn(self):
        for environment in ({"TERM": "dumb"}, {"TERM": ""}):
            fit = Watched(self, FIT, **environment)
            self.assertEqual(fit.read(3), b"")
        process = subprocess.Popen(FIT, cwd=self.folder, stdout=subprocess.DEVNULL,
                                   stderr=subprocess.PIPE, text=True)
        self.addCleanup(process.kill)
        time.sleep(3)
        process.send_signal(signal.SIGINT)
        said = process.communicate(timeout=TIMEOUT_S)[1]
        self.assertNotIn("\x1b", said)
        self.assertTrue(said.startswith("ockham-train: stopped"), said)

    @unittest.skipUnless(HAS_DRIVERS, "drivers are not tried in a process of their own")
    def test_what_cannot_tell_how_far_it_is(self):
        helper = self.folder / "helper"
        helper.write_text("#!/bin/sh\nexec sleep 4")
        helper.chmod(0o700)
        for words, shown in (([QUERY], b"trying the drivers"),
                             ([TRAIN, "fit", *SMALL[:-2], "--device", "gpu"], b"opening a device")):
            with self.subTest(shown):
                program = Watched(self, words, OCKHAM_PROBE=str(helper), OCKHAM_CACHE="off")
                while shown + b"  0:02" not in program.shown:
                    self.assertIsNone(program.process.poll(), program.shown)
                    program.read(0.1)
                self.assertGreaterEqual(time.monotonic() - program.start, 2)
                program.process.kill()

    def test_all_that_takes_long(self):
        self.train("fit", *SMALL, "--hidden", "800x4", "--save", "net")
        blank = self.write_idx("blank", 30000, 28, 28)  # is read at once
        for words, name, unit in (
                ([TRAIN, "search", *SMALL, "--grid", "epochs=1000000", "--grid", "l2=0,1"],
                 b"trial 1/2", b"trials"),
                ([TRAIN, "evaluate", "--load", "net", "--data", blank, "--batch", "1",
                  "--device", "scalar"], b"evaluating", b"pictures"),
                ([TRAIN, "compact", "--load", "net", "--save", "small", "--data", blank, "--batch",
                  "1", "--device", "scalar"], b"evaluating", b"pictures"),
                ([TRAIN, "predict", "--load", "net", "--data", blank, "--batch", "1",
                  "--device", "scalar"], b"predicting", b"pictures"),
                ([TRAIN, "show", "--device", "scalar", "--count", "300000"], b"reading",
                 b"pictures"),
                ([BENCH, "optimizer", "--device", "scalar", "--size", "512", "--runs", "100"],
                 b"adam|sgd|momentum|nesterov|rmsprop|peak", b"runs")):
            with self.subTest(words[1]):
                program = Watched(self, words)
                found = program.wait_for_bar()
                self.assertRegex(found[1], name)
                self.assertEqual(found[2], unit)
                self.assertEqual(program.stop(), 130)
                self.assertRegex(program.shown, rb"\r\x1b\[K(ockham-train: [^\x1b]*)?\Z")


if __name__ == "__main__":
    unittest.main()
