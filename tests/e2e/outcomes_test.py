"""Whatever a provider answers, the message ends once and the ledger says how: refused for now, refused for good, cut off after
the last dot, too fast, or a WhatsApp error with a number."""
from regua_e2e import Case, main
from topics import at

START = at("2026-03-02 07:00")
DUE = "2026-03-09"
OPEN = at("2026-03-04 08:31")  # the step's day, when every debtor's place in the morning has come
CLOSED = at("2026-03-04 20:00")
LADDER = """
language: 1
ladder: carta
title: Uma carta
owner: cobranca@provedor.example
priority: 10
calendar: br-generico
mode: live
steps:
  lembrete: {{ day: D-5, tone: courtesy, via: [{via}], template: lembrete, uncertain: {uncertain} }}
  vespera: {{ day: D-2, tone: courtesy, via: [{via}], template: lembrete, uncertain: {uncertain} }}
templates:
  lembrete: "{{{{nome}}}}, a fatura de {{{{valor}}}} vence em {{{{vencimento}}}}. {{{{> credor}}}}"
"""


class Outcomes(Case):
    def begin(self, via, uncertain="skip", until=CLOSED, **faults):
        """One debtor, one reminder, and a provider that misbehaves: `smtp` or `http` is the fault."""
        world = self.world(clocked=True, start=START, ladders={"carta.yaml": LADDER.format(via=via, uncertain=uncertain)})
        world.start(live="lembrete")
        world.event(
            "invoice.issued",
            invoice="F1",
            debtor="ana",
            due_on=DUE,
            amount_cents=15990,
            debtor_details={
                "name": "Ana Souza",
                "kind": "person",
                "state": "SP",
                "contacts": [
                    {"channel": "email", "address": "ana@cliente.example"},
                    {"channel": "sms", "address": "+5511990000001"},
                    {"channel": "whatsapp", "address": "+5511990000002"},
                ],
            },
        )
        for door, rule in faults.items():
            world.inbox.fault(door, **rule)
        world.clock.advance_to(until, stride_ms=1000)
        return world

    def ended(self, world):
        return [
            (outcome["channel"], outcome.get("attempt", 1), outcome["verdict"])
            for outcome in (record.json for record in world.ledger("outcome", debtor="ana"))
        ]

    def test_mail_refused_for_now_comes_later_and_once(self):
        world = self.begin("email, sms", smtp={"at": "dot", "code": 451, "text": "4.7.1 come back later", "times": 2})
        self.assertEqual(self.ended(world), [("email", 1, "retry"), ("email", 2, "retry"), ("email", 3, "accepted")])
        (message,) = world.delivered("ana")
        self.assertEqual(message.attempt, 3)
        first, second, third = (record.json["at_ms"] for record in world.ledger("outcome", debtor="ana"))
        self.assertGreaterEqual(second - first, 30_000)
        self.assertGreaterEqual(third - second, 2 * 30_000)
        self.assert_just(world, at_least=1)

    def test_mail_refused_for_good_goes_to_the_next_channel(self):
        world = self.begin("email, sms", smtp={"at": "rcpt", "code": 550, "text": "5.1.1 no such user"})
        self.assertEqual(
            [(channel, verdict) for channel, _, verdict in self.ended(world)], [("email", "rejected"), ("sms", "accepted")]
        )
        self.assertEqual([message.channel for message in world.delivered("ana")], ["sms"])
        detail = world.ledger("outcome", debtor="ana")[0].json["detail"]
        self.assertIn("550 5.1.1", detail)
        self.assertNotIn("ana@", detail)
        self.assert_just(world, at_least=1)

    def test_cut_after_the_last_dot_is_uncertain_and_skipped(self):
        world = self.begin("email, sms", "skip", smtp={"at": "dot", "cut": True, "times": 1})
        self.assertEqual(self.ended(world), [("email", 1, "uncertain")])
        self.assertEqual([entry["state"] for entry in world.inbox.entries()], ["unanswered"])
        self.assert_just(world, at_least=1)

    def test_cut_after_the_last_dot_is_uncertain_and_sent_again(self):
        world = self.begin("email, sms", "resend", smtp={"at": "dot", "cut": True, "times": 1})
        self.assertEqual(self.ended(world), [("email", 1, "uncertain"), ("email", 2, "accepted")])
        first, second = world.inbox.entries()
        self.assertEqual((first["state"], second["state"]), ("unanswered", "delivered"))
        self.assertEqual(first["message_id"], second["message_id"])  # by which a mail program shows one of them
        self.assert_just(world, at_least=1)

    def test_an_http_answer_that_never_comes_is_uncertain(self):
        world = self.begin("sms, email", "resend", http={"cut": "after", "times": 1})
        self.assertEqual(self.ended(world), [("sms", 1, "uncertain"), ("sms", 2, "accepted")])
        first, second = world.inbox.entries()
        self.assertEqual(first["idempotency_key"], second["idempotency_key"])
        self.assert_just(world, at_least=1)

    def test_too_fast_waits_as_long_as_the_provider_says(self):
        world = self.begin("sms, email", http={"status": 429, "headers": {"Retry-After": "5"}, "times": 1})
        self.assertEqual(
            [(channel, verdict) for channel, _, verdict in self.ended(world)], [("sms", "throttled"), ("sms", "accepted")]
        )
        first, second = (record.json["at_ms"] for record in world.ledger("outcome", debtor="ana"))
        self.assertTrue(5_000 <= second - first < 30_000, second - first)
        self.assert_just(world, at_least=1)

    def whatsapp(self, code, status, expected):
        body = {"error": {"message": "(#%d) as Meta says it" % code, "type": "OAuthException", "code": code, "fbtrace_id": "x"}}
        world = self.begin("whatsapp, sms", http={"provider": "whatsapp", "status": status, "body": body, "times": 1})
        self.assertEqual([(channel, verdict) for channel, _, verdict in self.ended(world)], expected)
        self.assertEqual(len(world.delivered("ana")), 1)
        self.assert_just(world, at_least=1)

    def test_whatsapp_cannot_reach_this_number(self):
        self.whatsapp(131026, 400, [("whatsapp", "rejected"), ("sms", "accepted")])

    def test_whatsapp_was_too_fast_for_this_person(self):
        self.whatsapp(131056, 400, [("whatsapp", "throttled"), ("whatsapp", "accepted")])

    def test_whatsapp_is_overloaded(self):
        self.whatsapp(131016, 500, [("whatsapp", "retry"), ("whatsapp", "accepted")])


if __name__ == "__main__":
    main()
