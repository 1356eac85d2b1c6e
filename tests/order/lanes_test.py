#!/usr/bin/env python3
"""The counter of lanes must not call a lane green that ran nothing, skipped something or failed."""

import contextlib
import io
import pathlib
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parents[1]))
import lanes  # noqa: E402


def case(name, status, output):
    return f'<testcase name="{name}" status="{status}"><system-out>{output}</system-out></testcase>'


CMOCKA = "[ RUN      ] a\n[       OK ] a\n[==========] 2 test(s) run.\n[  PASSED  ] 2 test(s).\n"

# cases of one report, passed, failed
ROWS = [
    ([case("unit/a", "run", CMOCKA)], 2, []),
    ([case("unit/a", "run", CMOCKA + CMOCKA)], 4, []),
    ([case("unit/a", "run", CMOCKA), case("order/b", "run", "Ran 3 tests in 0.1s\n\nOK")], 5, []),
    ([case("e2e/a", "run", "blah\n17 passed, 0 failed\n")], 17, []),
    ([case("e2e/a", "run", "says nothing")], 1, []),
    ([case("unit/a", "fail", "[  PASSED  ] 1 test(s).\n[  FAILED  ] 1 test(s), listed below:")], 0, ["unit/a"]),
    ([case("unit/a", "notrun", "")], 0, ["unit/a"]),
    ([case("unit/a", "disabled", "")], 0, ["unit/a"]),
    ([case("unit/a", "run", CMOCKA + "[  SKIPPED ] 1 test(s), listed below:")], 0, ["unit/a"]),
    ([case("order/a", "run", "Ran 3 tests in 0.1s\n\nOK (skipped=1)")], 0, ["order/a"]),
    ([case("unit/a", "run", "[  PASSED  ] 0 test(s).")], 0, ["unit/a (ran nothing)"]),
    ([], 0, ["nothing ran"]),
]


class Lanes(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.report = pathlib.Path(self.folder.name) / "report.xml"

    def tearDown(self):
        self.folder.cleanup()

    def show(self, rows):
        with contextlib.redirect_stdout(io.StringIO()) as out:
            status = lanes.show(rows)
        return status, out.getvalue().splitlines()

    def test_each_row(self):
        for cases, passed, failed in ROWS:
            with self.subTest(cases=cases):
                self.report.write_text(f'<testsuite time="1">{"".join(cases)}</testsuite>', encoding="utf-8")
                row = lanes.count("unit", self.report)
                self.assertEqual((row["passed"], row["failed"]), (passed, failed))
                status, lines = self.show([row])
                self.assertEqual(status, 1 if failed else 0)
                self.assertEqual(lines[-1], f"{passed} passed, {len(failed)} failed")

    def test_a_missing_or_broken_report_is_a_failure(self):
        self.assertEqual(len(lanes.count("unit", self.report)["failed"]), 2)
        self.report.write_text("<testsuite", encoding="utf-8")
        self.assertEqual(self.show([lanes.count("unit", self.report)])[0], 1)

    def test_no_lane_at_all_is_a_failure(self):
        self.assertEqual(self.show([])[0], 1)


if __name__ == "__main__":
    unittest.main()
