"""Workers that train blocks of steps in turns, each paused while another one is timed."""

import os
import select
import signal
import statistics
import subprocess
import tempfile

TIMEOUT_S = 900  # the first block of a form may compile it
WARM = 10  # steps before the timed ones of each block: caches and threads were another worker's


class Skipped(Exception):
    """A worker, or a form of its step, that cannot take part; says why."""


class Worker:
    """A process in a group of its own. Should the driver die while it is paused, the system hangs
    up on it, as on any stopped group that is left alone."""

    def __init__(self, name, command, environment):
        self.name, self.pending = name, b""
        self.errors = tempfile.TemporaryFile()
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.errors, bufsize=0,
            env={**os.environ, **environment}, process_group=0)

    def start(self):
        """Fills about and forms, a list of (technique, form)."""
        self.about, self.forms = "", []
        while (words := self.read_line().split())[:1] != ["ready"]:
            if words[:1] == ["about"]:
                self.about = " ".join(words[1:])
            elif words[:1] == ["form"] and len(words) == 3:
                self.forms.append((words[1], words[2]))
            else:
                raise Skipped("it said: " + " ".join(words))
        self.signal(signal.SIGSTOP)

    def block(self, technique, form, steps):
        """Returns the milliseconds a step and the mean loss."""
        self.signal(signal.SIGCONT)
        try:
            self.process.stdin.write(f"block {technique} {form} {WARM} {steps}\n".encode())
        except BrokenPipeError:
            pass  # reading tells why
        words = self.read_line().split()
        self.signal(signal.SIGSTOP)
        if words[:1] != ["took"]:
            raise Skipped(" ".join(words[1:]))
        return float(words[1]) * 1e3 / steps, float(words[2])

    def read_line(self):
        while b"\n" not in self.pending:
            if not select.select([self.process.stdout], [], [], TIMEOUT_S)[0]:
                raise Skipped(f"no answer in {TIMEOUT_S} s")
            read = os.read(self.process.stdout.fileno(), 65536)
            if not read:
                raise Skipped(self.last_words())
            self.pending += read
        line, _, self.pending = self.pending.partition(b"\n")
        return line.decode(errors="replace")

    def last_words(self):
        status = self.process.wait()
        self.errors.seek(0)
        text = self.errors.read().decode(errors="replace").strip()
        return text or f"it ended with status {status}"

    def signal(self, number):
        if self.process.poll() is None:
            os.killpg(self.process.pid, number)

    def close(self):
        self.signal(signal.SIGKILL)
        self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()
        self.errors.close()


class Load:
    """What programs other than the workers take of the processors while this is open, as a share
    of all their time; None where the system does not tell."""

    def __init__(self, workers):
        self.pids = [worker.process.pid for worker in workers] + [os.getpid()]

    def __enter__(self):
        self.share, self.before = None, self.read()
        return self

    def __exit__(self, *_):
        after = self.read()
        if self.before and after:
            busy, own, all_time = (b - a for a, b in zip(self.before, after))
            if all_time:  # a run may be over within a tick
                self.share = max(0, busy - own) / all_time

    def read(self):
        """Clock ticks of processors that were busy, of those for the workers, and of all."""
        try:
            with open("/proc/stat", encoding="ascii") as file:
                ticks = [int(word) for word in file.readline().split()[1:9]]
            idle = ticks[3] + ticks[4]
            return sum(ticks) - idle, sum(map(ticks_of, self.pids)), sum(ticks)
        except (OSError, ValueError, IndexError):
            return None


def ticks_of(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as file:
        words = file.read().rpartition(")")[2].split()
    return int(words[11]) + int(words[12])  # in the program, and in the kernel for it


class Entry:
    """One form of one technique's step: a time of each round, and the losses."""

    def __init__(self, worker, technique, form):
        self.worker, self.technique, self.form = worker, technique, form
        self.times, self.losses = [], []

    @property
    def name(self):
        return f"{self.worker.name} {self.technique} {self.form}"

    @property
    def median(self):
        return statistics.median(self.times)

    def run(self, steps):
        return self.worker.block(self.technique, self.form, steps)


def warm_up(entries, steps, tell):
    """Trains a block of each, which builds and compiles it. Returns those that could, and those
    that could not as (name, reason)."""
    able, skipped = [], []
    for entry in entries:
        tell(f"warming up: {entry.name}")
        try:
            entry.run(steps)
            able.append(entry)
        except Skipped as reason:
            skipped.append((entry.name, str(reason)))
    return able, skipped


def run_rounds(entries, rounds, steps, tell):
    """Every second round goes backwards, so that nobody always follows the same worker."""
    for number in range(rounds):
        tell(f"round {number + 1} of {rounds}")
        for entry in entries if number % 2 == 0 else reversed(entries):
            time, loss = entry.run(steps)
            entry.times.append(time)
            entry.losses.append(loss)


def ratio(above, below):
    """Of the rounds' pairs: median, least, greatest."""
    ratios = [a / b for a, b in zip(above.times, below.times)]
    return statistics.median(ratios), min(ratios), max(ratios)
