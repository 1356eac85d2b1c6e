"""What reguad holds out: a million debtors who wait, a backlog of two million events, a provider that is dead while a hundred
thousand messages wait for it; and how soon it decides again after a stop and after a kill.

One installation goes through all of it, one after the other. What the daemon takes is read from the kernel, what Redis takes from
Redis; what was decided and delivered from topics and inbox.
"""
import asyncio
import json
import pathlib
import sys
import threading
import time

sys.path[:0] = [str(pathlib.Path(__file__).resolve().parents[1] / "e2e")]
import servers  # noqa: E402 (the path is known only now)
from daemon import WATCHDOG_S  # noqa: E402
from regua_e2e import SHARDS, World  # noqa: E402
from report import Bench, memory_mib  # noqa: E402
from topics import ALWAYS, Topic, awake, instant, local, shard_of  # noqa: E402

LADDER = """
language: 1
ladder: agora
title: Agora
owner: cobranca@provedor.example
priority: 10
calendar: sem-noite
mode: live
defaults: { via: [whatsapp, email] }
steps:
  lembrete: { day: D+1, tone: reminder, template: lembrete, until: 300d }
templates:
  lembrete: "{{nome}}, a fatura de {{valor}}, vencida em {{vencimento}}, está em aberto. {{> credor}}"
"""
STEP = "lembrete"
MEMORY_MIB = 512  # of the daemon, whatever waits
DECIDES_S = 3.0  # from SIGTERM, and start, to the first new decision
SESSION_S = 6  # a killed member's shards wait so long for its group
CLAIM = "claim_time: 20s, timeout: 10s, concurrency: 64"
PATIENCE_S = 1800
AMOUNT_CENTS = 15990
DAY_MS = 86400_000
ENVELOPE = [("content-type", "application/cloudevents+json")]
DEAR = {"scan", "keys"}  # commands of who searches


class Watch(threading.Thread):
    """The most that the daemon and Redis took since `restart`."""

    def __init__(self, world):
        super().__init__(daemon=True)
        self.world = world
        self.over = threading.Event()
        self.restart()

    def restart(self):
        self.daemon_mib = self.redis_mib = 0.0

    def run(self):
        while not self.over.wait(0.25):
            process = self.world.process
            try:
                self.daemon_mib = max(self.daemon_mib, memory_mib(process.pid)[0])
                self.redis_mib = max(self.redis_mib, used_mib(self.world))
            except (AttributeError, OSError, ValueError, servers.RedisError):
                continue  # it is not there at the moment


class Door(threading.Thread):
    """Where the provider is reached: nobody is there until `open`, and then what comes goes on to the inbox."""

    def __init__(self, port, to):
        super().__init__(daemon=True)
        self.port, self.to = port, to
        self.opened = threading.Event()

    def run(self):
        asyncio.run(self._serve())

    async def _serve(self):
        server = await asyncio.start_server(self._one, "127.0.0.1", self.port)
        self.opened.set()
        await server.serve_forever()

    async def _one(self, reader, writer):
        there = await asyncio.open_connection("127.0.0.1", self.to)
        await asyncio.gather(self._pour(reader, there[1]), self._pour(there[0], writer), return_exceptions=True)

    @staticmethod
    async def _pour(reader, writer):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
        writer.close()


def used_mib(world):
    return int(info(world, "memory")["used_memory"]) / 2**20


def info(world, section):
    lines = world.redis.ask("INFO", section).decode().splitlines()
    return dict(line.split(":", 1) for line in lines if ":" in line)


class Upstream:
    """Publishes fast: what differs between events is put into a text."""

    def __init__(self, bench, world):
        self.bench, self.world = bench, world
        self.serial = 0
        self.state = awake()
        now = int(time.time() * 1000)
        self.time = instant(now)
        self.late = local(now - 5 * DAY_MS).strftime("%Y-%m-%d")
        self.early = local(now + 20 * DAY_MS).strftime("%Y-%m-%d")

    def say(self, type_, key, data):
        self.serial += 1
        text = (
            f'{{"specversion":"1.0","id":"load-{self.serial}","source":"/load","type":"regua.{type_}","time":"{self.time}",'
            f'"datacontenttype":"application/json","data":{data}}}'
        )
        while True:
            try:
                self.world.producer.produce(self.world.topic("billing"), value=text, key=key, headers=ENVELOPE)
                return
            except BufferError:
                self.world.producer.poll(0.1)

    def invoice(self, number, channel, due_on):
        address = f"d{number}@cliente.example" if channel == "email" else f"+5511{900000000 + number}"
        self.say(
            "invoice.issued",
            f"d{number}",
            f'{{"invoice":"F{number}","debtor":"d{number}","due_on":"{due_on}","amount_cents":{AMOUNT_CENTS},"debtor_details":'
            f'{{"name":"Devedor {number}","kind":"person","state":"{self.state}",'
            f'"contacts":[{{"channel":"{channel}","address":"{address}"}}]}}}}',
        )

    def payment(self, number):
        self.say(
            "payment.confirmed",
            f"d{number}",
            f'{{"invoice":"F{number}","debtor":"d{number}","payment":"P{number}","amount_cents":{AMOUNT_CENTS}}}',
        )

    def note(self, number):
        self.say("bill.opened", f"d{number}", f'{{"invoice":"F{number}","debtor":"d{number}"}}')

    def all(self, what, calls, count):
        for done, call in enumerate(calls):
            call[0](*call[1:])
            if done % 10000 == 0:
                self.bench.progress(what, done, count)
                self.world.producer.poll(0)
        self.world.flush_all()
        return count


