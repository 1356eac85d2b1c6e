#!/usr/bin/python3
"""Kills the daemon, and what it stands on, while more than ten thousand debtors are under way, and asks the oracle.

    ./dev kill [--runs N] [--seed S] [--faults kill,pause,…] [--acts N] [--jobs N]

Each run is a process of its own with its own topics, Redis and inbox; the runs share one Kafka, but for those that kill brokers.
Crash points are given to the runs that come next, those first that were hit least. Exit status 1: somebody found something, or a
fault that was asked for never struck.
"""
import argparse
import collections
import json
import pathlib
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "e2e"))
import servers  # noqa: E402 (the path is known only now)

import faults  # noqa: E402

RUN_S = 900
HITS = 3  # of each crash point, over a set of runs that has room for it


def failed(report):
    return bool(report["found"] or report["unstruck"])


class Set:
    """A set of runs, and what came of it."""

    def __init__(self, options):
        self.options = options
        self.kept = servers.ROOT / "build" / "kill"
        self.queue = list(range(options.seed, options.seed + options.runs))
        self.given = collections.Counter({point: 0 for point in faults.POINTS})
        self.hit = collections.Counter()
        self.reports = []
        self.began = time.monotonic()

    def points(self):
        """For the next run."""
        chosen = sorted(self.given, key=lambda point: (self.given[point], point))[: self.points_a_run()]
        self.given.update(chosen)
        return sorted(chosen, key=lambda point: point == "before-restore")  # there is none before somebody was cut

    def points_a_run(self):
        """The first kill of a run comes at a random instant, and those that come before their point."""
        kinds = self.options.faults.split(",")
        return max(0, sum(kinds[number % len(kinds)] == "kill" for number in range(self.options.acts)) - 1)

    def start(self, seed):
        points = self.points()
        command = [sys.executable, str(HERE / "run.py"), "--seed", str(seed), "--faults", self.options.faults]
        command += ["--acts", str(self.options.acts)]
        command += ["--keep", str(self.kept / f"seed-{seed}")]
        for point in points:
            command += ["--point", point]
        self.kept.mkdir(parents=True, exist_ok=True)
        log = (self.kept / f"seed-{seed}.out").open("wb")
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, preexec_fn=servers.die_with_parent
        )
        return process, seed, points, time.monotonic(), log

    def end(self, running):
        process, seed, points, began, log = running
        log.close()
        path = pathlib.Path(log.name)
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
        try:
            report = json.loads(lines[-1])
        except (IndexError, ValueError):
            report = {"seed": seed, "kills": [], "findings": [f"run.py ended with {process.returncode}, see {path}"], "found": 1, "unstruck": []}
        report["points"] = points
        for kill in report["kills"]:
            if kill.get("point"):
                self.hit[kill["point"]] += 1
        for point in points:
            if not any(kill.get("point") == point for kill in report["kills"]):
                self.given[point] -= 1  # its turn comes again
        self.reports.append(report)
        self.tell(report, time.monotonic() - began)
        if not failed(report):
            path.unlink()

    # ---- words ----

    def tell(self, report, seconds):
        if sys.stdout.isatty():
            print("\r\033[K", end="")
        kills = ", ".join(
            f'{kill["point"] or "random"} {kill.get("uncertain", "?")}/{kill.get("open", "?")}/{kill.get("waiting", "?")}'
            for kill in report["kills"]
        )
        notes = "; ".join(report.get("notes", ()))
        print(
            f'seed {report["seed"]}: {report.get("decided", 0)} decided, {report.get("arrived", 0)} arrived, '
            f'{report.get("uncertain", 0)} in doubt, {seconds:.0f} s'
            + (f"; kills (in doubt/in hand/waiting): {kills}" if kills else "")
            + (f"; {notes}" if notes else ""),
            flush=True,
        )
        for finding in report["findings"]:
            print(f"  {finding}", flush=True)
        if report["unstruck"]:
            print(f'  NEVER STRUCK: {", ".join(report["unstruck"])}; of that this run proves nothing', flush=True)
        if failed(report):
            print(f'  {report["found"]} findings, kept in {report.get("kept", self.kept)}', flush=True)

    def progress(self, running):
        if not sys.stdout.isatty():
            return
        done, all_ = len(self.reports), self.options.runs
        width = 30
        bar = "#" * (width * done // all_)
        kills = sum(len(report["kills"]) for report in self.reports)
        print(f"\r\033[K[{bar:.<{width}}] {done} of {all_} runs, {len(running)} running, {kills} kills, {self.found()} findings", end="", flush=True)

    def found(self):
        return sum(report["found"] for report in self.reports)

    def short_of(self):
        """Crash points that were not hit as often as this set of runs has room for."""
        room = self.points_a_run() * self.options.runs * 2 // (3 * len(faults.POINTS))
        return [point for point in faults.POINTS if self.hit[point] < min(HITS, room)]

    def sum_up(self):
        kills = [kill for report in self.reports for kill in report["kills"]]
        idle = sum(1 for kill in kills if not kill.get("waiting") and not kill.get("open"))
        total = collections.Counter()
        for report in self.reports:
            for name in ("decided", "arrived", "uncertain", "judged"):
                total[name] += report.get(name, 0)
        if self.points_a_run() > 0:
            print("crash points: " + ", ".join(f"{point} {self.hit[point]}" for point in faults.POINTS))
        clean = sum(not failed(report) for report in self.reports)
        print(f"{clean} passed, {len(self.reports) - clean} failed")
        minutes, seconds = divmod(int(time.monotonic() - self.began), 60)
        first, last = self.options.seed, self.options.seed + self.options.runs - 1
        print(
            f"{len(self.reports)} runs (seeds {first} to {last}, {self.options.faults}): {len(kills) - idle} kills at work, "
            f"{sum(self.hit.values())} of them at crash points, {idle} idle; {total['decided']} messages decided, {total['arrived']} arrived, "
            f"{total['uncertain']} in doubt, {total['judged']} judged; {self.found()} findings; {minutes} min {seconds} s",
            flush=True,
        )

    def run(self):
        running = []
        while self.queue or running:
            while self.queue and len(running) < self.options.jobs:
                running.append(self.start(self.queue.pop(0)))
            self.progress(running)
            time.sleep(0.2)
            for one in list(running):
                if one[0].poll() is None and time.monotonic() - one[3] > RUN_S:
                    one[0].kill()
                    one[0].wait()
                if one[0].poll() is not None:
                    running.remove(one)
                    self.end(one)
        if sys.stdout.isatty():
            print("\r\033[K", end="")
        short = self.short_of()
        if short:
            print(f"hit less than {HITS} times: {', '.join(short)}")
        self.sum_up()
        return 1 if short or any(map(failed, self.reports)) else 0


def main():
    parser = argparse.ArgumentParser(prog="./dev kill", description="kill the daemon while a crowd is under way")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--seed", type=int, default=1, help="of the first run; the next ones follow")
    parser.add_argument("--faults", default="kill", help=f"comma-separated: {', '.join(faults.KINDS)}")
    parser.add_argument("--acts", type=int, default=5, help="faults in each run, one after the other")
    parser.add_argument("--jobs", type=int, default=2, help="runs at a time")
    options = parser.parse_args()
    unknown = set(options.faults.split(",")) - set(faults.KINDS)
    if unknown or min(options.runs, options.acts, options.jobs) < 1:
        parser.error(f"no such fault: {', '.join(sorted(unknown))}" if unknown else "at least one run, one fault, one at a time")
    kafka = servers.SharedKafka()
    try:
        if kafka.own is not None:
            kafka.hand_down()
        return Set(options).run()
    finally:
        kafka.close()


if __name__ == "__main__":
    sys.exit(main())
