"""Results: as tables in Markdown, and as JSON."""

import json
import math
import os
import platform

from contest import ratio

# What only a peer has is compared with what Ockham calls otherwise.
SAME_AS = {"l2-decay": "l2", "dropout-drawn": "dropout"}


def counterpart(entry):
    return SAME_AS.get(entry.technique, entry.technique)


def print_table(head, rows):
    widths = [max(len(row[i]) for row in [head, *rows]) for i in range(len(head))]
    for row in [head, ["-" * width for width in widths], *rows]:
        print("| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths)) + " |")
    print()


def fastest(entries):
    """The form with the least median of each worker's techniques."""
    best = {}
    for entry in entries:
        key = entry.worker.name, entry.technique
        if key not in best or entry.median < best[key].median:
            best[key] = entry
    return list(best.values())


def spread(entry):
    return f"{min(entry.times):.2f} .. {max(entry.times):.2f}"


def loss_text(entry):
    """Of the last round; bare steps have none."""
    loss = entry.losses[-1]
    return f"{loss:.3f}" if math.isfinite(loss) else "-"


class Report:
    """own is how many of the workers, which come first, are Ockham's; others is the share of the
    processors' time that went to other programs, or None."""

    def __init__(self, workers, own, entries, skipped, settings, others):
        self.workers, self.entries, self.skipped = workers, entries, skipped
        self.settings, self.others = settings, others
        self.ours = [entry for entry in entries if entry.worker in workers[:own]]
        self.peers = [entry for entry in entries if entry.worker not in workers[:own]]

    def references(self, entry):
        """Ockham's entries of the same technique, one a device."""
        return [own for own in self.ours if own.technique == counterpart(entry)]

    def print_forms(self):
        rows = [[entry.technique, entry.worker.name, entry.form, f"{entry.median:.2f}",
                 spread(entry), loss_text(entry)] for entry in self.entries]
        print_table(["technique", "who", "form", "ms a step", "least .. most", "loss"], rows)

    def print_ratios(self):
        devices = list(dict.fromkeys(entry.worker.name for entry in self.ours))
        head = ["technique", "peer", "fastest form", "ms"]
        for device in devices:
            head += [f"{device} ms", "ratio"]
        rows = []
        for entry in fastest(self.peers):
            row = [entry.technique, entry.worker.name, entry.form, f"{entry.median:.2f}"]
            for own in self.references(entry):
                row += [f"{own.median:.2f}", f"{ratio(entry, own)[0]:.2f}"]
            rows.append(row + [""] * (len(head) - len(row)))
        if rows:
            print_table(head, rows)

    def added(self):
        """What each technique adds to the same worker's plain step, as a share of it."""
        best = fastest(self.entries)
        plain = {entry.worker.name: entry for entry in best if entry.technique == "plain"}
        return [(entry.worker.name, entry.technique, ratio(entry, plain[entry.worker.name])[0] - 1)
                for entry in best if entry.technique != "plain" and entry.worker.name in plain]

    def print_added(self):
        rows = [[who, technique, f"{100 * share:+.1f} %"] for who, technique, share in self.added()]
        if rows:
            print_table(["who", "technique", "added to plain"], rows)

    def print(self):
        for worker in self.workers:
            print(f"{worker.name}: {worker.about}")
        for name, reason in self.skipped:
            print(f"skipped {name}: {reason}")
        if self.others is not None:
            print(f"other programs took {100 * self.others:.0f} % of the processors' time")
        print()
        self.print_forms()
        self.print_ratios()
        self.print_added()

    def row(self, entry, best):
        ratios = {own.worker.name: dict(zip(("median", "min", "max"), ratio(entry, own)))
                  for own in self.references(entry)} if entry in self.peers else {}
        loss = entry.losses[-1]
        return {"who": entry.worker.name, "technique": entry.technique, "form": entry.form,
                "fastest": entry in best, "median": entry.median, "min": min(entry.times),
                "max": max(entry.times), "unit": "ms", "loss": loss if math.isfinite(loss) else None,
                "ratios": ratios}

    def document(self):
        best = fastest(self.entries)
        return {
            "benchmark": "peers",
            "machine": {"processor": processor(), "processors": len(os.sched_getaffinity(0)),
                        "system": platform.platform()},
            "settings": self.settings,
            "others": self.others,
            "workers": {worker.name: worker.about for worker in self.workers},
            "skipped": dict(self.skipped),
            "rows": [self.row(entry, best) for entry in self.entries],
            "added": [{"who": who, "technique": technique, "share": share}
                      for who, technique, share in self.added()],
        }

    def write(self, path):
        text = json.dumps(self.document(), indent=2) + "\n"
        if path == "-":
            print(text, end="")
            return
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)


def processor():
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            return next(line.split(":", 1)[1].strip() for line in file if "model name" in line)
    except (OSError, StopIteration):
        return platform.machine()
