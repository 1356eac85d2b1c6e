"""How fast a payment wins, while the daemon has half the work it could do: from the payment's record at a source to the queued
step voided, from a sender's claim to the message at its provider, from the payment's record to the restore on regua.signals.

Debtors are brought to suspension on a clock that jumps; then the shipped reguad takes over on real time, under a load of facts about
other debtors that another process publishes at half of the rate which this machine was found to keep up with. Times are taken by
this process and include its own turns.
"""
import json
import multiprocessing
import pathlib
import sys
import threading
import time
import uuid

sys.path[:0] = [str(pathlib.Path(__file__).resolve().parents[1] / "e2e")]
import confluent_kafka  # noqa: E402 (the path is known only now)
from driver import Receipts  # noqa: E402
from regua_e2e import SHARDS, World  # noqa: E402
from report import Bench, quantile  # noqa: E402
from topics import ALWAYS, awake, instant  # noqa: E402

LADDER = """
language: 1
ladder: curta
title: Régua curta
owner: cobranca@provedor.example
priority: 10
calendar: sem-noite
mode: live
defaults: { via: [email, letter], until: 300d }
steps:
  atraso: { day: D+1, tone: reminder, template: atraso }
  aviso: { day: D+3, tone: notice, via: [whatsapp], template: aviso, evidence: delivered, term: 2d }
  corte: { after: { step: aviso, has: term_ended }, tone: sanction, needs: [payments_fresh], signal: service.suspend_requested }
on_paid:
  religar: { signal: service.restore_requested, clock: confirmed, within: 24h }
templates:
  atraso: "{{nome}}, a fatura de {{valor_original}}, vencida em {{vencimento}}, está em aberto. {{> credor}}"
  aviso: "{{nome}}, sem pagamento até {{prazo}} o serviço pode ser suspenso: {{total}}. {{> credor}}"
"""
DAY_MS = 86400_000
AMOUNT_CENTS = 15990
LOAD_DEBTORS = 10000
BURST = 60000
PATIENCE_S = 120
ADDRESSES = {
    "email": "{name}@cliente.example",
    "letter": "+55119000{number:05d}",
    "whatsapp": "+55119100{number:05d}",
}


def day(ms):
    return time.strftime("%Y-%m-%d", time.gmtime(ms / 1000))


# ---- the load ----


def load(bootstrap, topic, rate, count, stop):
    """Publishes facts of debtors whom nothing is due for: `rate` a second until told to stop, or `count` as fast as can be."""
    producer = confluent_kafka.Producer({"bootstrap.servers": bootstrap, "linger.ms": 5, "queue.buffering.max.messages": 1000000})
    now = instant(int(time.time() * 1000))
    run = uuid.uuid4().hex[:8]

    def value(number):
        return json.dumps(
            {
                "specversion": "1.0", "id": f"{run}-{number}", "source": "/bench/load", "type": "regua.bill.opened", "time": now,
                "datacontenttype": "application/json",
                "data": {"debtor": f"carga{number % LOAD_DEBTORS}", "invoice": f"C{number % LOAD_DEBTORS}", "channel": "email"},
            }
        )

    headers = [("content-type", "application/cloudevents+json")]
    values = [value(number) for number in range(LOAD_DEBTORS)]  # what comes again at another offset is another record
    began, sent = time.monotonic(), 0
    while not stop.is_set() and (count == 0 or sent < count):
        due = count if rate == 0 else int((time.monotonic() - began) * rate)
        while sent < due:
            number = sent * 7919 % LOAD_DEBTORS
            producer.produce(topic, value=values[number], key=f"carga{number}", headers=headers)
            sent += 1
            if sent % 1000 == 0:
                producer.poll(0)
        producer.poll(0)
        if rate != 0:
            time.sleep(0.002)
    producer.flush(PATIENCE_S)


class Load:
    def __init__(self, world, rate=0, count=0):
        context = multiprocessing.get_context("spawn")
        self.stop = context.Event()
        self.process = context.Process(target=load, args=(world.kafka.bootstrap, world.topic("billing"), rate, count, self.stop))
        self.process.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop.set()
        self.process.join()


def folded(world):
    body = world.http("/metrics")[1]
    return next(int(line.split()[-1]) for line in body.splitlines() if line.startswith('regua_events_total{result="accepted"}'))


def capacity(world):
    """Facts a second from a source through ingest and decide, with the process that publishes them on the same machine."""
    wanted = folded(world) + BURST
    with Load(world, count=BURST) as burst:
        began, first = None, folded(world)
        while folded(world) < wanted:
            if began is None and folded(world) > first:
                began = time.monotonic()
            assert burst.process.exitcode in (None, 0), "the load could not be published"
            time.sleep(0.01)
        return BURST / (time.monotonic() - began)


# ---- debtors ----


def issue(world, name, number, channels, due_on):
    contacts = [{"channel": channel, "address": ADDRESSES[channel].format(name=name, number=number)} for channel in channels]
    world.event(
        "invoice.issued", invoice=f"F-{name}", debtor=name, due_on=due_on, amount_cents=AMOUNT_CENTS, flush=False,
        debtor_details={"name": f"{name.capitalize()} Souza", "kind": "person", "state": awake(), "contacts": contacts},
    )


def pay(world, name):
    """The instant before its record was published."""
    began = time.time()
    world.event("payment.confirmed", invoice=f"F-{name}", debtor=name, payment=f"P-{name}", amount_cents=AMOUNT_CENTS)
    return began


def suspend(world, names, now):
    """On the clock that jumps, through notice and term to yesterday."""
    Receipts(world, lambda outcome: ["delivered"])
    world.start(live="corte")
    for number, name in enumerate(names):
        issue(world, name, number, ("email", "whatsapp"), day(now - 32 * DAY_MS))
    world.flush()
    world.clock.advance_to(now - DAY_MS, stride_ms=6 * 3600_000)
    assert len(world.signals()) == len(names), f"{len(world.signals())} of {len(names)} are suspended"
    world.stop()
    world.clocked = False


