"""What the benchmarks in Python share: options, progress, figures. They print what tests/bench/bench.h prints."""
import argparse
import json
import os
import pathlib
import platform
import statistics
import sys
import time

BAR_CELLS = 24


class Figure:
    """One quantity, measured several times."""

    def __init__(self, name, unit, at_least=None, at_most=None):
        self.name = name
        self.unit = unit
        self.at_least = at_least
        self.at_most = at_most
        self.samples = []

    def add(self, value):
        self.samples.append(value)

    @property
    def median(self):
        return statistics.median(self.samples)

    @property
    def met(self):
        if self.at_least is not None:
            return self.median >= self.at_least
        return self.at_most is None or self.median <= self.at_most


def memory_mib(pid):
    """Private and shared pages of the process, as the kernel accounts for them."""
    lines = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines()
    sizes = {line.split(":")[0]: int(line.split()[1]) for line in lines[1:]}
    return sizes["Rss"] / 1024, sizes["Pss"] / 1024


def number(value):
    """Three digits that mean something: 123,456 · 12.3 · 0.812"""
    if value == int(value):
        return f"{int(value):,}"
    size = abs(value)
    if size >= 1000:
        return f"{value:,.0f}"
    return f"{value:.{0 if size >= 100 else 1 if size >= 10 else 2 if size >= 1 else 3}f}"


def quantile(values, share):
    """The value below which `share` (0 … 1) of the values lie."""
    values = sorted(values)
    place = share * (len(values) - 1)
    below = int(place)
    above = min(below + 1, len(values) - 1)
    return values[below] + (values[above] - values[below]) * (place - below)


class Bench:
    """`options`: name → (default, what it is); their values become attributes of `options`."""

    def __init__(self, name, about, options):
        parser = argparse.ArgumentParser(prog=f"./dev bench {name}", description=about)
        for option, (default, what) in options.items():
            parser.add_argument("--" + option, type=int, default=default, metavar="N", help=f"{what} ({default})")
        parser.add_argument("--json", action="store_true", help="one JSON object instead of a table")
        self.options = parser.parse_args()
        self.name = name
        self.about = about
        self.figures = []
        self.notes = {}
        self.terminal = sys.stderr.isatty() and os.environ.get("TERM") != "dumb"
        self.began = time.monotonic()
        self.told = None
        load = os.getloadavg()
        self.note("machine", f"{os.cpu_count()} cores, Linux {platform.release()}, load {load[0]:.2f} {load[1]:.2f} before the run")
        for option in options:
            self.note(option, str(getattr(self.options, option)))

    def note(self, name, text):
        self.notes[name] = text

    def figure(self, name, unit, **aim):
        self.figures.append(Figure(name, unit, **aim))
        return self.figures[-1]

    def progress(self, what, done=0, whole=0):
        """On a terminal one line that moves, elsewhere one line whenever `what` changes."""
        passed = f"{time.monotonic() - self.began:6.1f} s "
        if self.terminal:
            full = done * BAR_CELLS // whole if whole else 0
            bar = "█" * full + "░" * (BAR_CELLS - full) if whole else ""
            print(f"\r{passed} {bar} {what}\033[K", end="", file=sys.stderr, flush=True)
        elif what != self.told:
            print(f"{passed} {what}", file=sys.stderr, flush=True)
        self.told = what

    def report(self):
        if self.terminal:
            print("\r\033[K", end="", file=sys.stderr, flush=True)
        print(self._json() if self.options.json else self._table(), flush=True)

    def _json(self):
        rows = []
        for figure in self.figures:
            row = {"name": figure.name, "unit": figure.unit, "median": figure.median, "low": min(figure.samples),
                   "high": max(figure.samples), "samples": len(figure.samples)}
            for aim in ("at_least", "at_most"):
                if getattr(figure, aim) is not None:
                    row.update({aim: getattr(figure, aim), "met": figure.met})
            rows.append(row)
        return json.dumps({"bench": self.name, "notes": self.notes, "figures": rows})

    def _table(self):
        notes = list(self.notes.items())
        lines = [f"{self.name}: {self.about}", " ".join(notes[0]), " · ".join(" ".join(note) for note in notes[1:]), ""]
        for figure in self.figures:
            spread = f"{number(min(figure.samples))} … {number(max(figure.samples))}" if len(figure.samples) > 1 else ""
            line = f"  {figure.name:<42} {number(figure.median):>9} {figure.unit:<10}"
            if figure.at_least is not None or figure.at_most is not None:
                sign, budget = ("≥", figure.at_least) if figure.at_least is not None else ("≤", figure.at_most)
                line += f" {spread:<20} {sign} {number(budget)}: {'met' if figure.met else 'MISSED'}"
            else:
                line += f" {spread}"
            lines.append(line.rstrip())
        return "\n".join(lines)
