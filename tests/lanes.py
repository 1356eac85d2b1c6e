#!/usr/bin/env python3
"""Counts what a lane ran, and prints the table of lanes.

  lanes.py count LANE JUNIT.xml TABLE   append the lane's row to TABLE
  lanes.py show TABLE                   print the last lines of what failed, then the table; exit status 1 when a lane ran
                                        nothing or something failed

CTest knows programs; what a person calls a test is a case inside one. cmocka, Python's unittest and our own drivers say how
many they ran ("[  PASSED  ] 7 test(s).", "Ran 7 tests", "7 passed, 0 failed"); a program that says nothing counts as one.
A skipped or disabled test is a failed one: it proves nothing.
"""

import json
import re
import sys
import xml.etree.ElementTree as xml

PASSED = [
    re.compile(r"^\[  PASSED  \] (\d+) test\(s\)", re.MULTILINE),
    re.compile(r"^Ran (\d+) tests? in ", re.MULTILINE),
    re.compile(r"^(\d+) passed, 0 failed$", re.MULTILINE),
]
SKIPPED = re.compile(r"^\[  SKIPPED \] (\d+) test\(s\)|^OK \(skipped=(\d+)\)", re.MULTILINE)

LAST_LINES = 60  # of a failed program


def count(lane, report):
    """One row: how many programs and cases passed, and the names of what failed."""
    row = {"lane": lane, "programs": 0, "passed": 0, "failed": [], "said": {}, "seconds": 0.0}
    try:
        suite = xml.parse(report).getroot()
        cases = list(suite.iter("testcase"))
    except (OSError, xml.ParseError) as error:
        row["failed"].append(f"no report: {error}")
        cases = []
    for case in cases:
        name, output = case.get("name"), case.findtext("system-out") or ""
        row["programs"] += 1
        row["seconds"] = max(row["seconds"], float(suite.get("time") or 0))
        said = [int(n) for rule in PASSED for n in rule.findall(output)]
        if case.get("status") != "run" or SKIPPED.search(output):
            row["failed"].append(name)
            row["said"][name] = output.splitlines()[-LAST_LINES:]
        elif said and sum(said) == 0:
            row["failed"].append(f"{name} (ran nothing)")
        else:
            row["passed"] += sum(said) if said else 1
    if row["programs"] == 0:
        row["failed"].append("nothing ran")
    return row


def show(rows):
    for row in rows:
        for name, lines in row["said"].items():
            print(f"---- {row['lane']}: {name}", *lines, sep="\n")
    print(f"{'lane':<14}{'programs':>9}{'passed':>9}{'failed':>9}{'time':>9}")
    for row in rows:
        print(f"{row['lane']:<14}{row['programs']:>9}{row['passed']:>9}{len(row['failed']):>9}{row['seconds']:>7.0f} s")
    for row in rows:
        for name in row["failed"]:
            print(f"FAILED {row['lane']}: {name}")
    failed = sum(len(row["failed"]) for row in rows)
    print(f"{sum(row['passed'] for row in rows)} passed, {failed} failed")
    return 1 if failed or not rows else 0


def main():
    if len(sys.argv) == 5 and sys.argv[1] == "count":
        row = count(sys.argv[2], sys.argv[3])
        with open(sys.argv[4], "a", encoding="utf-8") as table:
            print(json.dumps(row), file=table)
        return 1 if row["failed"] else 0
    if len(sys.argv) == 3 and sys.argv[1] == "show":
        with open(sys.argv[2], encoding="utf-8") as table:
            return show([json.loads(line) for line in table])
    print(__doc__, file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main())
