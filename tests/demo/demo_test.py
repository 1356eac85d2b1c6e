#!/usr/bin/env python3
"""Two months of the demo, twice: the summary adds up, tells a whole story, and is the same for the same seed.

  demo_test.py REGUA_DEMO
"""

import re
import subprocess
import sys
import tempfile
import unittest

DEBTORS, DAYS, SEED, SECONDS = 100, 61, 7, 400
STORY = ["lembrete", "atraso", "insiste", "conversa", "aviso_suspensao", "suspensao", "suspenso", "religar", "obrigado"]


def run(*arguments):
    with tempfile.TemporaryDirectory(prefix="regua-demo-") as state:
        command = [sys.argv[1], "--state", state, *arguments]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=SECONDS)
    return done.returncode, done.stdout, done.stderr


def play():
    status, out, err = run("--no-serve", "--debtors", str(DEBTORS), "--days", str(DAYS), "--seed", str(SEED))
    if status != 0:
        raise AssertionError(f"exit status {status}\n{out}\n{err}")
    return out


def number(text):
    return 0 if text == "·" else int(text.replace(",", ""))


def section(out, title):
    """The lines below a heading."""
    lines = out.split(f"\n{title}\n", 1)[1].splitlines()
    return lines[:lines.index("")] if "" in lines else lines


class TwoMonths(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.out = play()
        lines = section(cls.out, "Sent, by step and channel")
        cls.channels = lines[0].split()
        rows = [line.split() for line in lines[1:] if len(line.split()) == len(cls.channels) + 1]
        cls.sent = {row[0]: [number(n) for n in row[1:]] for row in rows}

    def test_rows_and_columns_add_up(self):
        self.assertEqual(self.channels, ["e-mail", "whatsapp", "sms", "signals", "all"])
        for step, row in self.sent.items():
            self.assertEqual(sum(row[:-1]), row[-1], step)
        steps = [row for step, row in self.sent.items() if step != "all"]
        self.assertEqual([sum(column) for column in zip(*steps)], self.sent["all"])

    def test_the_ladder_is_walked_to_its_end_and_back(self):
        for step in STORY:
            self.assertGreater(self.sent.get(step, [0])[-1], 0, step)
        self.assertGreaterEqual(self.sent["atraso"][-1], self.sent["aviso_suspensao"][-1])
        self.assertGreaterEqual(self.sent["aviso_suspensao"][-1], self.sent["suspensao"][-1])
        self.assertGreater(self.sent["all"][-1], 4 * DEBTORS)
        for channel in range(4):
            self.assertGreater(self.sent["all"][channel], 0, self.channels[channel])

    def test_signals_are_what_was_suspended_and_restored(self):
        found = re.search(r"(\d+) suspended .* (\d+) restored .* (\d+) still suspended", self.out)
        suspended, restored, left = map(int, found.groups())
        self.assertEqual(suspended, self.sent["suspensao"][-1])
        self.assertEqual(restored, self.sent["religar"][-1])
        self.assertEqual(suspended - restored, left)

    def test_most_pay(self):
        found = re.search(r"(\d+) of (\d+) invoices, .*; (\d+) of them after .*, (\d+) without", self.out)
        paid, invoices, after, before = map(int, found.groups())
        self.assertEqual(after + before, paid)
        self.assertEqual(invoices, 2 * DEBTORS)
        self.assertGreater(paid, 0.8 * invoices)

    def test_reasons_add_up(self):
        lines = section(self.out, "Not sent, by what stood in the way when the step's window closed")
        rows = [line.split()[:2] for line in lines]
        reasons = {row[0]: number(row[1]) for row in rows if row[0] != "besides:"}
        self.assertEqual(sum(n for gate, n in reasons.items() if gate != "all"), reasons["all"])
        for gate in ("condition", "unreachable"):
            self.assertGreater(reasons[gate], 0, gate)

    def test_rubbish_is_told_apart(self):
        self.assertEqual(section(self.out, "Dead letters"), ["  4: 1 bad_json, 1 unknown_type, 1 bad_field, 1 unmapped"])

    def test_the_books_agree(self):
        lines = section(self.out, "Check")
        self.assertEqual([line.split()[0] for line in lines], ["ok"] * 4)
        inbox, ledger = map(number, re.search(r"([\d,]+) arrived .* ([\d,]+) accepted", lines[0]).groups())
        self.assertEqual(inbox, ledger)
        self.assertEqual(inbox, self.sent["all"][-1])
        self.assertGreater(number(re.search(r"of ([\d,]+) messages asked", lines[1])[1]), 0)

    def test_the_same_seed_plays_the_same(self):
        self.assertEqual(play(), self.out)

    def test_what_makes_no_sense_is_refused(self):
        for arguments in (["--debtors", "0"], ["--days", "x"], ["--seed", "-1"], ["--sed", "1"], ["now"]):
            status, out, err = run(*arguments)
            self.assertEqual(status, 2, arguments)
            self.assertEqual(out, "")
            self.assertNotEqual(err, "")
        self.assertEqual(run("--help")[0], 0)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
