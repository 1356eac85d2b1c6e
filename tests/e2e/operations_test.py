"""What the person on call relies on: readiness that tells the truth about upstream, numbers that can be read, and no message lost
by a stop or a change of rules."""
import contextlib
import sys

import servers
from regua_e2e import Case, main
from topics import at

sys.path.insert(0, str(servers.ROOT / "tests" / "oracle"))
import exposition  # noqa: E402 (the path is known only now)

START = at("2026-03-02 07:00")
LADDER = """
language: 1
ladder: curta
title: Régua curta
owner: cobranca@provedor.example
priority: 10
calendar: br-generico
mode: live
steps:
  lembrete: { day: D-5, tone: courtesy, via: [email], template: lembrete }
templates:
  lembrete: "{{nome}}, a fatura de {{valor}} vence em {{vencimento}}. {{> credor}}"
"""


def issue(world, number, due_on="2026-03-09"):
    world.event(
        "invoice.issued",
        invoice=f"F{number}",
        debtor=f"d{number}",
        due_on=due_on,
        amount_cents=15990,
        flush=False,
        debtor_details={
            "name": f"Devedor {number}",
            "kind": "person",
            "state": "SP",
            "contacts": [{"channel": "email", "address": f"devedor{number}@cliente.example"}],
        },
    )


class Truth(Case):
    """/readyz, /metrics and `reguactl status` about what is read."""

    def readiness(self, world, word):
        with contextlib.suppress(OSError):  # not up yet
            status, body = world.http("/readyz?verbose=1")
            return (status, body) if word in body else None

    def test_a_source_without_a_topic_is_not_ready_until_it_has_one(self):
        world = self.world(
            ladders={"curta.yaml": LADDER},
            site=lambda text: text.replace("\nchannels:", "\n  late: { topic: %s.late }\nchannels:" % world_prefix(text)),
        )
        world.start(ready=False)
        status, body = world.wait(lambda: self.readiness(world, "of source late does not exist"), "it says what is missing")
        self.assertEqual(status, 503)
        self.assertIn(f"[-] ingest: topic {world.topic('late')} of source late does not exist", body)
        world.create_topics({world.topic("late"): 1})
        world.wait_ready()

    def test_redis_that_goes_away_is_missed_and_found_again(self):
        world = self.world(ladders={"curta.yaml": LADDER})
        world.expected_errors += ["SHARD-", "redis", "Redis"]
        world.start()
        world.redis.stop()
        status, _ = world.wait(lambda: self.readiness(world, "[-] redis: "), "Redis is missed")
        self.assertEqual(status, 503)
        world.redis.start()
        world.wait_ready()

    def test_the_numbers_are_those_of_the_topics(self):
        world = self.world(clocked=True, start=START, ladders={"curta.yaml": LADDER})
        world.start(live="lembrete")
        for number in range(20):
            issue(world, number)
        world.publish("billing", b"{", "k", [("content-type", "application/cloudevents+json")])
        world.publish("asaas", b"[]", "k")
        world.flush()
        world.clock.advance_to(at("2026-03-04 12:00"))
        status, body = world.http("/metrics", token=None)
        self.assertEqual((status, exposition.check(body)), (200, []))
        series = exposition.read(body)

        def total(name, **labels):
            return sum(value for (key, pairs), value in series.items() if key == name and set(labels.items()) <= set(pairs))

        self.assertEqual(total("regua_source_records_total", source="billing", result="accepted"), 20)
        self.assertEqual(total("regua_source_records_total", result="dead"), 2)
        self.assertEqual(total("regua_source_deadletter_total", source="billing", reason="bad_json"), 1)
        self.assertEqual(total("regua_deadletter_total", by="ingest"), len(world.deadletters()))
        self.assertEqual(total("regua_source_lag_records"), 0)
        self.assertEqual(total("regua_source_partition_read"), 5)
        self.assertEqual(total("regua_deliveries_total", channel="email", result="accepted"), 20)
        frontier = {value for (name, _), value in series.items() if name == "regua_source_read_through_timestamp_seconds"}
        self.assertEqual(len(frontier), 1)
        self.assertGreaterEqual(frontier.pop() * 1000, at("2026-03-04 12:00"))
        code, text, _ = world.ctl("status")
        self.assertEqual(code, 0)
        self.assertIn("2 dead letters", text)
        self.assertRegex(text, r"\nbilling +20 +0 +1 +0 +0 +3 Wed 2026-03-04 12:00")


def world_prefix(text):
    """The prefix of a world's topics, from its regua.yaml."""
    return text.split("  group: ", 1)[1].split("\n", 1)[0]


if __name__ == "__main__":
    main()
