"""More than ten thousand debtors of an installation with a past, to whom something becomes due within seconds; half of them pay at
that moment.

Their invoices were due three weeks ago, and the first word about them stands in the ledger, sent. In the stream comes the receipt
that it was delivered, and with that a reminder is due; when it stands in the ledger that it was decided, the receipt comes that the
first word was read, and a notice is due beside it. (Due at once, the notice would go, and the reminder keep a day's distance.) Some
had their notice too, and the receipt that it was delivered a week ago makes them due to be cut. Payments come within a second of the
step, most of them when it was decided: while its message waits, while it is in a sender's hands, or just after it has left; the others
around the receipt, so that they are there before it. Most of those who are cut pay when they are, and have to be restored. Some
name only their invoice, some pay a part; and upstream says some things twice.
"""
import dataclasses
import heapq
import itertools
import json
import random
import threading
import time

import identity
from topics import Topic, awake, instant

AMOUNT_CENTS = 15990
HALF_CENTS = 8000
CHANNELS = ("whatsapp", "sms", "whatsapp", "sms", "email")
DAY_MS = 86400_000

# Nothing but receipts makes a step due: what was due when its invoice became known would be caught up with, tomorrow.
LADDER = """
language: 1
ladder: agora
title: Agora
owner: cobranca@provedor.example
priority: 10
calendar: sem-noite
mode: live
defaults: {{ via: [whatsapp, sms, email], uncertain: skip }}
steps:
  inicio: {{ day: D-5, tone: info, via: [whatsapp, sms], template: inicio, until: D-3 }}
  atraso: {{ after: {{ step: inicio, has: delivered }}, tone: reminder, via: [email, whatsapp, sms], template: atraso, until: 300d }}
  aviso:
    after: {{ step: inicio, has: read }}
    tone: notice
    via: [whatsapp, sms]
    template: aviso
    evidence: delivered
    term: 1d
    uncertain: {notice}
  corte: {{ after: {{ step: aviso, has: term_ended }}, tone: sanction, needs: [payments_fresh], signal: service.suspend_requested }}
on_paid:
  religar: {{ signal: service.restore_requested, clock: confirmed, within: 24h }}
  desculpe: {{ when_crossed: 30m, template: desculpe }}
templates:
  inicio: "{{{{nome}}}}, a fatura de {{{{valor}}}} vence em {{{{vencimento}}}}. {{{{> credor}}}}"
  atraso: "{{{{nome}}}}, a fatura de {{{{valor}}}}, vencida em {{{{vencimento}}}}, está em aberto. {{{{> credor}}}}"
  aviso: "{{{{nome}}}}, sem pagamento até {{{{prazo}}}} o serviço pode ser suspenso: {{{{total}}}}. {{{{> credor}}}}"
  desculpe: "{{{{nome}}}}, recebemos seu pagamento; desconsidere a mensagem. {{{{> credor}}}}"
"""
LAST_STEP = "corte"
PAID_AT = {("decided", "atraso"), ("decided", "aviso"), ("outcome", "corte")}  # by those who react
RECORDS_OF_INVOICE = 3  # in the ledger: its facts, its place, its debtor's kind
RECORDS_OF_PAST = RECORDS_OF_INVOICE + 2  # and that something was decided and delivered


@dataclasses.dataclass
class Debtor:
    number: int
    channel: str
    cut: bool  # had his notice too
    fate: str  # stays, pays, pays_nameless, pays_half
    moved: bool  # where he can be reached becomes known only with the receipt
    reacts: bool  # his payment comes when a step of his was decided; of those who are cut, when they were
    due_s: float  # since the beginning of the stream
    paid_s: float  # since the receipt, or since the step
    action: str = ""  # his last message of the past

    @property
    def id(self):
        return f"d{self.number}"

    @property
    def invoice(self):
        return f"F{self.number}"

    @property
    def pays(self):
        return self.fate in ("pays", "pays_nameless")

    def steps(self, paid):
        """What he is due in the end; `paid`: his payment, or what part he pays, was published. Who pays a part while his reminder
        waits for the sender is not reminded anew for a day if his notice has left meanwhile; the notice itself keeps no such
        distance."""
        if self.pays and paid:
            return ()
        if self.cut:
            return ("corte",)
        return ("aviso",) if self.fate == "pays_half" and paid else ("atraso", "aviso")

    @property
    def contacts(self):
        mail = [{"channel": "email", "address": f"{self.id}@cliente.example"}] if self.channel == "email" else []
        phone = "whatsapp" if self.channel == "email" else self.channel
        return [*mail, {"channel": phone, "address": f"+551199{self.number:07d}"}]


