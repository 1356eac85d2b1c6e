"""First light: Asaas' webhooks come in, the shipped ladder runs for seventy-five days, and everybody gets what he should.

What is asserted stands in inbox, signals and ledger; what the daemon says of itself is not asked.
"""
import collections
import unittest

from portfolio import CUSTOMERS, PEOPLE, START, Portfolio
from regua_e2e import World, at, local, main
import datetime

ZONES = {"AC": datetime.timezone(datetime.timedelta(hours=-5))}
OPENS = {"RJ": 9}
CLOSES = {"RJ": 19}
OWED = {"obrigado", "desculpe"}

EXPECTED = {}


class FirstLight(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.world = World(clocked=True, start=START - 60_000)
        cls.addClassCleanup(lambda: cls.world.close(failed=cls.broken))
        cls.broken = True
        cls.world.start(live="suspenso")
        Portfolio(cls.world).play()
        cls.messages = cls.world.delivered()
        cls.broken = False

    def of(self, name):
        return [message for message in self.messages if message.decision["debtor"] == CUSTOMERS[name]]

    def test_everybody_gets_what_his_fate_asks_for(self):
        found = {name: [f"{local(message.at_ms):%m-%d} {message.step} {message.channel}" for message in self.of(name)] for name in PEOPLE}
        for name, lines in found.items():
            print(name, *lines, sep="\n    ", flush=True)
        for name in PEOPLE:
            with self.subTest(debtor=name):
                self.assertEqual(found[name], EXPECTED.get(name))

    def test_nothing_goes_out_outside_the_debtors_hours(self):
        for name, (state, _, _) in PEOPLE.items():
            for message in self.of(name):
                when = local(message.at_ms, ZONES.get(state, local(0).tzinfo))
                opens, closes = OPENS.get(state, 8), 14 if when.weekday() == 5 else CLOSES.get(state, 20)
                self.assertLess(when.weekday(), 6, f"{name} {message.step} on a Sunday")
                self.assertTrue(opens <= when.hour < closes, f"{name} {message.step} at {when}")

    def test_nobody_is_dunned_for_what_is_paid_or_void(self):
        quiet = {"antes": ("2026-02-26 10:00", "2026-05-06 12:00"), "depois": ("2026-03-05 10:00", "2026-05-06 12:00"),
                 "estornado": ("2026-03-05 12:00", "2026-03-09 09:00"), "anulada": ("2026-03-05 14:00", "2026-03-12 09:00"),
                 "suspenso": ("2026-04-08 10:00", "2026-05-06 12:00"), "contestado": ("2026-04-08 15:00", "2026-04-10 10:00"),
                 "retido": ("2026-03-03 07:00", "2026-03-16 09:00"), "optout": ("2026-03-03 07:00", "2026-05-06 12:00")}
        for name, (begin, end) in quiet.items():
            late = [message.step for message in self.of(name) if at(begin) <= message.at_ms < at(end) and message.step not in OWED]
            self.assertEqual(late, [], name)

    def test_findings_of_the_oracle(self):
        findings, judged = self.world.judge()
        print(f"{judged} dunning messages judged", flush=True)
        self.assertEqual(findings, [])
        self.assertGreater(judged, 50)


if __name__ == "__main__":
    main()
