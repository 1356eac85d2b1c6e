#!/usr/bin/env python3
"""The lane's own teeth: READMEs with planted faults, and what readme_test.py says of them."""

import pathlib
import subprocess
import sys
import tempfile
import unittest

CHECK = pathlib.Path(__file__).with_name("readme_test.py")
FENCE = "```"


def block(language, *lines):
    return "\n".join([f"{FENCE}{language}", *lines, FENCE, ""])


class Planted(unittest.TestCase):
    def verdict(self, *parts, files=()):
        with tempfile.TemporaryDirectory(prefix="regua-planted-") as name:
            root = pathlib.Path(name)
            (root / "README.md").write_text("# Title\n\n" + "\n".join(parts), encoding="utf-8")
            for file in files:
                (root / file).parent.mkdir(parents=True, exist_ok=True)
                (root / file).write_text("x\n", encoding="utf-8")
            run = subprocess.run([sys.executable, CHECK, root], capture_output=True, text=True, check=False)
        return run.returncode, run.stdout.splitlines()[-1]

    def test_what_holds_passes(self):
        self.assertEqual(self.verdict(block("sh", "echo 'one (3 ms)'"), block("text", "one (14 ms)")), (0, "2 passed, 0 failed"))

    def test_blocks_share_one_shell_and_one_place(self):
        self.assertEqual(self.verdict(block("sh", "a=1; mkdir d; cd d"), block("sh", 'test "$a" = 1', "test -f ../f"), files=["f"]),
                         (0, "2 passed, 0 failed"))

    def test_home_is_empty(self):
        self.assertEqual(self.verdict(block("sh", 'test -z "$(ls ~/.[a-z]* 2>/dev/null)"')), (0, "1 passed, 0 failed"))

    def test_a_block_that_fails_is_found_and_ends_it(self):
        self.assertEqual(self.verdict(block("sh", "false", "true"), block("sh", "true")), (1, "0 passed, 2 failed"))

    def test_what_must_fail_must_fail(self):
        self.assertEqual(self.verdict(block("sh", "! false")), (0, "1 passed, 0 failed"))
        self.assertEqual(self.verdict(block("sh", "! true")), (1, "0 passed, 1 failed"))

    def test_what_is_shown_must_be_printed(self):
        self.assertEqual(self.verdict(block("sh", "echo one"), block("text", "two")), (1, "1 passed, 1 failed"))

    def test_a_shape_has_numbers_of_its_own(self):
        printed = block("sh", "printf 'Sent 12\\n  a   1,204  ·\\nlast 3 of 4\\n'")
        self.assertEqual(self.verdict(printed, block("text shape", "Sent 7", "  a 12 3", "last 1 of 2")), (0, "2 passed, 0 failed"))
        self.assertEqual(self.verdict(printed, block("text shape", "Sent 7", "…", "last 1 of 2")), (0, "2 passed, 0 failed"))
        self.assertEqual(self.verdict(printed, block("text shape", "Sent 7", "last 1 of 2")), (1, "1 passed, 1 failed"))
        self.assertEqual(self.verdict(printed, block("text shape", "Sent seven")), (1, "1 passed, 1 failed"))

    def test_a_readme_without_commands_proves_nothing(self):
        self.assertEqual(self.verdict("nothing"), (1, "0 passed, 1 failed"))

    def test_transcripts_are_not_run(self):
        self.assertEqual(self.verdict(block("sh", "true"), block("console", "$ false")), (0, "1 passed, 0 failed"))


if __name__ == "__main__":
    unittest.main()
