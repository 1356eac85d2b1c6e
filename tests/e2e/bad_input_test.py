"""Bad input at any door gets a clear answer and harms nothing else."""
import contextlib
import json
import socket
import threading
import time

import servers
from regua_e2e import Case, SHARDS, main
from topics import at

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
JSON = [("content-type", "application/cloudevents+json")]


def envelope(**changes):
    event = {
        "specversion": "1.0",
        "id": "x1",
        "source": "/e2e",
        "type": "regua.invoice.issued",
        "time": "2026-03-02T10:00:00Z",
        "datacontenttype": "application/json",
        "data": {"invoice": "B1", "debtor": "bad", "due_on": "2026-03-10", "amount_cents": 100},
    }
    event.update(changes)
    return {name: value for name, value in event.items() if value is not None}


def with_data(**changes):
    data = {**envelope()["data"], **changes}
    return envelope(data={name: value for name, value in data.items() if value is not ...})


class Events(Case):
    """Records upstream should not have written, among good ones."""

    # what is published, the reason and words that a person finds in the detail
    ROWS = [
        ("a half object", b'{"specversion": "1.0", ', "bad_json", []),
        ("two documents", b"{}{}", "bad_json", []),
        ("no JSON at all", b"\x00\xff\xfe", "bad_json", []),
        ("an array", b"[1, 2]", "bad_envelope", []),
        ("no type", envelope(type=None), "bad_envelope", ["type"]),
        ("no id", envelope(id=None), "bad_envelope", ["id"]),
        ("another version", envelope(specversion="0.3"), "bad_envelope", ["0.3"]),
        ("a time that is none", envelope(time="yesterday"), "bad_envelope", ["time"]),
        ("an unknown type", envelope(type="regua.invoice.isued"), "unknown_type", ["invoice.isued", "invoice.issued"]),
        ("another's type", envelope(type="com.example.order"), "unknown_type", ["com.example.order"]),
        ("no debtor", with_data(debtor=...), "missing_field", ["debtor"]),
        ("an amount as text", with_data(amount_cents="159,90"), "bad_field", ["amount_cents"]),
        ("an amount with a fraction", with_data(amount_cents=159.9), "bad_field", ["amount_cents"]),
        ("a negative amount", with_data(amount_cents=-5), "bad_field", ["amount_cents"]),
        ("a day that does not exist", with_data(due_on="2026-02-30"), "bad_field", ["due_on"]),
        ("another currency", with_data(currency="USD"), "bad_field", ["currency"]),
        ("an id with a line break", with_data(invoice="F\n1"), "bad_field", ["invoice"]),
        ("a service nobody sells", with_data(service="intenet"), "bad_field", ["service", "internet"]),
        ("an event of one MiB", with_data(description="x" * (1 << 20)), "too_large", []),
        ("too long a text", with_data(description="x" * 600), "bad_field", ["description"]),
    ]

    def test_each_goes_to_the_dead_letters_with_its_reason(self):
        world = self.world(clocked=True, start=START, ladders={"curta.yaml": LADDER})
        world.start(live="lembrete")
        places = {}
        for number, (name, value, _, _) in enumerate(self.ROWS):
            raw = value if isinstance(value, bytes) else json.dumps(value).encode()
            message = world.publish("billing", raw, f"k{number}", JSON + [("trace", b"t-%d" % number)], partition=number % 3)
            places[name] = (
                f"{message.topic()}/{message.partition()}/{message.offset()}",
                raw,
                f"k{number}".encode(),
                b"t-%d" % number,
            )
            # A good one between any two: on the same partition, behind the bad one.
            world.event(
                "invoice.issued",
                invoice=f"G{number}",
                debtor=f"bom{number}",
                due_on="2026-03-09",
                amount_cents=15990,
                key=f"k{number}",
                debtor_details={
                    "name": "Bom",
                    "kind": "person",
                    "state": "SP",
                    "contacts": [{"channel": "email", "address": f"bom{number}@cliente.example"}],
                },
            )
        asaas = world.publish(
            "asaas",
            json.dumps(
                {"id": "evt_1", "event": "PAYMENT_TELEPORTED", "dateCreated": "2026-03-02 10:00:00", "payment": {"id": "pay_1"}}
            ),
        )
        world.clock.advance_to(at("2026-03-04 12:00"))

        letters = {letter.headers["regua_source"].decode(): letter for letter in world.deadletters()}
        self.assertEqual(len(letters), len(self.ROWS) + 1)
        status = world.status()
        self.assertEqual(status["dead"], len(letters))
        self.assertEqual({source["source"]: source["dead"] for source in status["sources"]}, {"billing": len(self.ROWS), "asaas": 1, "regua.retry": 0})
        for name, _, reason, words in self.ROWS:
            place, raw, key, trace = places[name]
            with self.subTest(name=name):
                letter = letters[place]
                detail = letter.headers["regua_detail"].decode()
                print(f"{name}: {letter.headers['regua_reason'].decode()}: {detail}", flush=True)
                self.assertEqual(letter.headers["regua_reason"].decode(), reason, detail)
                for word in words:
                    self.assertIn(word, detail)
                self.assertGreater(len(detail), 10)
                self.assertEqual((letter.value, letter.key, letter.headers["trace"]), (raw, key, trace))
                self.assertTrue(letter.headers["regua_at"].decode().endswith("Z"))
        letter = letters[f"{asaas.topic()}/{asaas.partition()}/{asaas.offset()}"]
        self.assertEqual(letter.headers["regua_reason"], b"unmapped")
        self.assertIn("PAYMENT_TELEPORTED", letter.headers["regua_detail"].decode())
        self.assertEqual(
            sorted(message.decision["debtor"] for message in world.delivered()),
            sorted(f"bom{number}" for number in range(len(self.ROWS))),
        )
        self.assert_just(world, at_least=len(self.ROWS))

    def test_the_same_event_twice_counts_once(self):
        world = self.world(clocked=True, start=START, ladders={"curta.yaml": LADDER})
        world.start(live="lembrete")
        for _ in range(3):
            world.event(
                "invoice.issued",
                id_="same",
                time_ms=START,
                invoice="F1",
                debtor="ana",
                due_on="2026-03-09",
                amount_cents=15990,
                debtor_details={
                    "name": "Ana",
                    "kind": "person",
                    "state": "SP",
                    "contacts": [{"channel": "email", "address": "ana@cliente.example"}],
                },
            )
            world.event("payment.confirmed", id_="same-payment", time_ms=START, invoice="F1", amount_cents=5000)
        world.clock.advance_to(at("2026-03-04 12:00"))
        (message,) = world.delivered("ana")
        self.assertIn("109,90", message.text)
        self.assert_just(world, at_least=1)

    def test_an_invoice_cannot_change_its_debtor(self):
        world = self.world(clocked=True, start=START, ladders={"curta.yaml": LADDER})
        world.start(live="lembrete")
        for debtor in ("ana", "bia"):
            world.event(
                "invoice.issued",
                invoice="F1",
                debtor=debtor,
                due_on="2026-03-09",
                amount_cents=15990,
                debtor_details={
                    "name": debtor,
                    "kind": "person",
                    "state": "SP",
                    "contacts": [{"channel": "email", "address": f"{debtor}@cliente.example"}],
                },
            )
            world.clock.settle()
        world.clock.advance_to(at("2026-03-04 12:00"))
        (letter,) = world.deadletters()
        self.assertEqual(letter.headers["regua_reason"], b"conflict")
        self.assertIn("F1", letter.headers["regua_detail"].decode())
        self.assertEqual(world.inbox.entries(), [])  # held until people have looked


