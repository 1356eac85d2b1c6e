"""More than ten thousand debtors whose invoices were due three weeks ago, made known within seconds; half of them pay at that
moment.

Everybody is due a reminder and a notice at once. Some had their notice a week ago: it stands in the ledger, delivered, as in an
installation with a past, and what they are due is the cut. Payments come within a second of the step, most of them when it
stands in the ledger that it was decided: while its message waits, while it is in a sender's hands, or just after it has left; the
others around the invoice, so that they are there before it. Some name only their invoice, some pay a part; and upstream says
some things twice.
"""
import dataclasses
import heapq
import itertools
import json
import random
import threading
import time

import identity
from topics import Topic

AMOUNT_CENTS = 15990
HALF_CENTS = 8000
CHANNELS = ("whatsapp", "sms", "whatsapp", "sms", "email")
DAY_S = 86400

# Runs are on real time, at any hour of any day: a calendar without nights.
CALENDAR = """
language: 1
calendar: sem-noite
hours: { default: { weekdays: 00:00-24:00, saturday: 00:00-24:00, sunday: 00:00-24:00, source: "tests", read_on: 2026-01-01 } }
"""
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
  atraso: {{ day: D+1, tone: reminder, via: [email, whatsapp, sms], template: atraso, until: 300d }}
  aviso: {{ day: D+3, tone: notice, via: [whatsapp, sms], template: aviso, evidence: delivered, term: 1d, uncertain: {notice} }}
  corte: {{ after: {{ step: aviso, has: term_ended }}, tone: sanction, needs: [payments_fresh], signal: service.suspend_requested }}
on_paid:
  religar: {{ signal: service.restore_requested, clock: confirmed, within: 24h }}
  desculpe: {{ when_crossed: 30m, template: desculpe }}
templates:
  atraso: "{{{{nome}}}}, a fatura de {{{{valor}}}}, vencida em {{{{vencimento}}}}, está em aberto. {{{{> credor}}}}"
  aviso: "{{{{nome}}}}, sem pagamento até {{{{prazo}}}} o serviço pode ser suspenso: {{{{total}}}}. {{{{> credor}}}}"
  desculpe: "{{{{nome}}}}, recebemos seu pagamento; desconsidere a mensagem. {{{{> credor}}}}"