# ---- what is measured ----


def measure_void(world, bench, names):
    """Their letters wait for a channel that takes one a day."""
    for number, name in enumerate(names):
        issue(world, name, number, ("letter",), day(time.time() * 1000 - 5 * DAY_MS))
    world.flush()

    def queued():
        found = {record.json["debtor"]: (record.partition, record.json["action"]) for record in world.read("actions.letter")}
        return found if len(found) == len(names) else None

    actions = world.wait(queued, "the letters are queued", PATIENCE_S)
    took = []
    for name in names:
        shard, action = actions[name]
        key = f"regua:{{{shard}}}:act"
        if not (world.redis.ask("HGET", key, action) or b"").startswith(b"q"):
            continue  # the one of today
        bench.progress("payments against queued steps", len(took), len(names))
        began = pay(world, name)
        while world.redis.ask("HEXISTS", key, action):
            assert time.time() < began + PATIENCE_S, f"{name} has paid, and the letter still waits"
        took.append((time.time() - began) * 1000)
        time.sleep(0.01)
    return took


def measure_claims(world, bench, names):
    """Each has an e-mail due at once; the inbox notes when it had the whole of it, which is later than its first byte."""
    for number, name in enumerate(names):
        bench.progress("messages", number, len(names))
        issue(world, name, number, ("email",), day(time.time() * 1000 - 5 * DAY_MS))
        world.flush()
        time.sleep(0.05)

    def arrived():
        found = {entry["to"].split("@")[0]: entry["at_ms"] for entry in world.inbox.taken("?channel=email")}
        return found if set(names) <= set(found) else None

    at_ms = world.wait(arrived, "the e-mails have arrived", PATIENCE_S)
    claims = {record.key.decode(): record.json["at_ms"] for record in world.ledger("claim")}
    return [max(at_ms[name] - claims[name], 0) for name in names]


def measure_restores(world, bench, names):
    arrived, listening, done = {}, threading.Event(), threading.Event()

    def listen():
        consumer = confluent_kafka.Consumer({"bootstrap.servers": world.kafka.bootstrap, "group.id": str(uuid.uuid4()), "fetch.wait.max.ms": 5})
        topic = world.topic("signals")
        partitions = [confluent_kafka.TopicPartition(topic, partition) for partition in range(SHARDS)]
        for partition in partitions:
            partition.offset = consumer.get_watermark_offsets(partition, 10)[1]
        consumer.assign(partitions)
        consumer.poll(0.2)
        listening.set()
        while len(arrived) < len(names) and not done.is_set():
            message = consumer.poll(0.1)
            if message is not None and message.error() is None:
                arrived.setdefault(message.key().decode(), time.time())
        consumer.close()

    thread = threading.Thread(target=listen)
    thread.start()
    listening.wait(30)
    paid = {}
    for name in names:
        bench.progress("payments after a suspension", len(paid), len(names))
        paid[name] = pay(world, name)
        time.sleep(0.03)
    thread.join(PATIENCE_S)
    done.set()
    thread.join()
    assert len(arrived) == len(names), f"{len(names) - len(arrived)} restores did not come"
    return [(arrived[name] - paid[name]) * 1000 for name in names]


def main():
    bench = Bench("void", "a payment against messages and for restores, at half load", {
        "voids": (300, "payments against a queued step"), "claims": (300, "messages"), "restores": (200, "payments after a suspension")})
    counts = bench.options
    limits = (("payment's record → queued step voided", 50), ("claim → message at its provider", 50),
              ("payment's record → restore on signals", 1000))
    figures = [(bench.figure(f"{name}, p50", "ms"), bench.figure(f"{name}, p99", "ms", at_most=most)) for name, most in limits]
    most = bench.figure("facts through ingest and decide", "/s")
    half = bench.figure("of which the load had", "/s")
    now = int(time.time() * 1000)
    bench.progress("starting Apache Kafka")
    with World(clocked=True, start=now - 40 * DAY_MS, ladders={"curta.yaml": LADDER}, calendars={"sem-noite.yaml": ALWAYS}) as world:
        letter = world.default_channels()["letter"].replace("{ transport", "{ rate: 1/d, transport")
        world.write_site(ladders={"curta.yaml": LADDER}, channels={"letter": letter})
        suspended = [f"suspenso{number:03d}" for number in range(counts.restores)]
        bench.progress("bringing debtors to suspension")
        suspend(world, suspended, now)
        world.start()
        bench.progress("issuing the load's invoices")
        for number in range(LOAD_DEBTORS):
            world.event("invoice.issued", invoice=f"C{number}", debtor=f"carga{number}", due_on=day(now + 60 * DAY_MS),
                        amount_cents=AMOUNT_CENTS, flush=False)
        world.flush()
        world.wait(lambda: folded(world) >= LOAD_DEBTORS, "the load's invoices are folded", PATIENCE_S)
        bench.progress("finding the most it can do")
        most.add(capacity(world))
        half.add(most.median / 2)
        with Load(world, rate=int(most.median / 2)):
            time.sleep(2)
            samples = (
                measure_void(world, bench, [f"carta{number:03d}" for number in range(counts.voids)]),
                measure_claims(world, bench, [f"mail{number:03d}" for number in range(counts.claims)]),
                measure_restores(world, bench, suspended),
            )
        for (middle, high), values in zip(figures, samples):
            middle.add(quantile(values, 0.5))
            high.add(quantile(values, 0.99))
    bench.report()


if __name__ == "__main__":
    main()
