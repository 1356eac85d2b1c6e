"""One Régua in a temporary directory, with everything around it real: Kafka, Redis, SMTP, HTTP providers, the daemon itself.

    with World(clocked=True) as world:
        world.start()
        world.event("invoice.issued", invoice="F1", debtor="d1", due_on="2026-03-10", amount_cents=15990)
        world.clock.advance_to(at("2026-03-11 12:00"))
        world.inbox.taken()

A World publishes to topics of its own (their names begin with its prefix), so that tests share one Kafka. With `clocked` the
daemon is `reguad-clocked`, whose wall and shared clock are a page that world.clock turns, and only while nothing is under
way; without, it is the shipped `reguad` on real time. What tests assert is read from topics and inbox, not from the daemon.
"""
import collections
import contextlib
import dataclasses
import http.client
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time
import unittest
import uuid

import confluent_kafka
import confluent_kafka.admin

import servers
from daemon import OPERATOR, SHIPPED, TOKEN, Daemon
from driver import Clock
from topics import PATIENCE_S, QUIET, Topic, instant, local, shard_of

sys.path.insert(0, str(servers.ROOT / "tests" / "oracle"))
import judge  # noqa: E402 (the path is known only now)

SHARDS = 4
FIXTURES = servers.ROOT / "tests" / "fixtures"

SITE = """
language: 1
mode: live
creditors:
  provedor:
    name: Provedor Exemplo Ltda
    document: 12.345.678/0001-95
    address: "Rua das Flores 10, Campinas SP"
    email: cobranca@provedor.example
    phone: "+55 19 3000-0000"
    state: SP
services:
  internet: {{ sector: telecom, creditor: provedor }}
kafka:
  brokers: {brokers}
  group: {prefix}
  shards: {shards}
  create_topics: true
  topics: {{ {topics} }}
redis: {{ url: "{redis}" }}
sources:
  billing: {{ topic: {prefix}.billing, live: true, namespace: asaas }}
  asaas: {{ topic: {prefix}.asaas, format: json, mapping: asaas, namespace: asaas, live: true }}
channels:
{channels}
rules: [rules.d]
policy: policy.yaml
http:
  listen: "127.0.0.1:{port}"
  operators:
    {operator}: {{ token: {{ file: token }}, roles: [look, act] }}
log: {{ level: info, format: json }}
tuning: {{ session_timeout: 6s }}
"""

OWN_TOPICS = ("ledger", "people", "control", "actions", "messages", "signals", "retry", "deadletter")


@dataclasses.dataclass
class Message:
    """A message as it arrived, and the decision behind it."""

    entry: dict
    raw: bytes
    decision: dict

    @property
    def step(self):
        return self.decision["step"]

    @property
    def channel(self):
        return self.decision["channel"]

    @property
    def attempt(self):
        return self.decision.get("attempt", 1)

    @property
    def cycle(self):
        return self.decision["invoices"][0].get("cycle", 1)

    @property
    def at_ms(self):
        return self.entry["virtual_ms"] if self.entry["virtual_ms"] is not None else self.entry["at_ms"]

    @property
    def text(self):
        return self.entry["text"]