class Crowd:
    """`stream_s`: through how many seconds something becomes due. All that is drawn comes from `seed`."""

    def __init__(self, seed, debtors=13500, stream_s=24.0, cuts=0.05, repeats=0.03, resend=False):
        dice = random.Random(f"crowd {seed}")
        self.dice = dice
        self.resent = {"aviso"} if resend else set()  # whose uncertain attempts are made again, half a minute later
        self.repeats = repeats
        self.debtors = []
        for number in range(debtors):
            fate = dice.choices(("stays", "pays", "pays_nameless", "pays_half"), (50, 36, 6, 8))[0]
            cut, moved, reacts = dice.random() < cuts, dice.random() < 0.3, dice.random() < 0.75
            # A cut waits for upstream once more before it leaves: the second about it is a longer one.
            paid_s = dice.uniform(0, 1 if reacts else 6 if cut else 2)
            channel = CHANNELS[number % len(CHANNELS)]
            self.debtors.append(Debtor(number, channel, cut, fate, moved, reacts, stream_s * number / debtors, paid_s))
        self.now_ms = int(time.time() * 1000)
        self.state = awake()
        self.due_on = instant(self.now_ms - 20 * DAY_MS)[:10]
        self.ahead = []  # (instant, number, call, debtor), a heap
        self.serial = itertools.count()
        self.read = set()  # whose second receipt was published
        self.paid = set()  # whose payment was
        self.began = 0.0  # when the stream did
        self.threads = []
        self.lock = threading.Lock()
        self.published = 0
        self.finished = threading.Event()
        self.failure = None

    @property
    def ladder(self):
        return LADDER.format(notice="resend" if self.resent else "skip")

    # ---- the past ----

    def invoices(self, world):
        """Live since long ago, which stands in a topic of our own; and the invoices, from upstream."""
        live = {"v": 1, "max_step": LAST_STEP, "spread_ms": 0, "since": self.now_ms - 40 * DAY_MS, "at": self.now_ms - 40 * DAY_MS}
        world.publish("control", json.dumps(live), "live", partition=0)
        for debtor in self.debtors:
            self._issue(world, debtor)
        world.flush()

    def past(self, world):
        """What was sent since then, straight into the ledger, where everything that happened stands."""
        for debtor in self.debtors:
            self._sent(world, debtor, "inicio", "info", 15)
            if debtor.cut:
                self._sent(world, debtor, "aviso", "notice", 12)
        world.flush()

    def _sent(self, world, debtor, step, tone, days_ago):
        shard, at_ms = world.shard_of(debtor.id), self.now_ms - days_ago * DAY_MS
        named = {"ns": "asaas", "invoice": debtor.invoice, "cycle": 1}
        about = {"v": 1, "debtor": debtor.id, "step": step, "channel": "sms"}
        decided = {
            **about,
            "ladder": "agora",
            "kind": "message",
            "tone": tone,
            "mode": "live",
            "uncertain": "skip",
            "text": step,
            "invoices": [{**named, "balance_cents": AMOUNT_CENTS, "offset": -1}],
            "amount_cents": AMOUNT_CENTS,
            "total_cents": AMOUNT_CENTS,
            "at_ms": at_ms,
            "asof_ms": at_ms,
            "rests_on": 0,
            "previous": -1,
        }
        debtor.action = decided["action"] = identity.action_id(decided, shard)
        outcome = {
            **about,
            "action": debtor.action,
            "invoices": [named],
            "verdict": "accepted",
            "evidence": "accepted",
            "at_ms": at_ms + 1000,
        }
        for kind, value in (("decided", decided), ("outcome", outcome)):
            world.publish("ledger", json.dumps(value), debtor.id, [("regua_kind", kind)], partition=shard, flush=False)

    def _issue(self, world, debtor):
        details = {"name": f"Devedor {debtor.number}", "kind": "person", "state": self.state, "contacts": [] if debtor.moved else debtor.contacts}
        world.event(
            "invoice.issued",
            id_=f"issued-{debtor.number}",
            time_ms=self.now_ms - 30 * DAY_MS,
            invoice=debtor.invoice,
            debtor=debtor.id,
            due_on=self.due_on,
            amount_cents=AMOUNT_CENTS,
            debtor_details=details,
            flush=False,
        )

    # ---- the stream ----

    def _prove(self, world, debtor):
        if debtor.moved:
            world.event("debtor.updated", id_=f"moved-{debtor.number}", debtor=debtor.id, contacts=debtor.contacts, flush=False)
        self._receipt(world, debtor, "delivered", 10)

    def _read(self, world, debtor):
        self._receipt(world, debtor, "read", 9)
        self.read.add(debtor.id)

    def _receipt(self, world, debtor, status, days_ago):
        world.event(
            "delivery.receipt",
            id_=f"{status}-{debtor.number}",
            action=debtor.action,
            status=status,
            at=instant(self.now_ms - days_ago * DAY_MS),
            key=debtor.action,
            flush=False,
        )

    def _pay(self, world, debtor):
        name = {} if debtor.fate == "pays_nameless" else {"debtor": debtor.id}
        amount = HALF_CENTS if debtor.fate == "pays_half" else AMOUNT_CENTS
        world.event(
            "payment.confirmed",
            id_=f"paid-{debtor.number}",
            invoice=debtor.invoice,
            payment=f"P{debtor.number}",
            amount_cents=amount,
            key=debtor.invoice,
            flush=False,
            **name,
        )
        self.paid.add(debtor.id)

    def ids(self):
        """Of all events that upstream publishes and the ledger keeps; where somebody moved to it does not."""
        for debtor in self.debtors:
            yield f"issued-{debtor.number}"
            yield f"delivered-{debtor.number}"
            if debtor.id in self.read:
                yield f"read-{debtor.number}"
            if debtor.id in self.paid:
                yield f"paid-{debtor.number}"

    def dues(self):
        """Who is due what, by what was published. Somebody whose step is never decided does not react to it: he owes."""
        for debtor in self.debtors:
            for step in debtor.steps(debtor.id in self.paid):
                if step != "aviso" or debtor.id in self.read:
                    yield debtor, step

    def _plan(self, instant_s, call, debtor):
        """What is said twice is said again a little later."""
        with self.lock:
            heapq.heappush(self.ahead, (instant_s, next(self.serial), call, debtor))
            if self.dice.random() < self.repeats:
                heapq.heappush(self.ahead, (instant_s + self.dice.uniform(0, 3), next(self.serial), call, debtor))

    def start(self, world):
        """Publishes in threads of its own; `finished` is set when all of it has been taken."""
        self.began = time.monotonic()
        for debtor in self.debtors:
            self._plan(self.began + debtor.due_s, self._prove, debtor)
            if debtor.fate != "stays" and not debtor.reacts:
                self._plan(self.began + debtor.due_s + debtor.paid_s, self._pay, debtor)
        self.threads = [threading.Thread(target=self._guarded, args=(work, world), daemon=True) for work in (self._stream, self._watch)]
        for thread in self.threads:
            thread.start()

    def stop(self, world):
        """Nothing is published after it."""
        self.finished.set()
        for thread in self.threads:
            thread.join()
        world.flush()
        if self.failure is not None:
            raise self.failure

    def _guarded(self, work, world):
        try:
            work(world)
        except Exception as error:  # pylint: disable=broad-except (told by whoever waits for us)
            self.failure = error
            self.finished.set()

    def _stream(self, world):
        paying = {debtor.id for debtor in self.debtors if debtor.fate != "stays" and debtor.reacts}
        reading = {debtor.id for debtor in self.debtors if "aviso" in debtor.steps(debtor.fate != "stays")}
        while not self.finished.is_set():
            with self.lock:
                entry = heapq.heappop(self.ahead) if self.ahead and self.ahead[0][0] <= time.monotonic() else None
            if entry is not None:
                entry[2](world, entry[3])
                self.published += 1
                if entry[2] == self._pay:
                    paying.discard(entry[3].id)
                continue
            world.producer.poll(0)
            time.sleep(0.005)
            if not self.ahead and not paying and reading <= self.read:
                world.flush()
                self.finished.set()

    def _watch(self, world):
        """Those who react pay; and a reminder is followed by the receipt that makes the notice due."""
        paying = {debtor.id: debtor for debtor in self.debtors if debtor.fate != "stays" and debtor.reacts}
        reading = {debtor.id: debtor for debtor in self.debtors if not debtor.cut}
        topic = Topic(world.kafka.bootstrap, world.topic("ledger"))
        while (paying or reading) and not self.finished.is_set():
            for record in topic.news():
                if record.kind not in ("decided", "outcome") or record.json["at_ms"] <= self.now_ms:
                    continue
                debtor, step = record.key.decode(), record.json["step"]
                if record.kind == "decided" and step == "atraso" and debtor in reading:
                    self._plan(time.monotonic(), self._read, reading.pop(debtor))
                if debtor in paying and (record.kind, step) in PAID_AT:
                    self._plan(time.monotonic() + paying[debtor].paid_s, self._pay, paying.pop(debtor))
        topic.close()
