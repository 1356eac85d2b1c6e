"""Judges a run in which everything around the senders may die: what judge.py asks of any run, and what only a run asks whose
driver knows who was due what, and when processes were killed.

Nothing is lost: everybody who owes got what he was due, and every event upstream published stands in the ledger. Nothing comes
twice. Every claim that delivered, or may have, has an outcome in the end; it is called uncertain only if it stood open at a kill,
and by another than its owner not before its time was over. What left had been decided before, in the ledger's order and the brokers' time,
under the one name that belongs to it. And the ledger itself is in order: what comes from one place of upstream first appears there
in upstream's order.
"""
import collections
import dataclasses

import identity
import judge


PASSING = {"retry", "throttled", "expired"}


@dataclasses.dataclass
class Due:
    """One message that has to have come."""

    debtor: str
    step: str
    resent: bool  # an uncertain attempt is made again, so only a sure one will do
    spaced: bool  # keeps its distance to others: failed once, it may have to wait for a day

    def met(self, verdicts):
        """By those of all outcomes of this step."""
        enough = {"accepted"} | (set() if self.resent else {"uncertain"}) | (PASSING if self.spaced else set())
        return bool(enough.intersection(verdicts))


def verdicts_of(records, found=None):
    """(debtor, step) → verdicts that the ledger has of it; added to what was found before."""
    found = collections.defaultdict(set) if found is None else found
    for record in records:
        if record.kind == "outcome":
            found[record.json["debtor"], record.json["step"]].add(record.json["verdict"])
    return found