class World(Daemon):
    """See the module's text. Keyword arguments are what tests vary; everything else is as an installation would have it."""

    def __init__(
        self,
        *,
        clocked=False,
        start=None,
        kafka=None,
        mode="live",
        ladders=None,
        site=None,
        channels=None,
        inbox=(),
        redis=(),
        redis_login=None,
        tls=None,
        calendars=None,
    ):
        self.own_kafka = kafka is None
        self.kafka = kafka or servers.SharedKafka()
        self.prefix = "e2e-" + uuid.uuid4().hex[:8]
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="regua-e2e-"))
        self.readers = {}
        self.reactions = []
        self.serial = 0
        clock = Clock(self, self.folder / "clock", start if start is not None else int(time.time() * 1000)) if clocked else None
        super().__init__(self.folder / "regua.yaml", servers.quiet_port(), self.folder / "reguad.log", clock)
        self.redis = servers.Redis(self.folder / "redis", *redis, login=redis_login)
        self.authority = servers.Authority(self.folder / "ca") if tls is not None else None
        certificate = tls(self.authority) if tls is not None else None
        if certificate is not None:
            inbox = ("--tls-cert", str(certificate[0]), "--tls-key", str(certificate[1]), "--tls-required", *inbox)
        self.inbox = servers.Inbox(self.folder, *inbox, clock=self.clock.path if clocked else None)
        client = {"bootstrap.servers": self.kafka.bootstrap, "log_level": QUIET}
        self.producer = confluent_kafka.Producer(
            {**client, "enable.idempotence": True, "linger.ms": 0, "message.max.bytes": 4 << 20}
        )
        self.admin = confluent_kafka.admin.AdminClient(client)
        self.sources = {"billing": 3, "asaas": 2}
        # On real time an oracle asks when Kafka had a record; on the test's clock each record says itself when it came.
        settings = {
            "max.message.bytes": str(3 << 20),
            **({"retention.ms": "-1"} if clocked else {"message.timestamp.type": "LogAppendTime"}),
        }
        self.create_topics({self.topic(name): partitions for name, partitions in self.sources.items()}, **settings)
        for name, text in (calendars or {}).items():
            (self.folder / "calendars").mkdir(exist_ok=True)
            (self.folder / "calendars" / name).write_text(text)
        self.write_site(mode=mode, ladders=ladders, change=site, channels=channels)

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        self.close(failed=kind is not None)

    def close(self, failed=False):
        try:
            if self.process is not None:
                self.stop()
            if not failed:
                self.check_log()
        except AssertionError:
            failed = True
            raise
        finally:
            self.clear(failed)

    def clear(self, failed=False):
        """Ends and removes everything around the daemon, which has ended."""
        for reader in self.readers.values():
            reader.close()
        with contextlib.suppress(AssertionError, OSError):
            self.inbox.stop()
        with contextlib.suppress(AssertionError, OSError):
            self.redis.stop()
        names = [name for name in self.admin.list_topics(timeout=PATIENCE_S).topics if name.startswith(self.prefix + ".")]
        for future in self.admin.delete_topics(names, operation_timeout=30).values() if names else ():
            with contextlib.suppress(confluent_kafka.KafkaException):
                future.result()
        if self.own_kafka:
            self.kafka.close()
        if failed or os.environ.get("RG_E2E_KEEP"):
            print(f"kept: {self.folder}\n{self.log_tail()}", flush=True)
        else:
            shutil.rmtree(self.folder, ignore_errors=True)

    # ---- configuration ----

    def topic(self, name):
        return f"{self.prefix}.{name}"

    @staticmethod
    def shard_of(debtor):
        return shard_of(debtor, SHARDS)

    def create_topics(self, topics, **settings):
        new = [
            confluent_kafka.admin.NewTopic(name, num_partitions=partitions, replication_factor=1, config=settings)
            for name, partitions in topics.items()
        ]
        for future in self.admin.create_topics(new, operation_timeout=PATIENCE_S).values():
            future.result(PATIENCE_S)

    def default_channels(self):
        """Text of `channels:`; every provider is the inbox. Tests put their own lines in place of a channel's."""
        tls = f'tls: required, ca_file: "{self.authority.certificate}"' if self.authority else "tls: none"
        provider = "transport: http, internal: true, token: { file: token }, claim_time: 20s, timeout: 10s"
        return {
            "email": f'{{ transport: smtp, url: "smtp://127.0.0.1:{self.inbox.ports["smtp"]}", {tls}, evidence: delivered, '
            'from: "Provedor Exemplo <cobranca@provedor.example>", claim_time: 20s, timeout: 10s }',
            "sms": f'{{ {provider}, preset: sms-http, url: "{self.inbox.url("sms")}" }}',
            "whatsapp": f'{{ {provider}, preset: whatsapp-cloud, url: "{self.inbox.url("whatsapp")}", version: v23.0, '
            'phone_number_id: "1055500000000" }',
            "letter": f'{{ {provider}, preset: sms-http, url: "{self.inbox.url("letter")}" }}',
        }

    def write_site(self, mode="live", ladders=None, change=None, channels=None):
        """regua.yaml and what lies beside it. `ladders`: file name → text; none: the shipped internet_residencial. `change`: a
        function from the text of regua.yaml to the one wanted."""
        token = self.folder / "token"
        token.touch(mode=0o600)
        token.write_text(TOKEN + "\n")
        (self.folder / "rules.d").mkdir(exist_ok=True)
        lines = {**self.default_channels(), **(channels or {})}
        text = SITE.format(
            brokers=json.dumps(self.kafka.bootstrap.split(",")),
            prefix=self.prefix,
            shards=SHARDS,
            redis=self.redis.url,
            topics=", ".join(f"{name}: {self.topic(name)}" for name in OWN_TOPICS),
            port=self.port,
            operator=OPERATOR,
            channels="".join(f"  {name}: {line}\n" for name, line in lines.items() if line),
        )
        text = text.replace("\nmode: live\n", f"\nmode: {mode}\n")
        (self.folder / "regua.yaml").write_text(change(text) if change else text)
        shutil.copy(SHIPPED / "policy.yaml", self.folder / "policy.yaml")
        for path in (self.folder / "rules.d").iterdir():
            path.unlink()
        for name, ladder in (
            ladders or {"internet_residencial.yaml": (SHIPPED / "ladders" / "internet_residencial.yaml").read_text()}
        ).items():
            (self.folder / "rules.d" / name).write_text(ladder)

    def template(self, name, text):
        """An own template beside regua.yaml; `name` as a file name, "atraso.pt-BR.txt"."""
        (self.folder / "templates").mkdir(exist_ok=True)
        (self.folder / "templates" / name).write_text(text)

    # ---- upstream ----

    def now_ms(self):
        return self.clock.now if self.clocked else int(time.time() * 1000)

    def publish(self, topic, value, key=None, headers=None, timestamp_ms=None, partition=-1, flush=True):
        """A raw record. Its Kafka timestamp is the daemon's clock, so that oracles know what upstream held at an instant."""
        reports = []
        self.producer.produce(
            self.topic(topic),
            value=value,
            key=key,
            headers=headers or [],
            partition=partition,
            timestamp=timestamp_ms if timestamp_ms is not None else self.now_ms(),
            on_delivery=lambda error, message: reports.append((error, message)),
        )
        if not flush:
            return None
        assert self.producer.flush(PATIENCE_S) == 0, "Kafka takes nothing"
        assert reports[0][0] is None, reports[0][0]
        return reports[0][1]

    def event(
        self, type_, *, topic="billing", binary=False, id_=None, time_ms=None, source="/e2e/billing", key=None, flush=True, **data
    ):
        """A CloudEvent of ours; `data` are its fields."""
        self.serial += 1
        attributes = {
            "specversion": "1.0",
            "id": id_ or f"{self.prefix}-{self.serial}",
            "source": source,
            "type": "regua." + type_,
            "time": instant(time_ms if time_ms is not None else self.now_ms()),
        }
        key = key or data.get("debtor") or data.get("invoice") or data.get("action")
        if binary:
            headers = [("ce_" + name, value) for name, value in attributes.items()] + [("content-type", "application/json")]
            return self.publish(topic, json.dumps(data), key, headers, flush=flush)
        envelope = {**attributes, "datacontenttype": "application/json", "data": data}
        return self.publish(topic, json.dumps(envelope), key, [("content-type", "application/cloudevents+json")], flush=flush)

    def asaas(self, word, invoice, customer, *, value, due_on, id_=None, flush=True, **payment):
        """A webhook of Asaas: the fixture of that name with ids, dates and amounts of the test's."""
        self.serial += 1
        webhook = json.loads((FIXTURES / "asaas" / f"{word}.json").read_text(encoding="utf-8"))["webhook"]
        now = local(self.now_ms())
        webhook["id"] = id_ or f"evt_{self.prefix}_{self.serial}"
        webhook["dateCreated"] = now.strftime("%Y-%m-%d %H:%M:%S")
        webhook["payment"].update(
            {
                "id": invoice,
                "customer": customer,
                "value": value,
                "dueDate": due_on,
                "originalDueDate": due_on,
                "dateCreated": now.strftime("%Y-%m-%d"),
                "invoiceUrl": f"https://www.asaas.com/i/{invoice}",
            }
        )
        for name in ("paymentDate", "clientPaymentDate", "confirmedDate"):
            if webhook["payment"].get(name) is not None:
                webhook["payment"][name] = now.strftime("%Y-%m-%d")
        webhook["payment"].update(payment)
        return self.publish("asaas", json.dumps(webhook), invoice, flush=flush)

    def flush(self):
        assert self.producer.flush(PATIENCE_S) == 0, "Kafka takes nothing"

    # ---- what came out ----

    def read(self, name):
        """All records of one of our topics, by its short name: "ledger", "signals", "actions.email"."""
        if name not in self.readers:
            self.readers[name] = Topic(self.kafka.bootstrap, self.topic(name))
        return self.readers[name].all()

    def end_of(self, name, partition):
        """Where a partition ends now."""
        if name not in self.readers:
            self.readers[name] = Topic(self.kafka.bootstrap, self.topic(name))
        return self.readers[name].end(partition)

    def ledger(self, *kinds, debtor=None):
        return [
            record
            for record in self.read("ledger")
            if (not kinds or record.kind in kinds) and (debtor is None or record.key == debtor.encode())
        ]

    def signals(self, debtor=None):
        return [record.json for record in self.read("signals") if debtor is None or record.key == debtor.encode()]

    def delivered(self, debtor=None):
        """What arrived in the inbox, in order, each with the decision it came from: the bytes lie in regua.messages under the
        action's id, and the ledger says what that was. Messages of the same bytes go to their claims in order."""
        decisions = {record.json["action"]: record.json for record in self.ledger("decided")}
        claims = collections.defaultdict(list)
        for record in self.ledger("claim"):
            claims[record.json.get("message_key")].append(record.json)
        waiting = collections.defaultdict(list)
        for record in self.read("messages"):
            waiting[record.value] += claims.get(record.key.decode(), ())
        found = []
        for entry in self.inbox.taken():
            raw = self.inbox.raw(entry["n"])
            assert waiting[raw], f"message {entry['n']} to {entry['to']} belongs to no claim:\n{raw.decode(errors='replace')}"
            claim = min(waiting[raw], key=lambda claim: claim["at_ms"])
            waiting[raw].remove(claim)
            found.append(Message(entry, raw, decisions[claim["action"]]))
        return [message for message in found if debtor is None or message.decision["debtor"] == debtor]

    def judge(self):
        """The oracle's findings over everything that happened in this world, and how many messages it judged."""
        court = judge.Judge(
            self.read("ledger"),
            self.read("messages"),
            self.read("signals"),
            {source: self.read(source) for source in self.sources},
            self.inbox.everything(),
        )
        return court.run(), court.judged

    def deadletters(self):
        return self.read("deadletter")

    def wait(self, condition, what, timeout=PATIENCE_S):
        """For real time: until `condition()` is true; returns what it gave."""
        deadline = time.monotonic() + timeout
        while True:
            found = condition()
            if found:
                return found
            if self.process is not None:
                self.check_alive()
            assert time.monotonic() < deadline, f"{what}: not within {timeout} s\n{self.log_tail()}"
            time.sleep(0.02)


class Case(unittest.TestCase):
    """A test case whose worlds end with it, and are kept for looking at when it failed."""

    def world(self, **options):
        world = World(**options)
        self.addCleanup(lambda: world.close(failed=not self._outcome.success))
        return world

    def assert_just(self, world, at_least=0):
        """The oracle has nothing to say."""
        findings, judged = world.judge()
        self.assertEqual(findings, [])
        self.assertGreaterEqual(judged, at_least)


def main():
    """What the test files call: unittest, without buffering, so that a time-out still shows how far it came."""
    unittest.main(verbosity=2, failfast=bool(os.environ.get("RG_E2E_FAILFAST")))
