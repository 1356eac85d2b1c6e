"""What the person on call relies on: readiness that tells the truth about upstream, numbers that can be read, and no message lost
by a stop or a change of rules."""
import contextlib
import signal
import sys
import time

import servers
from regua_e2e import SHIPPED, Case, main
from topics import ALWAYS, at, awake

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


def issue(world, number, due_on="2026-03-09", sms=False):
    address = f"+55119910{number:05d}" if sms else f"devedor{number}@cliente.example"
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
            "state": "SP" if world.clocked else awake(),
            "contacts": [{"channel": "sms" if sms else "email", "address": address}],
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

    def test_a_redis_that_comes_back_with_another_policy_is_not_worked_with(self):
        world = self.world(ladders={"curta.yaml": LADDER})
        world.expected_errors += ["REDIS-REFUSED", "SHARD-", "redis", "Redis"]
        world.start()
        world.redis.stop()
        world.redis.options = ("--maxmemory", "64mb", "--maxmemory-policy", "allkeys-lru")
        world.redis.start()
        status, body = world.wait(lambda: self.readiness(world, "noeviction"), "it says what is wrong with Redis", 30)
        self.assertEqual(status, 503)
        self.assertIn("maxmemory-policy is allkeys-lru", body)
        self.assertTrue([line for line in world.log() if line.get("event") == "REDIS-REFUSED"], world.log_tail())
        world.redis.ask("CONFIG", "SET", "maxmemory-policy", "noeviction")
        world.wait_ready()
        world.redis.ask("CONFIG", "SET", "maxmemory-policy", "volatile-ttl")
        world.wait(lambda: self.readiness(world, "maxmemory-policy is volatile-ttl"), "it notices without a restart, too", 30)
        world.redis.ask("CONFIG", "SET", "maxmemory-policy", "noeviction")
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
        self.assertEqual((status, exposition.check(body), exposition.promtool(body)), (200, [], ""))
        self.assertIn("counter", exposition.promtool("# HELP a b\n# TYPE a counter\na 1\n"))  # it has an opinion
        series = exposition.read(body)

        def total(name, **labels):
            return sum(value for (key, pairs), value in series.items() if key == name and set(labels.items()) <= set(pairs))

        self.assertEqual(total("regua_source_records_total", source="billing", result="accepted"), 20)
        self.assertEqual(total("regua_source_records_total", result="dead"), 2)
        self.assertEqual(total("regua_source_deadletter_total", source="billing", reason="bad_json"), 1)
        self.assertEqual(total("regua_deadletter_total", by="ingest"), len(world.deadletters()))
        self.assertEqual(total("regua_source_lag_records"), 0)
        self.assertEqual(total("regua_source_partition_read"), 3 + 2 + 4)  # billing, asaas, letters sent again
        self.assertEqual(total("regua_deliveries_total", channel="email", result="accepted"), 20)
        frontier = {value for (name, _), value in series.items() if name == "regua_source_read_through_timestamp_seconds"}
        self.assertEqual(len(frontier), 1)
        self.assertGreaterEqual(frontier.pop() * 1000, at("2026-03-04 12:00"))
        code, text, _ = world.ctl("status")
        self.assertEqual(code, 0)
        self.assertIn("2 dead letters", text)
        self.assertRegex(text, r"\nbilling +20 +0 +1 +0 +0 +3 Wed 2026-03-04 12:00")


