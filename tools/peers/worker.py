"""What the workers in Python share: their arguments and the protocol of README.md."""

import sys
import time

INPUTS, OUTPUTS = 784, 10
L1 = L2 = 1e-4
DROPOUT = 0.25


class Network:
    """threads, rows of the data set, batch, width and depth of the network, and whether a step is
    bare: its batch stays in place and no sums are kept."""

    def __init__(self, words):
        numbers = map(int, words[:5])
        self.threads, self.rows, self.batch, self.width, self.depth = numbers
        self.bare = words[5] == "bare"


def serve(about, forms, build):
    """Obeys the driver until it hangs up.

    forms is a list of (technique, form); build(technique, form) returns a function that trains
    (warm, steps) and returns the seconds of the steps alone and their mean loss."""
    say = print
    say("about", about)
    for technique, form in forms:
        say("form", technique, form)
    say("ready", flush=True)
    blocks = {}
    for line in sys.stdin:
        _, technique, form, warm, steps = line.split()
        try:
            if (technique, form) not in blocks:
                blocks[technique, form] = build(technique, form)
            seconds, loss = blocks[technique, form](int(warm), int(steps))
            say(f"took {seconds:.9f} {loss:.6f}", flush=True)
        except Exception as problem:  # what a peer cannot do is no reason to end the others
            say("skip", " ".join(str(problem).split())[:200] or repr(problem), flush=True)


now = time.perf_counter