class Promises(judge.Judge):
    """Beside what Judge takes: `copies`, all records of the channels' topics; `dues`; `published`, ids of upstream's events;
    `kills`, for each kill {partition: end offset of the ledger then}; `hands`: how many messages the killed senders may have held;
    `doubts`: whether uncertain attempts need a kill."""

    def __init__(self, *args, copies, dues, published, kills, hands, doubts=True, **options):
        self.ledger = sorted(args[0], key=lambda record: (record.partition, record.offset))
        super().__init__(*args, **options)
        self.copies, self.dues, self.ids, self.kills, self.hands, self.doubts = copies, dues, published, kills, hands, doubts
        self.late_outcomes = collections.defaultdict(list)  # claim → [(partition, offset, timestamp, verdict)]
        self.decided_at, self.decided_ms, self.claimed_ms = {}, {}, {}
        for record in self.ledger:
            if record.kind == "decided":
                self.decided_at.setdefault(record.json["action"], (record.partition, record.offset))
                self.decided_ms.setdefault(record.json["action"], record.timestamp_ms)
            elif record.kind == "claim":
                self.claimed_ms.setdefault(record.json["claim"], record.timestamp_ms)
            elif record.kind == "outcome" and self._speaks(record.json):
                place = (record.partition, record.offset, record.timestamp_ms, record.json["verdict"])
                self.late_outcomes[record.json["claim"]].append(place)

    def _unproven(self, attempt):
        """Receipts are waited for much longer than a run lasts: nobody goes on to another channel meanwhile."""
        return False

    # ---- what was under way at a kill ----

    def open_at(self, ends):
        """Claims that stood open when the ledger had these ends."""
        return {
            claim
            for claim, attempt in self.attempts.items()
            if attempt.offset < ends[attempt.partition]
            and not any(partition == attempt.partition and offset < ends[partition] for partition, offset, *_ in self.late_outcomes[claim])
        }

    def open_at_kills(self):
        """For each kill those that stood open then and had been made since the kill before it."""
        before, found = set(), []
        for ends in self.kills:
            stand = self.open_at(ends)
            found.append(stand - before)
            before |= stand
        return found

    def waiting_at(self, ends):
        """How many decisions had not ended then."""
        waiting = set()
        for record in self.ledger:
            if record.offset < ends[record.partition] and record.kind in ("decided", "outcome"):
                (waiting.add if record.kind == "decided" else waiting.discard)(record.json["action"])
        return len(waiting)

    def uncertain(self):
        return {claim: attempt for claim, attempt in self.attempts.items() if attempt.verdict == "uncertain"}

    # ---- the promises ----

    def _judge_dues(self):
        verdicts = verdicts_of(self.ledger)
        for due in self.dues:
            got = verdicts[due.debtor, due.step]
            if not due.met(got):
                self.findings.append(f"lost: {due.debtor} was due {due.step} and got {', '.join(sorted(got)) or 'nothing'}")

    def _judge_events(self):
        found = collections.Counter(
            record.json["id"] for record in self.ledger if record.kind == "event" and "id" in record.json
        )
        for name in self.ids:
            if not found[name]:
                self.findings.append(f"lost: event {name} is not in the ledger")

    def _judge_order(self):
        """A shard skips what is at or below the highest origin it knows: out of order would be lost."""
        highest, known = {}, collections.defaultdict(set)
        for record in self.ledger:
            origin = record.headers.get("regua_origin")
            if not origin:
                continue
            source, offset, sub = origin.decode().rsplit(":", 2)
            place, key = (int(offset), int(sub)), (record.partition, source)
            if place < highest.get(key, place) and place not in known[key]:
                self.findings.append(f"lost: {origin.decode()} first stands at {record.partition}/{record.offset}, behind {highest[key]}")
            known[key].add(place)
            highest[key] = max(place, highest.get(key, place))

    def _judge_release(self):
        """Log before release."""
        for copy in self.copies:
            action, where = copy.json["action"], f"{copy.topic}/{copy.partition}/{copy.offset}"
            if action not in self.decided_at:
                self.findings.append(f"{where}: {action} left and was never decided")
            elif copy.timestamp_ms < self.decided_ms[action]:
                self.findings.append(f"{where}: {action} left {self.decided_ms[action] - copy.timestamp_ms} ms before it was decided")
        for attempt in self.attempts.values():
            place = self.decided_at[attempt.decision["action"]]
            if place > (attempt.partition, attempt.offset):
                self._say(attempt, f"claimed before it was decided, at {place[0]}/{place[1]}")

    def _judge_names(self):
        for action, decision in self.decisions.items():
            wanted = identity.action_id(decision, self.decided_at[action][0])
            if action != wanted:
                self.findings.append(f"{decision['debtor']} {decision['step']}: action {action} should be called {wanted}")

    def _judge_doubt(self):
        in_hands = self.open_at_kills()
        straddling = set().union(*in_hands)
        for number, claims in enumerate(in_hands):
            named = len(claims & set(self.uncertain()))
            if named > self.hands:
                self.findings.append(f"kill {number + 1}: {named} in doubt, its senders may have held {self.hands}")
        for claim, attempt in self.uncertain().items():
            if self.doubts and claim not in straddling:
                self._say(attempt, "is called uncertain, and was in nobody's hands at any kill")
            named = [place for place in self.late_outcomes[claim] if place[3] == "uncertain"]
            waited = named[0][2] - self.claimed_ms[claim]
            own = attempt.outcome.get("detail", "") != "the claim's time ended without an outcome"
            if not own and waited < attempt.claim["valid_ms"]:
                self._say(attempt, f"was called uncertain after {waited} ms, its time is {attempt.claim['valid_ms']} ms")

    def _judge_open(self):
        """Bytes that arrived, and whose claim nobody ever spoke of again."""
        sure, came = collections.Counter(), collections.Counter(entry["raw"] for entry in self.inbox)
        open_claims = collections.defaultdict(list)
        for attempt in self.attempts.values():
            body = self.bodies.get(attempt.claim.get("message_key"))
            if attempt.verdict in ("accepted", "uncertain"):
                sure[body] += 1
            elif attempt.verdict == "open" and body is not None:
                open_claims[body].append(attempt)
        for body, attempts in open_claims.items():
            if came[body] > sure[body]:
                self._say(attempts[-1], "was delivered, and no outcome names it")

    def standing(self):
        super().standing()
        for part in (self._judge_order, self._judge_release, self._judge_names, self._judge_doubt):
            part()
        return self.findings

    def run(self):
        super().run()
        for part in (self._judge_dues, self._judge_events, self._judge_open):
            part()
        return self.findings
