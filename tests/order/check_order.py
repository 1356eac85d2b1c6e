#!/usr/bin/env python3
"""The order of the rooms, read off the #include lines: base <- brazil <- config <- consumers, producers <- daemon <- tests.

Usage: check_order.py [ROOT]. Prints one line per wrong include; exit status 1 when there is one, 2 when nothing was read.

A room may include itself and the rooms below it. Consumers and producers stand side by side and do not know each other.
Each foreign library has one door: its headers may be included in the folders named here and nowhere else, so that a change of
library (or a fake in its place) touches one folder.
"""

import pathlib
import re
import sys

BELOW = {
    "base": {"base"},
    "brazil": {"base", "brazil"},
    "config": {"base", "brazil", "config"},
    "consumers": {"base", "brazil", "config", "consumers"},
    "producers": {"base", "brazil", "config", "producers"},
    "daemon": {"base", "brazil", "config", "consumers", "producers", "daemon"},
    "tests": {"base", "brazil", "config", "consumers", "producers", "daemon", "tests"},
}

# header prefix -> the doors: folders (ending in /) or files
DOORS = {
    "librdkafka/": ["base/kafka/", "tests/"],
    "hiredis/": ["base/redis/"],
    "curl/": ["base/http/", "producers/transport/smtp.c", "tests/bench/"],
    "microhttpd.h": ["base/httpd/", "tests/fakes/"],
    "yaml.h": ["config/yaml/"],
    "cjson/": ["base/json/"],
    "cJSON.h": ["base/json/"],
}

# A numeric locale would change how every decimal is read and written, in rules and wire formats alike. LC_CTYPE is enough for
# wide characters in tables.
NUMERIC_LOCALE = re.compile(r"\bsetlocale\s*\(\s*LC_(ALL|NUMERIC)\b")

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')


def wrong_with(path, mark, header):
    """Why the file at `path` (relative, as text) may not include `header`; None when it may."""
    for prefix, doors in DOORS.items():
        if header.startswith(prefix) and not any(path == d or (d.endswith("/") and path.startswith(d)) for d in doors):
            return f"{header} is included only in {', '.join(doors)}"
    if mark == "<":
        return None
    room, target = path.split("/")[0], header.split("/")[0]
    if "/" not in header or target not in BELOW:
        return f'"{header}" is not a path from the project root'
    if target not in BELOW[room]:
        return f"{room} must not know {target} (order: base, brazil, config, consumers | producers, daemon, tests)"
    return None


def check(root):
    """All complaints under `root`, and how many files and includes were read."""
    complaints, files, includes = [], 0, 0
    for room in BELOW:
        for source in sorted((root / room).rglob("*.[ch]")):
            files += 1
            path = source.relative_to(root).as_posix()
            for number, line in enumerate(source.read_text(encoding="utf-8").splitlines(), 1):
                if NUMERIC_LOCALE.search(line):
                    complaints.append(f"{path}:{number}: the numeric locale stays C; set LC_CTYPE alone")
                found = INCLUDE.match(line)
                if found is None:
                    continue
                includes += 1
                complaint = wrong_with(path, found.group(1), found.group(2))
                if complaint is not None:
                    complaints.append(f"{path}:{number}: {complaint}")
    return complaints, files, includes


def main():
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parents[2]).resolve()
    complaints, files, includes = check(root)
    for complaint in complaints:
        print(complaint)
    print(f"{includes} includes in {files} files, {len(complaints)} out of order")
    if files == 0:
        print(f"nothing to read under {root}", file=sys.stderr)
        return 2
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
