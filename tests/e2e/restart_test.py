"""The daemon is killed or ended while messages are under way, and Redis forgets everything: nothing is lost, nothing comes twice."""
import random
import time

from regua_e2e import Case, main
from topics import ALWAYS, at, awake

LADDER = """
language: 1
ladder: agora
title: Agora
owner: cobranca@provedor.example
priority: 10
calendar: sem-noite
mode: live
defaults: { via: [whatsapp, sms, email], uncertain: skip }
steps:
  atraso: { day: D+1, tone: reminder, template: atraso, until: 300d }
templates:
  atraso: "{{nome}}, a fatura de {{valor}}, vencida em {{vencimento}}, está em aberto. {{> credor}}"
"""
FORGETFUL = LADDER.replace("sem-noite", "br-generico").replace(
    "until: 300d }", "until: 300d }\n  insiste: { day: D+4, tone: reminder, template: atraso }"
)
SEED = 20261124
DEBTORS = 180
KILLS = 6


def issue(world, number, channel, due_on):
    address = f"devedor{number}@cliente.example" if channel == "email" else f"+55119910{number:05d}"
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
            "state": awake(),
            "contacts": [{"channel": channel, "address": address}],
        },
    )


class Killed(Case):
    def test_nothing_is_lost_and_nothing_comes_twice(self):
        dice = random.Random(SEED)
        provider = "transport: http, internal: true, token: { file: token }, claim_time: 10s, timeout: 5s, concurrency: 4"
        world = self.world(ladders={"agora.yaml": LADDER}, calendars={"sem-noite.yaml": ALWAYS})
        lines = {
            "sms": f'{{ {provider}, preset: sms-http, url: "{world.inbox.url("sms")}" }}',
            "whatsapp": f'{{ {provider}, preset: whatsapp-cloud, url: "{world.inbox.url("whatsapp")}", version: v23.0, '
            'phone_number_id: "1055500000000" }',
        }
        world.write_site(ladders={"agora.yaml": LADDER}, channels=lines)
        for door in ("smtp", "http"):
            world.inbox.fault(door, delay_ms=250, **({"at": "dot"} if door == "smtp" else {}))
        world.start(live="atraso")
        due_on = time.strftime("%Y-%m-%d", time.gmtime(time.time() - 5 * 86400))
        open_claims = []  # at each kill
        for round_ in range(KILLS + 1):
            for number in range(round_ * DEBTORS // (KILLS + 1), (round_ + 1) * DEBTORS // (KILLS + 1)):
                issue(world, number, ("email", "sms", "whatsapp")[number % 3], due_on)
                if number % 5 == 0:  # some pay at once: nobody of them may be dunned after that
                    world.event(
                        "payment.confirmed",
                        invoice=f"F{number}",
                        debtor=f"d{number}",
                        payment=f"P{number}",
                        amount_cents=15990,
                        flush=False,
                    )
            world.flush()
            if round_ == KILLS:
                break
            before = len(world.inbox.entries())
            world.wait(lambda: len(world.inbox.entries()) > before, "messages are under way", 60)
            time.sleep(dice.uniform(0, 0.5))
            world.kill()
            ended = {record.json.get("claim") for record in world.ledger("outcome")}
            open_claims.append({record.json["claim"] for record in world.ledger("claim")} - ended)
            world.start()
        world.wait(lambda: self.drained(world), "everything is sent", 120)
        world.stop()
        uncertain = {
            record.json["claim"]: record.json["debtor"]
            for record in world.ledger("outcome")
            if record.json["verdict"] == "uncertain"
        }
        arrived = {message.decision["debtor"] for message in world.delivered()}
        print(
            f"seed {SEED}: killed {KILLS} times with {[len(claims) for claims in open_claims]} claims open; "
            f"{len(arrived)} debtors got their message, uncertain: {', '.join(sorted(uncertain.values())) or 'none'}",
            flush=True,
        )
        self.assertTrue(any(open_claims), "kills while nothing is under way prove nothing")
        self.assertLessEqual(set(uncertain), set().union(*open_claims))  # each one in doubt was in a sender's hands at a kill
        paid = {f"d{number}" for number in range(0, DEBTORS, 5)}
        everybody = {f"d{number}" for number in range(DEBTORS)}
        self.assertEqual(everybody - arrived - set(uncertain.values()) - paid, set())
        self.assert_just(world, at_least=DEBTORS // 2)

    @staticmethod
    def drained(world):
        """Everybody has an end, or has paid; and nothing is under way."""
        ended = {record.key.decode() for record in world.ledger("outcome") if record.json["verdict"] in ("accepted", "uncertain")}
        waiting = {f"d{number}" for number in range(DEBTORS) if number % 5} - ended
        return not waiting and world.status()["under_way"] == 0


class Ended(Case):
    DEBTORS = 600
    PATIENCE_S = 8  # of an answer that a provider may still give; nobody waits for a fold that nobody does

    def test_what_is_in_hand_is_given_back_at_once(self):
        world = self.world(ladders={"agora.yaml": LADDER}, calendars={"sem-noite.yaml": ALWAYS})
        world.start(live="atraso")
        due_on = time.strftime("%Y-%m-%d", time.gmtime(time.time() - 5 * 86400))
        for number in range(self.DEBTORS):
            issue(world, number, ("email", "sms", "whatsapp")[number % 3], due_on)
        world.flush()
        for _ in range(3):
            before = len(world.inbox.entries("?short=1"))
            world.wait(lambda: len(world.inbox.entries("?short=1")) > before, "messages are under way")
            began = time.monotonic()
            world.stop()
            self.assertLess(time.monotonic() - began, self.PATIENCE_S)
            world.start()
        world.wait(lambda: len(world.ledger("outcome")) >= self.DEBTORS and world.status()["under_way"] == 0, "everything is sent")
        self.assertEqual({message.decision["debtor"] for message in world.delivered()}, {f"d{n}" for n in range(self.DEBTORS)})
        self.assertEqual([record for record in world.ledger("outcome") if record.json["verdict"] == "uncertain"], [])
        self.assert_just(world, at_least=self.DEBTORS)


class Forgotten(Case):
    def test_redis_forgets_everything(self):
        world = self.world(clocked=True, start=at("2026-03-02 07:00"), ladders={"agora.yaml": FORGETFUL})
        world.start(live="insiste")
        for number in range(40):
            issue(world, number, ("email", "sms", "whatsapp")[number % 3], "2026-03-10")
        world.flush()
        world.clock.advance_to(at("2026-03-12 12:00"))
        before = world.inbox.entries()
        decided = [record.value for record in world.ledger("decided")]
        self.assertEqual(len(before), 40)
        world.redis.ask("FLUSHALL")
        for number in range(40):  # something happens in every shard: it sees that its position is gone, and folds from the ledger
            world.event("bill.opened", invoice=f"F{number}", debtor=f"d{number}", flush=False)
        world.flush()
        world.clock.settle()
        self.assertEqual({line["shard"] for line in world.log() if line["event"] == "SHARD-REOWN"}, {"0", "1", "2", "3"})
        self.assertEqual(world.inbox.entries(), before)
        self.assertEqual([record.value for record in world.ledger("decided")], decided)
        world.clock.advance_to(at("2026-03-17 12:00"))
        self.assertEqual(len(world.inbox.entries()), 80)
        self.assert_just(world, at_least=80)


if __name__ == "__main__":
    main()