class Reload(Case):
    """Rules change while messages are under way: each message by one set of rules, and no debtor forgotten."""

    SECOND = LADDER.replace("templates:", "  segundo: { day: D-2, tone: courtesy, via: [email], template: segundo }\ntemplates:") + (
        '  segundo: "{{nome}}, lembrete de {{valor}}. {{> credor}}"\n'
    )

    def write(self, world, text):
        path = world.folder / "rules.d" / "curta.yaml"
        path.with_suffix(".new").write_text(text)
        path.with_suffix(".new").rename(path)

    def test_a_new_step_reaches_those_who_wait_and_a_bad_file_nobody(self):
        world = self.world(clocked=True, start=START, ladders={"curta.yaml": LADDER})
        world.expected_errors += ["RELOAD-REJECTED"]
        world.start(live="lembrete")
        for number in range(10):
            issue(world, number)
        world.flush()
        world.clock.advance_to(at("2026-03-04 12:00"))
        before = world.status()["rules"]
        self.write(world, self.SECOND.replace("segundo }", "segund }"))
        code, out, _ = world.ctl("reload", "--wait")
        self.assertEqual(code, 1)
        self.assertIn('did you mean "segundo"', out)
        self.assertEqual(world.status()["rules"], before)
        world.clock.advance_to(at("2026-03-05 12:00"))
        self.write(world, self.SECOND)
        code, out, _ = world.ctl("reload", "--wait")
        self.assertEqual(code, 0, out)
        now = world.status()["rules"]
        self.assertNotEqual(now, before)
        world.go_live("segundo")
        world.clock.advance_to(at("2026-03-09 12:00"))
        steps = {(record.json["step"], record.json["rules"]) for record in world.ledger("decided")}
        self.assertEqual(steps, {("lembrete", before), ("segundo", now)})
        self.assertEqual(len(world.delivered()), 20)
        self.assert_just(world, at_least=20)

    def test_a_file_that_says_shadow_holds_what_is_queued(self):
        world = self.world(clocked=True, start=START, ladders={"curta.yaml": LADDER})
        site = world.folder / "regua.yaml"
        world.start(live="lembrete", roles="ingest,decide")
        issue(world, 0)
        world.flush()
        world.clock.set(at("2026-03-04 12:00"))
        world.wait(lambda: world.ledger("decided"), "it is queued")
        self.assertEqual([record.json["mode"] for record in world.ledger("decided")], ["live"])
        world.stop()
        site.write_text(site.read_text().replace("\nmode: live\n", "\nmode: shadow\n"))
        world.start()
        world.wait(lambda: any(channel["taken"] for channel in world.status()["channels"]), "its sender has it in hand")
        time.sleep(1)
        self.assertEqual((world.inbox.entries(), world.ledger("claim")), ([], []))
        site.write_text(site.read_text().replace("\nmode: shadow\n", "\nmode: live\n"))
        self.assertEqual(world.ctl("reload", "--wait")[0], 0)
        world.clock.advance_to(at("2026-03-04 14:00"))  # given back for a while, it is decided anew
        self.assertEqual(len(world.delivered("d0")), 1)

    def test_another_preset_between_two_messages(self):
        preset = (SHIPPED / "presets" / "sms-http.yaml").read_text().replace("preset: sms-http", "preset: eigen")
        lines = self.sms_lines
        world = self.world(clocked=True, start=START, ladders={"curta.yaml": LADDER.replace("[email]", "[sms]")})
        (world.folder / "presets").mkdir()
        (world.folder / "presets" / "eigen.yaml").write_text(preset)
        world.write_site(ladders={"curta.yaml": LADDER.replace("[email]", "[sms]")}, channels=lines(world))
        world.start(live="lembrete")
        for number in range(4):
            issue(world, number, due_on="2026-03-09" if number < 2 else "2026-03-11", sms=True)
        world.flush()
        world.clock.advance_to(at("2026-03-04 12:00"))
        (world.folder / "presets" / "eigen.yaml").write_text(preset.replace('text: "{{text}}"', 'text: "NOVO {{text}}"'))
        self.assertEqual(world.ctl("reload", "--wait")[0], 0)
        world.clock.advance_to(at("2026-03-06 12:00"))
        texts = {message.decision["debtor"]: message.text for message in world.delivered()}
        self.assertEqual({debtor: text.startswith("NOVO ") for debtor, text in texts.items()}, {"d0": False, "d1": False, "d2": True, "d3": True})
        self.assertEqual([line["channel"] for line in world.log() if line["event"] == "PRESET"], ["sms"])

    @staticmethod
    def sms_lines(world):
        return {"sms": f'{{ transport: http, internal: true, token: {{ file: token }}, preset: eigen, url: "{world.inbox.url("sms")}" }}'}


