#!/usr/bin/python3
"""Takes one guard at a time out of the product and looks whether the torture notices.

    ./dev mutants [NAME…] [--seeds N] [--seed S] [--jobs N]
    ./dev mutants --check          only whether each patch still applies; a test of the lane order asks that

Each file of mutants/ is a patch behind two lines: which guard it removes, and the runs that have to catch it. It is applied to a
copy of the tree, built, and has to be caught by at least nine of ten seeds. Only the oracle catches: that a process ended, or that
the run waited in vain for something, is told, and says nothing of a promise. A patch that does not apply any more is an error: change the copy in build/mutants/tree by hand and write its `git diff` behind the
two lines. What every run of a mutant said stands in build/mutants/NAME.jsonl.
"""
import argparse
import json
import os
import pathlib
import shlex
import shutil
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "e2e"))
import servers  # noqa: E402 (the path is known only now)

TREE = servers.ROOT / "build" / "mutants" / "tree"
RUN_S = 600
DEBTORS = 4000  # a mutant shows in a smaller crowd too


class MutantError(Exception):
    """A patch that does not apply or does not build."""


class Mutant:
    def __init__(self, path):
        self.path = path
        self.name = path.stem
        lines = path.read_text(encoding="utf-8").splitlines()
        self.guard = lines[0]
        if not lines[1].startswith("Runs: "):
            raise MutantError(f"{path}: the second line says no runs")
        self.runs = shlex.split(lines[1].removeprefix("Runs: "))

    def build(self):
        tree("git", "checkout", "--quiet", "--", ".", what=f"{self.name}: the copy")
        tree("git", "apply", str(self.path), what=f"{self.name}: does not apply any more")
        tree("cmake", "--build", "--preset", "torture", "--target", "reguad", "--", "--quiet", what=f"{self.name}: does not build")

    def start(self, seed):
        """One run of it."""
        command = [sys.executable, str(HERE / "run.py"), "--seed", str(seed), "--debtors", str(DEBTORS), "--haste", *self.runs]
        environment = {**os.environ, "RG_REGUAD": str(TREE / "build" / "torture" / "daemon" / "reguad")}
        return subprocess.Popen(
            command,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            preexec_fn=servers.die_with_parent,
        )


def tree(*command, what):
    done = subprocess.run(command, cwd=TREE, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise MutantError(f"{what}:\n{(done.stdout + done.stderr)[-2000:]}")


def copy_tree():
    """What git has of this tree, changed or not, as a repository of its own."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=servers.ROOT, capture_output=True, check=True).stdout.split(b"\0")
    TREE.mkdir(parents=True, exist_ok=True)
    for name in (entry.decode() for entry in listed if entry):
        source, target = servers.ROOT / name, TREE / name
        if not source.is_file():
            continue
        if target.exists() and target.read_bytes() == source.read_bytes():
            continue  # its object files are still good
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(source, target)  # and not its age: what was built of another text is built anew
    if not (TREE / ".git").exists():
        tree("git", "init", "--quiet", what="the copy")
    tree("git", "add", "--all", what="the copy")
    identity = ("-c", "user.name=mutants", "-c", "user.email=mutants@localhost")
    tree("git", *identity, "commit", "--quiet", "--allow-empty", "--message", "tree", what="the copy")
    tree("cmake", "--preset", "torture", "-DRG_WERROR=OFF", what="the copy")


def findings_of(process):
    try:
        output = process.communicate(timeout=RUN_S)[0]
        return json.loads(output.splitlines()[-1])
    except (subprocess.TimeoutExpired, IndexError, ValueError):
        process.kill()
        process.communicate()
        return {"broken": 0, "findings": ["the run did not come to an end"]}


def try_mutant(mutant, options):
    """Reports of its runs: of as many as it takes to know."""
    mutant.build()
    seeds, running, reports = list(range(options.seed, options.seed + options.seeds)), [], []
    said = TREE.with_name(mutant.name + ".jsonl").open("w", encoding="utf-8")
    missed_max = options.seeds // 10
    while (seeds or running) and missed(reports) <= missed_max:
        while seeds and len(running) < options.jobs:
            running.append(mutant.start(seeds.pop(0)))
        reports.append(findings_of(running.pop(0)))
        print(json.dumps(reports[-1], ensure_ascii=False), file=said, flush=True)
        if sys.stdout.isatty():
            print(f"\r\033[K{mutant.name}: {len(reports) - missed(reports)} of {len(reports)} seeds", end="", flush=True)
    for process in running:
        process.kill()
        process.communicate()
    if sys.stdout.isatty():
        print("\r\033[K", end="")
    said.close()
    return reports


def missed(reports):
    return sum(not report["broken"] for report in reports)


def tell(mutant, reports, lives):
    seconds = sum(report.get("seconds", RUN_S) for report in reports) / len(reports)
    vain = sum(bool(report.get("unstruck")) for report in reports)
    example = next((report["findings"][0] for report in reports if report["broken"]), "")
    trouble = next((report["findings"][-1] for report in reports if report["findings"] and not report["broken"]), "")
    print(
        f"{'LIVES ' if lives else 'caught'} {mutant.name}: {len(reports) - missed(reports)} of {len(reports)} seeds, {seconds:.0f} s each"
        + (f"; in {vain} its fault never struck" if vain else "")
        + f". {mutant.guard}"
        + (f"\n       {example[:300]}" if example else "")
        + (f"\n       in trouble, nothing broken: {trouble[:300]}" if trouble else ""),
        flush=True,
    )


def check(mutants):
    ask = ("git", "-c", "safe.directory=*", "apply", "--check")
    stale = [mutant.name for mutant in mutants if subprocess.run([*ask, str(mutant.path)], cwd=servers.ROOT, check=False).returncode != 0]
    print(f"{len(mutants)} mutants" + (f"; these do not apply any more: {', '.join(stale)}" if stale else " apply"))
    return 1 if stale else 0


def main():
    parser = argparse.ArgumentParser(prog="./dev mutants", description="take guards out, one at a time")
    parser.add_argument("names", nargs="*", metavar="NAME")
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=2, help="runs at a time")
    parser.add_argument("--check", action="store_true", help="only look whether the patches apply")
    options = parser.parse_args()
    paths = {path.stem: path for path in sorted((HERE / "mutants").glob("*.patch"))}
    unknown = set(options.names) - set(paths)
    if unknown:
        parser.error(f"no such mutant: {', '.join(sorted(unknown))}; there are {', '.join(paths)}")
    if options.check:
        return check([Mutant(paths[name]) for name in options.names or paths])
    began, survivors, tried = time.monotonic(), [], 0
    kafka = servers.SharedKafka()
    try:
        if kafka.own is not None:
            kafka.hand_down()
        copy_tree()
        for name in options.names or paths:
            mutant = Mutant(paths[name])
            reports = try_mutant(mutant, options)
            lives = missed(reports) > options.seeds // 10
            survivors += [name] if lives else []
            tried += 1
            tell(mutant, reports, lives)
    except MutantError as error:
        print(error)
        return 1
    finally:
        kafka.close()
    minutes, seconds = divmod(int(time.monotonic() - began), 60)
    print(
        f"{tried} mutants, {tried - len(survivors)} caught, {len(survivors)} live"
        + (f" ({', '.join(survivors)})" if survivors else "")
        + f"; {minutes} min {seconds} s"
    )
    return 1 if survivors else 0


if __name__ == "__main__":
    sys.exit(main())
