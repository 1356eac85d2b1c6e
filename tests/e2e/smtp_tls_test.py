"""Mail leaves encrypted or not at all: a wrong name, an expired certificate or a server without TLS get no address to see."""
from regua_e2e import Case, main
from topics import at

START = at("2026-03-02 07:00")
LADDER = """
language: 1
ladder: carta
title: Uma carta
owner: cobranca@provedor.example
priority: 10
calendar: br-generico
mode: live
steps:
  lembrete: { day: D-5, tone: courtesy, via: [email, sms], template: lembrete, until: 5d }
templates:
  lembrete: "{{nome}}, a fatura de {{valor}} vence em {{vencimento}}. {{> credor}}"
"""


class SmtpTls(Case):
    def play(self, certificate_of):
        """A world whose mail server has the certificate that `certificate_of(authority)` gives; one reminder is due."""
        world = self.world(clocked=True, start=START, ladders={"carta.yaml": LADDER}, tls=certificate_of)
        world.start(live="lembrete")
        world.event(
            "invoice.issued",
            invoice="F1",
            debtor="ana",
            due_on="2026-03-09",
            amount_cents=15990,
            debtor_details={
                "name": "Ana Souza",
                "kind": "person",
                "state": "SP",
                "contacts": [
                    {"channel": "email", "address": "ana@cliente.example"},
                    {"channel": "sms", "address": "+5511990000001"},
                ],
            },
        )
        return world

    def outcomes(self, world):
        return [(record.json["channel"], record.json["verdict"]) for record in world.ledger("outcome", debtor="ana")]

    def test_with_the_right_certificate_it_is_delivered(self):
        world = self.play(lambda authority: authority.issue("127.0.0.1"))
        world.clock.advance_to(at("2026-03-04 12:00"))
        (message,) = world.delivered("ana")
        self.assertEqual((message.channel, message.entry["to"]), ("email", "ana@cliente.example"))
        self.assertEqual(self.outcomes(world), [("email", "accepted")])
        self.assert_just(world, at_least=1)

    def refused(self, certificate_of, says):
        """Its first attempt fails for the reason `says`, and not one address was shown: neither sender nor recipient."""
        world = self.play(certificate_of)
        world.clock.advance_to(at("2026-03-04 08:31"))
        first = next(record.json for record in world.ledger("outcome", debtor="ana"))
        self.assertEqual((first["channel"], first["verdict"]), ("email", "retry"))
        self.assertIn(says, first["detail"])
        self.assertEqual(world.inbox.entries(), [])
        return world

    def test_a_certificate_for_another_name(self):
        self.refused(lambda authority: authority.issue("other.example"), "another host name")

    def test_an_expired_certificate(self):
        self.refused(lambda authority: authority.issue("127.0.0.1", expired=True), "expired")

    def test_a_certificate_of_nobody_we_trust(self):
        self.refused(lambda authority: authority.stranger().issue("127.0.0.1"), "nobody we trust")

    def test_a_server_without_tls_is_tried_again_and_then_passed_over(self):
        """Later and with a growing distance; when it does not get better the next channel of `via` takes the message."""
        world = self.refused(lambda authority: None, "offers no TLS")
        world.clock.advance_to(at("2026-03-04 20:00"), stride_ms=1000)
        tries = [record.json["at_ms"] for record in world.ledger("outcome", debtor="ana") if record.json["channel"] == "email"]
        gaps = [later - earlier for earlier, later in zip(tries, tries[1:])]
        self.assertGreaterEqual(len(gaps), 3)
        self.assertTrue(all(later >= 2 * earlier for earlier, later in zip(gaps, gaps[1:3])), gaps)
        (message,) = world.delivered("ana")
        self.assertEqual(message.channel, "sms")
        self.assertEqual([entry for entry in world.inbox.entries() if entry["door"] == "smtp"], [])
        self.assert_just(world, at_least=1)


if __name__ == "__main__":
    main()