class Letters(Case):
    """What could not be read gets a second chance, and counts once however often it is sent."""

    def test_a_mended_mapping_reads_what_was_dead(self):
        world = self.world(clocked=True, start=START, ladders={"curta.yaml": LADDER})
        mapping = (SHIPPED / "mappings" / "asaas.yaml").read_text()
        (world.folder / "mappings").mkdir()
        (world.folder / "mappings" / "asaas.yaml").write_text(mapping.replace("PAYMENT_CREATED: invoice.issued, ", "").replace(
            "    PAYMENT_CREATED: invoice.issued\n", ""))
        self.assertNotEqual((world.folder / "mappings" / "asaas.yaml").read_text(), mapping)
        world.start(live="lembrete")
        world.event("debtor.updated", debtor="cus_1", name="Ana Souza", kind="person", state="SP",
                    contacts=[{"channel": "email", "address": "ana@cliente.example"}])
        world.asaas("created", "pay_1", "cus_1", value=159.9, due_on="2026-03-09")
        world.clock.advance_to(at("2026-03-03 12:00"))
        self.assertEqual([letter.headers["regua_reason"] for letter in world.deadletters()], [b"unmapped"])
        site = ("--config", str(world.folder / "regua.yaml"), "--shipped", str(SHIPPED))
        code, out, err = world.desk("deadletter", "list", *site)
        self.assertEqual(code, 0, err)
        self.assertRegex(out, r"unmapped +\S+\.asaas +1 ")
        world.stop()
        (world.folder / "mappings" / "asaas.yaml").unlink()
        world.start()
        for _ in range(2):
            code, out, err = world.desk("deadletter", "replay", "--reason", "unmapped", "--yes", *site)
            self.assertEqual((code, out), (0, "1 dead letter sent again\n"), err)
        world.clock.advance_to(at("2026-03-05 12:00"))
        self.assertEqual(len(world.delivered("cus_1")), 1)
        self.assertEqual(len(world.deadletters()), 1)
        retry = next(source for source in world.status()["sources"] if source["source"] == "regua.retry")
        self.assertEqual((retry["accepted"], retry["dead"]), (2, 0))
        self.assert_just(world, at_least=1)


# Stopping runs on real time, at any hour of any day.
NOW = """
language: 1
ladder: agora
title: Agora
owner: cobranca@provedor.example
priority: 10
calendar: sem-noite
mode: live
steps:
  atraso: { day: D+1, tone: reminder, via: [email], template: atraso, until: 300d, uncertain: resend }
templates:
  atraso: "{{nome}}, a fatura de {{valor}}, vencida em {{vencimento}}, está em aberto. {{> credor}}"
"""
STOP_S = 50


class Stop(Case):
    """SIGTERM while messages are under way: what is begun ends, what is only claimed is given back, and nothing is in doubt."""

    DEBTORS = 60

    def under_way(self, **slow):
        world = self.world(ladders={"agora.yaml": NOW}, calendars={"sem-noite.yaml": ALWAYS})
        world.inbox.fault("smtp", at="dot", **slow)
        world.start(live="atraso")
        due_on = time.strftime("%Y-%m-%d", time.gmtime(time.time() - 5 * 86400))
        for number in range(self.DEBTORS):
            issue(world, number, due_on=due_on)
        world.flush()
        world.wait(lambda: len(world.ledger("claim")) > 8, "messages are under way")
        return world

    def open_claims(self, world):
        ended = {record.json.get("claim") for record in world.ledger("outcome")}
        return {record.json["claim"] for record in world.ledger("claim")} - ended

    def test_nothing_is_left_open_and_the_rest_goes_out_later(self):
        world = self.under_way(delay_ms=1500)
        began = time.monotonic()
        world.stop()
        took = time.monotonic() - began
        self.assertLess(took, STOP_S)
        verdicts = [record.json["verdict"] for record in world.ledger("outcome")]
        print(f"ended in {took:.1f} s with {len(world.inbox.taken())} delivered; {sorted(set(verdicts))}", flush=True)
        self.assertEqual(self.open_claims(world), set())
        self.assertLess(len(world.inbox.taken()), self.DEBTORS)
        world.inbox.heal()
        world.start()
        world.wait(lambda: len(world.inbox.taken()) == self.DEBTORS, "the rest is sent", 60)
        self.assertNotIn("uncertain", [record.json["verdict"] for record in world.ledger("outcome")])
        self.assert_just(world, at_least=self.DEBTORS)

    def test_a_second_one_does_not_wait(self):
        world = self.under_way(delay_ms=20000)
        world.process.terminate()
        time.sleep(1)
        world.check_alive()  # it waits for what it has begun
        began = time.monotonic()
        world.stop()
        self.assertLess(time.monotonic() - began, 8)  # well below what is under way, however busy the machine
        self.assertNotEqual(self.open_claims(world), set())

    def test_a_neighbour_that_does_not_answer_is_not_waited_for_longer(self):
        world = self.under_way(delay_ms=1500)
        world.expected_errors += ["SHARD-", "redis", "Redis"]
        world.redis.process.send_signal(signal.SIGSTOP)
        self.addCleanup(world.redis.process.send_signal, signal.SIGCONT)
        time.sleep(1)
        began = time.monotonic()
        process, world.process = world.process, None
        self.assertEqual(servers.end(process, timeout=STOP_S + 5), 0)
        print(f"ended in {time.monotonic() - began:.1f} s without Redis", flush=True)


def world_prefix(text):
    """The prefix of a world's topics, from its regua.yaml."""
    return text.split("  group: ", 1)[1].split("\n", 1)[0]


if __name__ == "__main__":
    main()
