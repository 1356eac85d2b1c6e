"""Judges a run from outside: topics, inbox and signals, never the daemon's own word.

Each delivered dunning message (courtesy to sanction) is judged by the records that stand in the ledger below the claim its
outcome names: they do not make the invoice paid, they leave the balance the message states, and nothing that upstream held
at the decision's `asof` (for a sanction: before its claim) lies above it. Further: nothing arrived that no claim accounts
for, nothing that was delivered is missing, nothing came twice unless the ledger calls an attempt uncertain, and who was
suspended and owes nothing any more has service again, by a restore that no suspend overtakes.

The fold of payments here is written from the contract, not from the daemon's code; it is small because a judge needs only
what is owed.
"""
import collections
import dataclasses
import datetime
import hashlib

DUNNING = {"courtesy", "reminder", "firm", "notice", "sanction"}
MERGE_DAYS = 30
SUSPEND, RESTORE = "service.suspend_requested", "service.restore_requested"


@dataclasses.dataclass
class Attempt:
    """One claim and what became of it."""

    decision: dict
    claim: dict
    partition: int
    offset: int
    outcome: dict = None

    @property
    def verdict(self):
        return self.outcome["verdict"] if self.outcome else "open"


class Invoice:
    """What is owed of one invoice, folded from facts in any order."""

    def __init__(self):
        self.amount, self.due_on, self.state = None, None, "open"
        self.set = collections.defaultdict(lambda: ("", ""))  # field → (time, id) of the event that set it
        self.payments = {}
        self.credit = 0
        self.discounts = []

    def fold(self, event):
        data, kind = event["data"], event["type"]
        if kind in ("invoice.issued", "invoice.updated"):
            self._set(event, "amount", data.get("amount_cents"))
            self._set(event, "due_on", data.get("due_on"))
            self._set(event, "discounts", data.get("terms", {}).get("discounts"))
        elif kind in ("invoice.voided", "invoice.written_off", "invoice.reopened"):
            self._set(event, "state", kind.partition(".")[2].replace("reopened", "open"))
        elif kind in ("payment.confirmed", "payment.settled", "payment.reversed"):
            name = data.get("payment")
            payment = self.payments.setdefault((name is None, name or f'{event["source"]}/{event["id"]}'), collections.Counter())
            status = kind.partition(".")[2]
            payment[status] = max(payment[status], data["amount_cents"])
            payment["at_" + status] = (
                event["time"] if not payment["at_" + status] else min(payment["at_" + status], event["time"])
            )
            if status != "reversed":
                day = (data.get("paid_at") or event["time"])[:10]
                payment["day"] = day if not payment["day"] else min(payment["day"], day)
        elif kind == "credit.applied":
            self.credit += data["amount_cents"]

    def _set(self, event, field, value):
        stamp = (event["time"], event["id"])
        if value is not None and stamp >= self.set[field]:
            self.set[field] = stamp
            setattr(self, field, value)

    def _merged(self):
        """Confirmations without a payment id that are the same money as a settlement of the same amount within 30 days."""
        settled = [p for p in self.payments.values() if p["settled"] and not p["confirmed"]]
        merged = []
        for (unnamed, _), payment in self.payments.items():
            if not unnamed or not payment["confirmed"] or payment["settled"]:
                continue
            for other in settled:
                apart = datetime.datetime.fromisoformat(other["at_settled"]) - datetime.datetime.fromisoformat(
                    payment["at_confirmed"]
                )
                if other["settled"] == payment["confirmed"] and abs(apart) <= datetime.timedelta(days=MERGE_DAYS):
                    settled.remove(other)
                    merged.append(id(payment))
                    break
        return merged

    def received(self):
        merged, total, nameless = self._merged(), 0, 0
        for (unnamed, _), payment in self.payments.items():
            came = 0 if id(payment) in merged else max(payment["confirmed"], payment["settled"])
            if unnamed and not payment["confirmed"] and not payment["settled"]:
                nameless += payment["reversed"]
            else:
                total += max(0, came - payment["reversed"])
        return max(0, total - nameless) + self.credit

    def balance(self):
        return (self.amount or 0) - self.received()

    def discount(self):
        days = [payment["day"] for payment in self.payments.values() if payment["day"]]
        best = 0
        for tier in self.discounts if days else ():
            if max(days) <= tier["until"]:
                best = max(best, tier.get("amount_cents") or round(self.amount * float(tier["percent"]) / 100))
        return best

    def closed(self, tolerance):
        return self.state != "open" or (self.amount is not None and self.received() >= self.amount - self.discount() - tolerance)