class Starts(Case):
    """What would lose state or records is refused; what is not there yet is waited for."""

    def refused(self, world, status, *words):
        code, says = world.run_to_end()
        self.assertEqual(code, status, says)
        for word in words:
            self.assertIn(word, says)
        return says

    def test_a_redis_that_may_evict(self):
        world = self.world(redis=("--maxmemory", "64mb", "--maxmemory-policy", "allkeys-lru"))
        self.refused(world, 4, "allkeys-lru", "noeviction")

    def test_a_ledger_that_would_lose_records(self):
        for setting, value, words in [
            ("retention.ms", "604800000", ["retention.ms", "604800000"]),
            ("cleanup.policy", "compact", ["cleanup.policy"]),
            ("retention.bytes", "1000000", ["retention.bytes"]),
        ]:
            with self.subTest(setting=setting):
                world = self.world()
                good = {"message.timestamp.type": "LogAppendTime", "retention.ms": "-1", "max.message.bytes": "1048588"}
                world.create_topics({world.topic("ledger"): SHARDS}, **{**good, setting: value})
                self.refused(world, 4, world.topic("ledger"), *words)

    def test_another_number_of_shards(self):
        world = self.world()
        world.start()
        world.stop()
        world.write_site(
            change=lambda text: text.replace(f"shards: {SHARDS}", "shards: 8").replace(
                "create_topics: true", "create_topics: false"
            )
        )
        self.refused(world, 4, "8", str(SHARDS))

    def waits_for(self, world, word):
        """Not ready for lack of `word`: says so, and goes on trying."""
        status, body = world.wait(lambda: self.readiness(world, word), f"not ready for lack of {word}", 30)
        self.assertEqual(status, 503)
        time.sleep(1.5)
        self.assertEqual(world.http("/livez")[0], 200)
        self.assertEqual(world.http("/readyz")[0], 503)
        world.check_alive()
        self.assertTrue(any(word in line["text"].lower() for line in world.log() if line["level"] == "warning"), world.log_tail())

    @staticmethod
    def readiness(world, word):
        with contextlib.suppress(OSError):
            status, body = world.http("/readyz?verbose=1")
            return (status, body) if word in body.lower() else None

    def test_redis_that_is_not_there_yet(self):
        world = self.world(ladders={"curta.yaml": LADDER})
        world.redis.stop()
        world.start(ready=False)
        self.waits_for(world, "redis")
        world.redis.start()
        world.wait_ready()

    def test_kafka_that_is_not_there_yet(self):
        world = self.world(ladders={"curta.yaml": LADDER})
        door = Door(world.kafka.bootstrap)
        self.addCleanup(door.close)
        world.write_site(
            ladders={"curta.yaml": LADDER},
            change=lambda text: text.replace(json.dumps([world.kafka.bootstrap]), json.dumps([door.address])),
        )
        world.start(ready=False)
        self.waits_for(world, "kafka")
        door.open()
        world.wait_ready()