class Load:
    """The installation and what is done to it."""

    def __init__(self, bench, world):
        self.bench, self.world, self.options = bench, world, bench.options
        self.upstream = Upstream(bench, world)
        self.watch = Watch(world)
        self.watch.start()
        self.people = 0  # so many have an invoice

    # ---- what is awaited ----

    def known(self):
        """All that upstream said is folded."""
        state = self.world.status()
        billing = next(source for source in state["sources"] if source["source"] == "billing")
        read = billing["partitions_read"] > 0 and all(
            part["next"] >= self.world.end_of("billing", part["partition"]) for part in billing["partitions"]
        )
        assert state["dead"] == 0, "events became dead letters"
        return read and all(shard["lag"] == 0 and shard["state"] == "running" for shard in state["shards"])

    def wait(self, what, until, progress=None):
        deadline = time.monotonic() + PATIENCE_S
        while not until():
            self.world.check_alive()
            assert time.monotonic() < deadline, f"not within {PATIENCE_S} s: {what}"
            self.bench.progress(what, *(progress() if progress else ()))
            time.sleep(0.5)

    def ledger_end(self):
        return sum(self.world.end_of("ledger", shard) for shard in range(SHARDS))

    def arrived(self):
        return json.loads(self.world.inbox.ask("/inbox.json?limit=1&short=1")[1])["last"]

    # ---- parts ----

    def take(self, name, what, calls, count):
        """Has `count` events published while the daemon is away, and folded when it is back; their peak of memory."""
        self.upstream.all(f"{what}: publishing", calls, count)
        before = self.ledger_end()
        self.watch.restart()
        began = time.monotonic()
        self.world.start(ready=False)
        self.wait(f"{what}: folding", lambda: self.world.is_ready() and self.known())
        seconds = time.monotonic() - began
        self.bench.figure(f"{name}: events folded", "/s").add(count / seconds)
        self.bench.figure(f"{name}: ledger records written", "").add(self.ledger_end() - before)
        self.bench.figure(f"{name}: daemon's memory, at most", "MiB", at_most=MEMORY_MIB).add(self.watch.daemon_mib)

    def waiting(self):
        count = self.options.waiting
        self.take("waiting", "debtors who wait", ((self.upstream.invoice, n, "email", self.upstream.early) for n in range(count)), count)
        self.people = count
        self.bench.figure("waiting: Redis, a debtor", "B").add(used_mib(self.world) * 2**20 / count)
        time.sleep(5)
        self.watch.restart()
        time.sleep(5)
        self.bench.figure("waiting: daemon's memory at rest", "MiB").add(self.watch.daemon_mib)

    def restarts(self, name, end, at_most):
        """From the end of the process to the first decision of the next one, for somebody who became due meanwhile."""
        took = self.bench.figure(f"{name} and start, to the first new decision", "s", at_most=at_most)
        searched = self.bench.figure("… Redis commands until then", "")
        topic = Topic(self.world.kafka.bootstrap, self.world.topic("ledger"))
        topic.read()
        for turn in range(self.options.restarts):
            self.bench.progress(f"{name}, then start", turn, self.options.restarts)
            self.upstream.invoice(self.people, "email", self.upstream.late)
            self.people += 1
            before = commands(self.world)
            began = time.monotonic()
            end()
            self.world.flush_all()
            self.world.start(ready=False)
            while not any(record.kind == "decided" for record in topic.news(0.02)):
                self.world.check_alive()
                assert time.monotonic() < began + 120, "no decision"
            took.add(time.monotonic() - began)
            after = commands(self.world)
            searched.add(sum(after.values()) - sum(before.values()))
            dear = {word for word in DEAR if after.get(word, 0) > before.get(word, 0)}
            assert not dear, f"it searches its state: {dear}"
            self.wait("settling", self.known)
        topic.close()

    def backlog(self):
        """Somebody's reminder is due and his payment is somewhere in what was not read yet: he hears nothing."""
        self.world.stop()
        count, due = self.options.backlog, self.options.dead // 2
        first = self.people
        notes = max(0, count - due - due // 2)
        calls = [(self.upstream.invoice, first + n, "email", self.upstream.late) for n in range(due)]
        everybody = max(1, self.options.waiting)
        heard = ((self.upstream.note, n * 7919 % everybody) for n in range(notes))
        paid = ((self.upstream.payment, first + n) for n in range(0, due, 2))
        self.people += due
        before = self.arrived()
        self.take("backlog", "events behind", chain(calls, heard, paid), count)
        self.wait("backlog: sending", lambda: self.arrived() - before >= due - (due + 1) // 2, lambda: (self.arrived() - before, due // 2))
        time.sleep(2)
        wrong = {f"d{first + n}" for n in range(0, due, 2)} & self.decided()
        self.bench.figure("backlog: reminders to who had paid in it", "", at_most=0).add(len(wrong))

    def decided(self):
        return {record.key.decode() for record in self.world.ledger("decided")}

    def dead(self):
        """Messages of a channel whose provider is dead wait; those of another leave; then all of it drains."""
        self.world.stop()
        count, first = self.options.dead, self.people
        self.people += 2 * count
        before = self.arrived()
        calls = ((self.upstream.invoice, first + n, ("email", "whatsapp")[n % 2], self.upstream.late) for n in range(2 * count))
        self.take("dead provider", "its messages and others", calls, 2 * count)
        began = time.monotonic()
        self.wait("the other channel goes on", lambda: self.arrived() - before >= count, lambda: (self.arrived() - before, count))
        self.bench.figure("dead provider: the other channel", "/s").add(count / (time.monotonic() - began))
        queued = self.world.end_of_all("actions.whatsapp")
        self.bench.figure("dead provider: messages waiting", "", at_least=count).add(queued)
        self.bench.figure("dead provider: memory, at most", "MiB", at_most=MEMORY_MIB).add(self.watch.daemon_mib)
        self.watch.restart()
        door = Door(self.world.dead_port, self.world.inbox.ports["http"])
        door.start()
        began = time.monotonic()
        self.wait("it is back, and all drains", lambda: self.arrived() - before >= 2 * count, lambda: (self.arrived() - before - count, count))
        self.bench.figure("dead provider: drained when it is back", "/s").add(count / (time.monotonic() - began))
        self.wait("at rest", lambda: self.world.status()["under_way"] == 0)
        self.bench.figure("dead provider: came twice", "", at_most=0).add(self.arrived() - before - 2 * count)


def chain(*parts):
    for part in parts:
        yield from part


def commands(world):
    """Command → how often Redis was asked it."""
    stats = info(world, "commandstats")
    return {name.removeprefix("cmdstat_"): int(text.split("calls=")[1].split(",")[0]) for name, text in stats.items()}


class LoadWorld(World):
    """WhatsApp is somewhere where nobody is."""

    def __init__(self):
        self.dead_port = servers.quiet_port()
        super().__init__(ladders={"agora.yaml": LADDER}, calendars={"sem-noite.yaml": ALWAYS})
        provider = f"transport: http, internal: true, token: {{ file: token }}, {CLAIM}"
        mail = f'tls: none, from: "Provedor Exemplo <cobranca@provedor.example>", {CLAIM}'
        lines = {
            "email": f'{{ transport: smtp, url: "smtp://127.0.0.1:{self.inbox.ports["smtp"]}", {mail} }}',
            "whatsapp": f'{{ {provider}, preset: whatsapp-cloud, url: "http://127.0.0.1:{self.dead_port}/provider/whatsapp", '
            'version: v23.0, phone_number_id: "1055500000000" }',
            "sms": "",
            "letter": "",
        }
        self.write_site(ladders={"agora.yaml": LADDER}, channels=lines)

    def flush_all(self):
        while self.producer.flush(10) > 0:
            pass

    def end_of_all(self, name):
        return sum(self.end_of(name, shard) for shard in range(SHARDS))

    def is_ready(self):
        try:
            return self.http("/readyz")[0] == 200
        except OSError:
            return False


def main():
    bench = Bench("load", "what it holds out, and how soon it decides again", {
        "waiting": (1000000, "debtors who wait"), "backlog": (2000000, "events behind"),
        "dead": (100000, "messages for the dead provider"), "restarts": (5, "ends and starts measured")})
    bench.progress("starting Apache Kafka")
    with LoadWorld() as world:
        world.start(live=STEP)
        world.stop()
        load = Load(bench, world)
        load.waiting()
        load.restarts("SIGTERM", world.stop, DECIDES_S)
        load.restarts("SIGKILL", world.kill, DECIDES_S + SESSION_S)
        load.backlog()
        load.dead()
        load.watch.over.set()
        world.stop()
        bench.figure("the watchdog's longest wait for a word, of all that", "s", at_most=WATCHDOG_S / 2).add(world.silence_s)
    bench.report()


if __name__ == "__main__":
    main()