"""
STEPS = ("atraso", "aviso", "corte")
LAST_STEP = "corte"


@dataclasses.dataclass
class Debtor:
    number: int
    channel: str
    cut: bool  # had his notice a week ago
    fate: str  # stays, pays, pays_nameless, pays_half
    reacts: bool  # his payment comes when a step of his was decided
    issued_s: float  # since the beginning of the stream
    paid_s: float  # since the invoice, or since the step

    @property
    def id(self):
        return f"d{self.number}"

    @property
    def invoice(self):
        return f"F{self.number}"

    @property
    def pays(self):
        return self.fate in ("pays", "pays_nameless")

    @property
    def steps(self):
        """What he is due. Who pays a part while his reminder waits for the sender is not reminded anew for a day if his notice
        has left meanwhile; the notice itself keeps no such distance."""
        if self.pays:
            return ()
        if self.cut:
            return ("atraso", "corte")
        return ("aviso",) if self.fate == "pays_half" else ("atraso", "aviso")

    @property
    def contacts(self):
        mail = [{"channel": "email", "address": f"{self.id}@cliente.example"}] if self.channel == "email" else []
        phone = "whatsapp" if self.channel == "email" else self.channel
        return [*mail, {"channel": phone, "address": f"+551199{self.number:07d}"}]


class Crowd:
    """`stream_s`: through how many seconds they become known. All that is drawn comes from `seed`."""

    def __init__(self, seed, debtors=12000, stream_s=24.0, cuts=0.03, repeats=0.03, resend=False):
        dice = random.Random(f"crowd {seed}")
        self.dice = dice
        self.resent = {"aviso"} if resend else set()  # whose uncertain attempts are made again, half a minute later
        self.repeats = repeats
        self.debtors = []
        for number in range(debtors):
            fate = dice.choices(("stays", "pays", "pays_nameless", "pays_half"), (50, 36, 6, 8))[0]
            cut, reacts = dice.random() < cuts, dice.random() < 0.75
            # A cut waits for upstream once more before it leaves: its second is a longer one.
            self.debtors.append(
                Debtor(
                    number,
                    CHANNELS[number % len(CHANNELS)],
                    cut,
                    fate,
                    reacts,
                    stream_s * number / debtors,
                    dice.uniform(0, 3 if cut else 1 if reacts else 2),
                )
            )
        self.due_on = time.strftime("%Y-%m-%d", time.gmtime(time.time() - 20 * DAY_S))
        self.ahead = []  # (instant, number, call, debtor), a heap
        self.serial = itertools.count()
        self.lock = threading.Lock()
        self.published = 0
        self.finished = threading.Event()
        self.failure = None

    @property
    def ladder(self):
        return LADDER.format(notice="resend" if self.resent else "skip")

    # ---- the past ----

    def past(self, world):
        """Notices of a week ago, straight into the ledger, where everything that happened stands."""
        week_ago_ms = int((time.time() - 7 * DAY_S) * 1000)
        for debtor in self.debtors:
            if not debtor.cut:
                continue
            shard = world.shard_of(debtor.id)
            named = {"ns": "asaas", "invoice": debtor.invoice, "cycle": 1}
            decided = {
                "v": 1,
                "debtor": debtor.id,
                "ladder": "agora",
                "step": "aviso",
                "channel": "sms",
                "kind": "message",
                "tone": "notice",
                "mode": "live",
                "uncertain": "resend",
                "evidence": "delivered",
                "text": "aviso",
                "invoices": [{**named, "balance_cents": AMOUNT_CENTS, "offset": -1}],
                "amount_cents": AMOUNT_CENTS,
                "total_cents": AMOUNT_CENTS,
                "at_ms": week_ago_ms,
                "asof_ms": week_ago_ms,
                "previous": -1,
            }
            decided["action"] = identity.action_id(decided, shard)
            outcome = {
                "v": 1,
                "action": decided["action"],
                "debtor": debtor.id,
                "step": "aviso",
                "channel": "sms",
                "invoices": [named],
                "verdict": "accepted",
                "evidence": "delivered",
                "at_ms": week_ago_ms + 1000,
            }
            for kind, value in (("decided", decided), ("outcome", outcome)):
                world.publish("ledger", json.dumps(value), debtor.id, [("regua_kind", kind)], partition=shard, flush=False)
        world.flush()

    # ---- the stream ----

    def _issue(self, world, debtor):
        world.event(
            "invoice.issued",
            id_=f"issued-{debtor.number}",
            invoice=debtor.invoice,
            debtor=debtor.id,
            due_on=self.due_on,
            amount_cents=AMOUNT_CENTS,
            flush=False,
            debtor_details={"name": f"Devedor {debtor.number}", "kind": "person", "state": "SP", "contacts": debtor.contacts},
        )

    @staticmethod
    def _pay(world, debtor):
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

    def _plan(self, instant, call, debtor):
        """What is said twice is said again a little later."""
        with self.lock:
            heapq.heappush(self.ahead, (instant, next(self.serial), call, debtor))
            if self.dice.random() < self.repeats:
                heapq.heappush(self.ahead, (instant + self.dice.uniform(0, 3), next(self.serial), call, debtor))

    def start(self, world):
        """Publishes in threads of its own; `finished` is set when all of it has been taken."""
        began = time.monotonic()
        for debtor in self.debtors:
            self._plan(began + debtor.issued_s, self._issue, debtor)
            if debtor.fate != "stays" and not debtor.reacts:
                self._plan(began + debtor.issued_s + debtor.paid_s, self._pay, debtor)
        for work in (self._stream, self._watch):
            threading.Thread(target=self._guarded, args=(work, world), daemon=True).start()

    def _guarded(self, work, world):
        try:
            work(world)
        except Exception as error:  # pylint: disable=broad-except (told by whoever waits for us)
            self.failure = error
            self.finished.set()

    def _stream(self, world):
        waiting = {debtor.id for debtor in self.debtors if debtor.fate != "stays" and debtor.reacts}
        while not self.finished.is_set():
            with self.lock:
                entry = heapq.heappop(self.ahead) if self.ahead and self.ahead[0][0] <= time.monotonic() else None
            if entry is not None:
                entry[2](world, entry[3])
                self.published += 1
                if entry[2] == self._pay:
                    waiting.discard(entry[3].id)
                continue
            world.producer.poll(0)
            time.sleep(0.005)
            if not self.ahead and not waiting:
                world.flush()
                self.finished.set()

    def _watch(self, world):
        """Those who react to a step pay when it was decided."""
        waiting = {debtor.id: debtor for debtor in self.debtors if debtor.fate != "stays" and debtor.reacts}
        topic = Topic(world.kafka.bootstrap, world.topic("ledger"))
        while waiting and not self.finished.is_set():
            for record in topic.news():
                debtor = waiting.get(record.key.decode()) if record.kind == "decided" else None
                if debtor is not None and (not debtor.cut or record.json["step"] == "corte"):
                    del waiting[debtor.id]
                    self._plan(time.monotonic() + debtor.paid_s, self._pay, debtor)
        topic.close()

    def check(self):
        if self.failure is not None:
            raise self.failure
