"""Prometheus' text format, read as strictly as its own checker reads it: `check(text)` is a list of complaints, empty for a good
page, and `read(text)` a dictionary {(name, ((label, value), …)): number}.

What is asked for beyond the grammar is what `promtool check metrics` asks for: every family introduced once by HELP and TYPE and
written in one piece, no series twice, counters that end in _total and nothing else that does, base units, whole words. What the real
one says `promtool(text)` tells, as text, "" for a good page."""
import contextlib
import fcntl
import math
import os
import pathlib
import re
import subprocess
import tempfile

NAME = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*\Z")
LABEL = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*\Z")
TYPES = ("counter", "gauge", "histogram", "summary", "untyped")
# Parts of names: an abbreviated unit, or a unit that is not the base one.
ABBREVIATED = {"s", "ms", "us", "ns", "sec", "b", "kb", "mb", "gb", "tb", "pb", "m", "h", "d"}
DERIVED = {"milliseconds", "microseconds", "nanoseconds", "minutes", "hours", "days", "weeks", "kilobytes", "megabytes", "gigabytes",
           "kibibytes", "mebibytes", "bits", "percent", "kelvin", "fahrenheit", "inches", "miles"}


class Wrong(Exception):
    """A line that is none of the format."""


def sample(line):
    """(name, labels, value) of one line."""
    found = re.match(r"([^{\s]*)", line)
    name, rest = found[1], line[found.end():]
    labels = []
    if rest.startswith("{"):
        rest = rest[1:]
        while not rest.startswith("}"):
            found = re.match(r'([^=]*)="((?:[^"\\\n]|\\.)*)"(,|(?=\}))', rest)
            if not found:
                raise Wrong("labels that do not end")
            if re.search(r"\\[^\\\"n]", found[2]):
                raise Wrong(f"an escape that there is not in {found[2]}")
            labels.append((found[1], re.sub(r"\\(.)", lambda one: "\n" if one[1] == "n" else one[1], found[2])))
            rest = rest[found.end():]
        rest = rest[1:]
    found = re.match(r" ([^ ]+)\Z", rest)
    if not found:
        raise Wrong("one space and one value expected (a time stamp has no business here)")
    try:
        value = float(found[1].replace("+Inf", "inf").replace("-Inf", "-inf"))
    except ValueError as error:
        raise Wrong(f"{found[1]} is no number") from error
    return name, tuple(labels), value


class Page:
    def __init__(self, text):
        self.complaints = []
        self.series = {}
        self.helps, self.types, self.keys = {}, {}, {}
        self.closed = set()
        self.family = None
        if not text.endswith("\n"):
            self.complaints.append("the last line does not end")
        for number, line in enumerate(text.split("\n")[:-1], 1):
            try:
                self.take(line)
            except Wrong as wrong:
                self.complaints.append(f"line {number}: {wrong}: {line}")
        for name in self.types:
            if not any(key[0] == name for key in self.series):
                continue
            self.look_at_name(name)

    def open(self, name):
        if name == self.family:
            return
        if name in self.closed:
            raise Wrong(f"family {name} was written already")
        if self.family is not None:
            self.closed.add(self.family)
        self.family = name

    def take(self, line):
        words = line.split(" ", 3)
        if words[:2] == ["#", "HELP"] and len(words) == 4:
            self.open(words[2])
            if words[2] in self.helps or not words[3].strip() or words[3] != words[3].strip():
                raise Wrong("one help of one sentence expected")
            if re.search(r"\\[^\\n]|\\\Z", words[3]):
                raise Wrong("an escape that there is not")
            self.helps[words[2]] = words[3]
        elif words[:2] == ["#", "TYPE"] and len(words) == 4:
            self.open(words[2])
            if words[2] in self.types or words[2] not in self.helps or words[3] not in TYPES:
                raise Wrong("one known type, behind the help, expected")
            self.types[words[2]] = words[3]
        elif line.startswith("#") or not line.strip():
            raise Wrong("nothing but families and samples expected")
        else:
            self.take_sample(*sample(line))

    def take_sample(self, name, labels, value):
        if not NAME.match(name):
            raise Wrong("no name of a metric")
        if name != self.family or name not in self.types:
            raise Wrong("a sample outside its family")
        names = [label for label, _ in labels]
        if len(set(names)) != len(names) or any(not LABEL.match(label) or label.startswith("__") for label in names):
            raise Wrong("labels that are none, or twice")
        if self.keys.setdefault(name, sorted(names)) != sorted(names):
            raise Wrong("other labels than the family's first sample")
        key = (name, tuple(sorted(labels)))
        if key in self.series:
            raise Wrong("this series was given already")
        if math.isnan(value) or (self.types[name] == "counter" and (value < 0 or math.isinf(value))):
            raise Wrong("no value of such a metric")
        self.series[key] = value

    def look_at_name(self, name):
        kind = self.types[name]
        if (kind == "counter") != name.endswith("_total"):
            self.complaints.append(f"{name}: counters end in _total, and nothing else does")
        if re.search(r"_(count|sum|bucket)\Z", name) or ":" in name:
            self.complaints.append(f"{name}: an ending that has a meaning of its own")
        parts = name.split("_")
        if any(part in TYPES for part in parts):
            self.complaints.append(f"{name}: the type does not belong into the name")
        if ABBREVIATED & set(parts) or DERIVED & set(parts):
            self.complaints.append(f"{name}: base units, in whole words, expected")
        if re.search(r"[a-z][A-Z]", name) or any(re.search(r"[a-z][A-Z]", label) for label in self.keys[name]):
            self.complaints.append(f"{name}: names are written with underscores")


def check(text):
    return Page(text).complaints


def read(text):
    page = Page(text)
    assert not page.complaints, page.complaints
    return page.series


def fetch_promtool():
    """The program out of Debian's package, kept in the user's cache. To install the package would start a server on this machine and
    bring eleven others along, for one program."""
    cache = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "regua"
    program = cache / "promtool"
    cache.mkdir(parents=True, exist_ok=True)
    with (cache / "promtool.lock").open("w") as lock, contextlib.ExitStack() as stack:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not program.exists():
            folder = pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory(dir=cache)))
            folder.chmod(0o755)
            for command in ("apt-get --quiet download prometheus", "dpkg-deb --fsys-tarfile prometheus_*.deb | tar -x ./usr/bin/promtool"):
                done = subprocess.run(command, shell=True, cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
                assert done.returncode == 0, f"promtool could not be fetched; apt-get update first? {command}: {done.stdout}{done.stderr}"
            (folder / "usr/bin/promtool").rename(program)
    return program


def promtool(text):
    done = subprocess.run([fetch_promtool(), "check", "metrics"], input=text, capture_output=True, text=True, check=False)
    said = done.stdout + done.stderr
    return said if said or done.returncode == 0 else f"exit status {done.returncode}"
