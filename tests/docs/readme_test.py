#!/usr/bin/env python3
"""README does what it says: its ```sh blocks are run as written, in order, in one shell, in a fresh copy of the sources with an
empty home. A line that begins with "! " must fail. A ```text block behind a ```sh block must stand in what that printed; the
time in an inventory line may differ. In a ```text shape block numbers and spaces may differ, and a line "…" stands for any lines.

  readme_test.py SOURCE_DIR
"""

import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile

SECONDS = 900
FENCE = re.compile(r"^```([^`\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def blocks(text):
    """(language, line, body) of every fenced block."""
    return [(m[1], text.count("\n", 0, m.start()) + 1, m[2]) for m in FENCE.finditer(text)]


def tracked(source):
    """What a clone would hold: what git knows or would add; without git everything but what was built."""
    git = subprocess.run(["git", "-c", "safe.directory=*", "-C", source, "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
                         capture_output=True, check=False)
    names = [n for n in git.stdout.decode().split("\0") if n] if git.returncode == 0 else []
    if not names:
        names = [str(p.relative_to(source)) for p in source.rglob("*") if p.is_file() and "build" != p.relative_to(source).parts[0]]
    return [n for n in names if (source / n).is_file()]


def clone(source, target):
    for name in tracked(source):
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(source / name, target / name)


def script(body):
    """A block for `set -e`: a line that must fail is told apart from one that may."""
    lines = []
    for line in body.splitlines():
        if line.startswith("! "):
            line = f"if {line[2:]}\nthen echo 'this was to fail, and did not' >&2; exit 1; fi"
        lines.append(line)
    return "\n".join(lines) + "\n"


def without_times(text):
    return re.sub(r" \(\d+ ms\)", "", text)


def word_shape(word):
    """The word, with any number where it has one; the demo prints a nought as a point."""
    number = r"(?:[\d.,]*\d|·)"
    parts = re.split(r"(\d(?:[\d.,]*\d)?|^·$)", word)
    return "".join(number if i % 2 else re.escape(part) for i, part in enumerate(parts))


def has_shape(shape, text):
    """The lines of `shape` in order, each right behind the one before unless a "…" stands between."""
    pattern = "^"
    for line in shape.strip("\n").splitlines():
        pattern += r"(?:.*\n)*?" if line.strip() == "…" else r"[^\S\n]*" + r"[^\S\n]+".join(map(word_shape, line.split())) + r"[^\S\n]*\n"
    return re.search(pattern, text + "\n", re.MULTILINE) is not None


def run(shell_blocks, directory, home):
    """Runs the blocks in one shell; what each printed, and the exit status of the whole."""
    parts = ["set -euo pipefail"]
    for number, (_, _, body) in enumerate(shell_blocks):
        parts.append(f"exec >'{home}/out.{number}' 2>&1\n{script(body)}echo done >'{home}/done.{number}'")
    keep = {k: v for k, v in os.environ.items() if k in ("PATH", "LANG", "LC_ALL", "USER", "LOGNAME", "TMPDIR")}
    process = subprocess.Popen(["bash", "-c", "\n".join(parts)], cwd=directory, env={**keep, "HOME": str(home)}, stdin=subprocess.DEVNULL,
                               start_new_session=True)
    try:
        process.wait(SECONDS)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        print(f"stopped after {SECONDS} s")


def judge(all_blocks, home):
    """One verdict a block that was run, one a text that was to be printed."""
    passed, failed, number, out = 0, 0, -1, ""
    for language, line, body in all_blocks:
        if language == "sh":
            number += 1
            path = home / f"out.{number}"
            out = path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""
            fine = (home / f"done.{number}").exists()
            why = "the block failed" if path.exists() else "not reached"
        elif language in ("text", "text shape") and number >= 0:
            fine = has_shape(body, out) if language == "text shape" else without_times(body).strip("\n") in without_times(out)
            why = "the block before it did not print this"
        else:
            continue
        passed, failed = passed + fine, failed + (not fine)
        if not fine:
            print(f"README.md:{line}: {why}; it printed:\n{out[-6000:]}")
    return passed, failed


def main():
    source = pathlib.Path(sys.argv[1]).resolve()
    all_blocks = blocks((source / "README.md").read_text(encoding="utf-8"))
    shell_blocks = [b for b in all_blocks if b[0] == "sh"]
    with tempfile.TemporaryDirectory(prefix="regua-readme-") as name:
        root = pathlib.Path(name)
        (root / "home").mkdir()
        clone(source, root / "regua")
        run(shell_blocks, root / "regua", root / "home")
        passed, failed = judge(all_blocks, root / "home")
    if not shell_blocks:
        print("README.md has no sh block")
        failed += 1
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