class Judge:
    """`ledger`, `messages`, `signals`: all records of those topics. `upstream`: source name → all records of its topic. `inbox`:
    entries as the inbox gives them, each with its bytes as they came under "raw". `freshening_ms`: how long a sanction's sender may
    wait for upstream before it claims; on a clock that stands still meanwhile that is nothing."""

    def __init__(self, ledger, messages, signals, upstream, inbox, tolerance=1, freshening_ms=0):
        self.tolerance = tolerance
        self.freshening_ms = freshening_ms
        self.inbox = [entry for entry in inbox if entry["accepted"]]
        self.signals = [record.json for record in signals]
        self.published = {
            (source, record.partition, record.offset): record.timestamp_ms
            for source, records in upstream.items()
            for record in records
        }
        self.bodies = {record.key.decode(): record.value for record in messages if record.value is not None}
        self.facts = collections.defaultdict(list)  # debtor → [(offset, event, published)]
        self.attempts = {}  # claim id → Attempt
        self.decisions = {}
        self.findings = []
        self.judged = 0
        self._read(ledger)

    # ---- reading ----

    def _published_at(self, record):
        origin = record.headers.get("regua_first") or record.headers.get("regua_origin")
        if not origin:
            return None
        source, _, partition, offset, _ = origin.decode().rsplit(":", 4)
        return self.published.get((source, int(partition), int(offset)))

    def _read(self, ledger):
        by_place, places = sorted(ledger, key=lambda record: (record.partition, record.offset)), set()
        for record in by_place:
            if record.kind == "decided":
                self.decisions.setdefault(record.json["action"], record.json)
        for record in by_place:
            origin = (record.partition, record.headers.get("regua_origin"))
            if origin[1] and origin in places:
                continue  # written twice, by an ingest that was not sure; shards know it by its origin
            places.add(origin)
            if record.kind in ("event", "forwarded") and "debtor" in record.json["data"] or record.kind == "forwarded":
                self.facts[record.key.decode()].append((record.offset, record.json, self._published_at(record)))
            elif record.kind == "claim":
                self._read_claim(record)
            elif record.kind == "outcome" and self._speaks(record.json):
                self._read_outcome(record.json)

    def _read_claim(self, record):
        claim = record.json
        if claim["action"] not in self.decisions:
            self.findings.append(f'claim {claim["claim"]} names action {claim["action"]}, which was never decided')
            return
        self.attempts.setdefault(claim["claim"], Attempt(self.decisions[claim["action"]], claim, record.partition, record.offset))

    def _speaks(self, outcome):
        """Of a claim of its own action, or it says nothing."""
        attempt = self.attempts.get(outcome.get("claim"))
        return attempt is not None and attempt.decision["action"] == outcome["action"]

    def _read_outcome(self, outcome):
        attempt = self.attempts[outcome["claim"]]
        if attempt.outcome is None or outcome["verdict"] == "accepted":
            attempt.outcome = outcome

    # ---- judging ----

    def _invoices(self, debtor, below):
        invoices = collections.defaultdict(Invoice)
        for offset, event, _ in self.facts[debtor]:
            if offset < below and "invoice" in event["data"]:
                invoices[event.get("ns", ""), event["data"]["invoice"]].fold(event)
        return invoices

    def _say(self, attempt, text):
        decision = attempt.decision
        self.findings.append(
            f'{decision["debtor"]} {decision["step"]} by {decision["channel"]} (action {decision["action"]}, claim at '
            f"{attempt.partition}/{attempt.offset}): {text}"
        )

    def _judge_dunning(self, attempt):
        decision = attempt.decision
        self.judged += 1
        invoices = self._invoices(decision["debtor"], attempt.offset)
        for named in decision["invoices"]:
            invoice = invoices[named["ns"], named["invoice"]]
            if invoice.closed(self.tolerance):
                self._say(
                    attempt,
                    f'invoice {named["invoice"]} was {"paid" if invoice.state == "open" else invoice.state} before the claim',
                )
            elif invoice.balance() != named["balance_cents"]:
                self._say(
                    attempt, f'says {named["balance_cents"]} are owed of {named["invoice"]}, the ledger says {invoice.balance()}'
                )
        limit = decision["asof_ms"]
        if decision["tone"] == "sanction":
            limit = max(decision["at_ms"], attempt.claim["at_ms"] - self.freshening_ms)
        for offset, event, published in self.facts[decision["debtor"]]:
            if offset > attempt.offset and published is not None and published < limit:
                self._say(attempt, f'upstream had {event["type"]} {event["id"]} before, the ledger has it at {offset}')

    def _judge_arrivals(self):
        """Bytes that arrived against claims that account for them. Attempts that render alike are counted together."""
        expected = collections.defaultdict(list)
        for attempt in self.attempts.values():
            key = attempt.claim.get("message_key")
            if key is None:
                continue
            body = self.bodies.get(key)
            if body is None:
                self._say(attempt, "its rendered bytes are not in regua.messages")
                continue
            if hashlib.sha256(body).hexdigest() != attempt.claim["message_hash"]:
                self._say(attempt, "the rendered bytes are not those that were claimed")
            expected[body].append(attempt)
        arrived = collections.defaultdict(list)
        for entry in self.inbox:
            arrived[entry["raw"]].append(entry)
        for body, entries in arrived.items():
            if body not in expected:
                self.findings.append(f'message {entries[0]["n"]} to {entries[0]["to"]} belongs to no claim')
        for body, attempts in expected.items():
            count = len(arrived.get(body, ()))
            sure = sum(attempt.verdict == "accepted" for attempt in attempts)
            maybe = sum(attempt.verdict in ("uncertain", "open") for attempt in attempts)
            if not sure <= count <= sure + maybe:
                self._say(attempts[0], f"{sure} times accepted, {maybe} times uncertain, arrived {count} times")

    def _judge_repeats(self):
        """A step identity is delivered once; more often only where an attempt before the last one was uncertain."""
        steps = collections.defaultdict(list)
        for attempt in self.attempts.values():
            decision = attempt.decision
            if attempt.verdict not in ("accepted", "uncertain") or decision.get("owed"):
                continue
            for named in decision["invoices"]:
                if not named.get("listed"):
                    identity = (
                        decision["debtor"],
                        named["ns"],
                        named["invoice"],
                        named.get("cycle", 1),
                        decision["step"],
                        decision.get("repetition", 1),
                    )
                    steps[identity].append(attempt)
        for attempts in steps.values():
            sure = [attempt for attempt in attempts if attempt.verdict == "accepted"]
            excused = [attempt for attempt in sure[:-1] if self._unproven(attempt) or self._lapsed(attempt, sure[-1])]
            if len(sure) - len(excused) > 1:
                self._say(sure[-1], "was delivered already: " + ", ".join(attempt.decision["action"] for attempt in sure[:-1]))
            for attempt in attempts:
                if (
                    attempt.verdict == "uncertain"
                    and attempt.decision["uncertain"] == "skip"
                    and len(attempts) > 1
                    and attempt is not attempts[-1]
                ):
                    self._say(attempt, "was uncertain and its step says skip, yet it was tried again")

    def _unproven(self, attempt):
        """A step that demands evidence goes to the next channel when a channel did not prove it."""
        return attempt.decision.get("evidence", "none") not in ("none", "accepted")

    @staticmethod
    def _lapsed(attempt, later):
        """A notice is given again when more is owed than it said."""
        return attempt.decision["tone"] == "notice" and later.decision["amount_cents"] > attempt.decision["amount_cents"]

    def _judge_sequences(self):
        """Whoever acts on them ignores a word whose sequence he has heard."""
        words = collections.defaultdict(set)
        for signal in self.signals:
            words[signal["data"]["debtor"], signal["data"]["sequence"]].add(signal["type"])
        for (debtor, sequence), types in words.items():
            if len(types) > 1:
                self.findings.append(f"{debtor}: sequence {sequence} stands for {' and '.join(sorted(types))}")

    def _judge_signals(self):
        sent = collections.defaultdict(list)
        for signal in self.signals:
            sent[signal["data"]["debtor"]].append(signal)
        for attempt in self.attempts.values():
            if attempt.decision["kind"] == "signal" and attempt.verdict == "accepted":
                debtor, sequence = attempt.decision["debtor"], attempt.decision["sequence"]
                if not any(signal["data"]["sequence"] == sequence for signal in sent[debtor]):
                    self._say(attempt, "was delivered but is not on the signals topic")
        owing = self._suspended()
        for debtor, sequence in owing.items():
            restores = [signal["data"]["sequence"] for signal in sent[debtor] if signal["type"].endswith(RESTORE)]
            if not restores or max(restores) < sequence:
                self.findings.append(
                    f"{debtor} was suspended (sequence {sequence}), owes nothing of it any more, and was not restored"
                )
            last = max(sent[debtor], key=lambda signal: signal["data"]["sequence"], default=None)
            if last is not None and not last["type"].endswith(RESTORE):
                self.findings.append(f"{debtor}: the last word is {last['type']}, not a restore")

    def _suspended(self):
        """Debtors whose suspend left (or may have) and of whom all invoices that it named are closed now → its sequence."""
        owing = {}
        for attempt in self.attempts.values():
            decision = attempt.decision
            if decision.get("signal") != SUSPEND or attempt.verdict not in ("accepted", "uncertain"):
                continue
            invoices = self._invoices(decision["debtor"], float("inf"))
            if all(invoices[named["ns"], named["invoice"]].closed(self.tolerance) for named in decision["invoices"]):
                owing[decision["debtor"]] = max(owing.get(decision["debtor"], 0), decision["sequence"])
        return owing

    def standing(self):
        """Those findings that stand whatever may still come."""
        for attempt in self.attempts.values():
            if attempt.decision["tone"] in DUNNING and attempt.verdict in ("accepted", "uncertain"):
                self._judge_dunning(attempt)
        self._judge_repeats()
        self._judge_sequences()
        return self.findings

    def run(self):
        """All findings; none is good."""
        self.standing()
        self._judge_arrivals()
        self._judge_signals()
        return self.findings