class Door:
    """A port that refuses until it is opened, and then leads to Kafka. The broker's own address is told by its answers: only
    the first connection goes through here."""

    def __init__(self, target):
        host, _, port = target.rpartition(":")
        self.target = (host, int(port))
        self.port = servers.quiet_port()
        self.listener = None

    @property
    def address(self):
        return f"127.0.0.1:{self.port}"

    def open(self):
        self.listener = socket.create_server(("127.0.0.1", self.port))
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            try:
                near, _ = self.listener.accept()
            except OSError:
                return
            far = socket.create_connection(self.target)
            for source, sink in ((near, far), (far, near)):
                threading.Thread(target=self._carry, args=(source, sink), daemon=True).start()

    @staticmethod
    def _carry(source, sink):
        with contextlib.suppress(OSError):
            while chunk := source.recv(65536):
                sink.sendall(chunk)
        for end in (source, sink):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def close(self):
        if self.listener is not None:
            self.listener.close()


class Yaml(Case):
    """Mistakes in what people write: exit 2 at start, with file, line, column, caret and a suggestion."""

    def test_a_typo_in_a_ladder(self):
        world = self.world(ladders={"curta.yaml": LADDER.replace("template: lembrete }", "tempalte: lembrete }")})
        says = self.starts_not(world)
        line = next(number for number, text in enumerate(LADDER.splitlines(), 1) if "template: lembrete" in text)
        self.assertRegex(says, rf"rules\.d/curta\.yaml:{line}:\d+: error: .*tempalte")
        self.assertIn('did you mean "template"', says)
        self.assertRegex(says, r"\n +\^")

    def test_a_typo_in_the_main_file(self):
        world = self.world(ladders={"curta.yaml": LADDER}, site=lambda text: text.replace("create_topics", "creat_topics"))
        says = self.starts_not(world)
        self.assertRegex(says, r"regua\.yaml:\d+:\d+: error: .*creat_topics")
        self.assertIn('did you mean "create_topics"', says)

    def test_a_step_whose_template_does_not_exist(self):
        world = self.world(ladders={"curta.yaml": LADDER.replace("template: lembrete }", "template: lembrette }")})
        says = self.starts_not(world)
        self.assertRegex(says, r"curta\.yaml:\d+:\d+: error: .*lembrette")
        self.assertIn("lembrete", says)
        self.assertIn("[unknown-template]", says)

    def starts_not(self, world):
        code, says = world.run_to_end(timeout=20)
        print(says, flush=True)
        self.assertEqual(code, 2, says)
        return says


if __name__ == "__main__":
    main()
