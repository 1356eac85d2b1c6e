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
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest
import uuid

import confluent_kafka
import confluent_kafka.admin

import servers
from driver import Clock
from topics import PATIENCE_S, QUIET, Topic, instant, local

sys.path.insert(0, str(servers.ROOT / "tests" / "oracle"))
import judge  # noqa: E402 (the path is known only now)

SHARDS = 4
SHIPPED = servers.ROOT / "config" / "shipped"
FIXTURES = servers.ROOT / "tests" / "fixtures"
WATCHDOG_S = 30
OPERATOR = "tester"
TOKEN = "a-token-of-the-tests-and-of-nothing-else"

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
tuning: {{ decide_workers: 2, session_timeout: 6s }}
"""

OWN_TOPICS = ("ledger", "people", "control", "actions", "messages", "signals", "retry", "deadletter")


class Notified:
    """What one daemon tells systemd, heard as it is told: whoever does not listen holds it up."""

    def __init__(self, path):
        self.path = path
        path.unlink(missing_ok=True)
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(str(path))
        self.heard = [(time.monotonic(), "")]
        threading.Thread(target=self._hear, daemon=True).start()

    def _hear(self):
        with contextlib.suppress(OSError):
            while text := self.socket.recv(4096).decode():
                self.heard.append((time.monotonic(), text))

    def environment(self):
        return {"NOTIFY_SOCKET": str(self.path), "WATCHDOG_USEC": str(WATCHDOG_S * 1000000)}

    def close(self):
        """Full load, lost neighbours, reloads: nothing of that is a hang, so systemd would never have ended it."""
        self.heard.append((time.monotonic(), ""))
        self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()
        stopping = next((at for at, text in self.heard if "STOPPING=1" in text), self.heard[-1][0])
        told = [self.heard[0][0], *(at for at, text in self.heard if "WATCHDOG=1" in text), stopping]
        longest = max(after - before for before, after in zip(told, told[1:]))
        assert longest < WATCHDOG_S, f"for {longest:.1f} s the watchdog was told nothing"


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


class World:
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
        tls=None,
        calendars=None,
    ):
        self.clocked = clocked
        self.own_kafka = kafka is None
        self.kafka = kafka or servers.SharedKafka()
        self.prefix = "e2e-" + uuid.uuid4().hex[:8]
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="regua-e2e-"))
        self.process = None
        self.notified = None
        self.readers = {}
        self.reactions = []
        self.expected_errors = []
        self.serial = 0
        self.port = servers.quiet_port()
        self.log_path = self.folder / "reguad.log"
        self.redis = servers.Redis(self.folder / "redis", *redis)
        self.clock = (
            Clock(self, self.folder / "clock", start if start is not None else int(time.time() * 1000)) if clocked else None
        )
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
            self._close_rest(failed)

    def _close_rest(self, failed):
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

    # ---- the daemon ----

    def command(self, *arguments):
        program = servers.program("reguad-clocked" if self.clocked else "reguad")
        clock = ["--clock", str(self.clock.path)] if self.clocked else []
        return [program, *clock, "--config", str(self.folder / "regua.yaml"), "--shipped", str(SHIPPED), *arguments]

    def start(self, ready=True, live=None, roles=None):
        """Starts the daemon; with `ready` waits until it says so, and with `live` goes live up to that step."""
        self.notified = Notified(self.folder / "notify")
        with self.log_path.open("ab") as log:
            self.process = subprocess.Popen(
                self.command(*(["--roles", roles] if roles else [])),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                preexec_fn=servers.die_with_parent,
                env={**os.environ, **self.notified.environment()},
            )
        if ready:
            self.wait_ready()
        if live is not None:
            self.go_live(live)
        return self

    def run_to_end(self, timeout=PATIENCE_S):
        """For a start that must fail: (exit status, what it said)."""
        done = subprocess.run(
            self.command(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
            preexec_fn=servers.die_with_parent,
        )
        return done.returncode, done.stdout + done.stderr

    def stop(self):
        process, self.process = self.process, None
        status = servers.end(process)
        assert status == 0, f"reguad ended with {status}:\n{self.log_tail()}"
        self.notified.close()

    def kill(self):
        """As by kill -9 or a power cut: no goodbye to anybody."""
        self.process.kill()
        self.process.wait()
        self.process = None
        self.notified.close()

    def check_alive(self):
        assert self.process is not None and self.process.poll() is None, f"the daemon has ended:\n{self.log_tail()}"

    def wait_ready(self, timeout=PATIENCE_S):
        deadline = time.monotonic() + timeout
        while True:
            self.check_alive()
            with contextlib.suppress(OSError, http.client.HTTPException):
                status, body = self.http("/readyz")
                if status == 200:
                    return
                assert time.monotonic() < deadline, f"not ready after {timeout} s: {body}\n{self.log_tail()}"
            assert time.monotonic() < deadline, f"does not answer after {timeout} s\n{self.log_tail()}"
            time.sleep(0.02)

    def log(self):
        """The daemon's lines, parsed; what is no JSON becomes {"text": …}."""
        lines = []
        for line in self.log_path.read_text(errors="replace").splitlines() if self.log_path.exists() else ():
            try:
                lines.append(json.loads(line))
            except ValueError:
                lines.append({"level": "raw", "event": "", "text": line})
        return lines

    def log_tail(self, count=60):
        if not self.log_path.exists():
            return "(no log)"
        lines = [line for line in self.log_path.read_text(errors="replace").splitlines() if "has one replica" not in line]
        return "\n".join(lines[-count:])

    def check_log(self):
        """An error that no test has expected fails it; so does anything that is no line of the log (sanitizers speak so)."""
        wrong = [
            line
            for line in self.log()
            if line["level"] in ("error", "raw")
            and not any(word in line["event"] + " " + line["text"] for word in self.expected_errors)
        ]
        assert not wrong, "unexpected lines in the log:\n" + "\n".join(json.dumps(line) for line in wrong[:20])

    # ---- the admin port ----

    def http(self, path, method="GET", body=None, token=TOKEN):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        if body is not None:
            headers["Content-Type"] = "application/json"
        try:
            connection.request(method, path, body=None if body is None else json.dumps(body), headers=headers)
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        finally:
            connection.close()

    def status(self):
        code, body = self.http("/api/v1/status")
        assert code == 200, (code, body)
        return json.loads(body)

    def ctl(self, *arguments):
        """reguactl of this daemon; (exit status, standard output, standard error)."""
        return self.desk(*arguments, "--url", f"http://127.0.0.1:{self.port}", "--token-file", str(self.folder / "token"))

    @staticmethod
    def desk(*arguments):
        """reguactl without a daemon."""
        command = [servers.program("reguactl"), *arguments]
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
            check=False,
            env={**os.environ, "NO_COLOR": "1"},
        )
        return done.returncode, done.stdout, done.stderr

    def go_live(self, step):
        status, body = self.http("/api/v1/go-live", "POST", {"max_step": step, "reason": "end-to-end test"})
        assert status == 200, body
        deadline = time.monotonic() + PATIENCE_S
        while self.status().get("live_max_step") != step:  # an act takes effect when it is read back
            assert time.monotonic() < deadline, f"going live did not take effect: {self.status()}"
            time.sleep(0.02)

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
        inbox = [{**entry, "raw": self.inbox.raw(entry["n"])} for entry in self.inbox.entries()]
        court = judge.Judge(
            self.read("ledger"),
            self.read("messages"),
            self.read("signals"),
            {source: self.read(source) for source in self.sources},
            inbox,
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
