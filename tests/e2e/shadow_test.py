"""Shadow: everything is decided and nothing leaves, until the file permits it and an operator goes live, and then only up to the
step he named."""
from regua_e2e import Case, main
from topics import at

START = at("2026-03-02 07:00")
LADDER = """
language: 1
ladder: curta
title: Régua curta
owner: cobranca@provedor.example
priority: 10
calendar: br-generico
mode: live
defaults: { via: [email] }
steps:
  lembrete: { day: D-5, tone: courtesy, template: lembrete }
  atraso: { day: D+1, tone: reminder, template: atraso }
  insiste: { day: D+4, tone: reminder, template: atraso }
templates:
  lembrete: "{{nome}}, a fatura de {{valor}} vence em {{vencimento}}. {{> credor}}"
  atraso: "{{nome}}, a fatura de {{valor}}, vencida em {{vencimento}}, está em aberto. {{> credor}}"
"""
NAMES = ("ana", "bia", "caio")


class Shadow(Case):
    def begin(self, ladder=LADDER, mode="live"):
        world = self.world(clocked=True, start=START, ladders={"curta.yaml": ladder}, mode=mode)
        world.start()
        for name in NAMES:
            world.event(
                "invoice.issued",
                invoice=f"F-{name}",
                debtor=name,
                due_on="2026-03-10",
                amount_cents=15990,
                debtor_details={
                    "name": name.capitalize(),
                    "kind": "person",
                    "state": "SP",
                    "contacts": [{"channel": "email", "address": f"{name}@cliente.example"}],
                },
            )
        return world

    def decided(self, world, name):
        return [
            (decision["step"], decision["mode"]) for decision in (record.json for record in world.ledger("decided", debtor=name))
        ]

    def test_the_packages_default_sends_nothing(self):
        world = self.begin(mode="shadow")
        status, _, says = world.ctl("go-live", "--max-step", "insiste", "--reason", "too soon")
        self.assertEqual(status, 4, says)
        self.assertIn("mode: shadow", says)
        world.clock.advance_to(at("2026-03-17 12:00"))
        for name in NAMES:
            self.assertEqual(self.decided(world, name), [("lembrete", "shadow"), ("atraso", "shadow"), ("insiste", "shadow")])
        self.assertEqual(world.inbox.entries(), [])
        self.assertEqual(world.ledger("claim"), [])
        self.assertEqual(world.read("actions.email"), [])

    def test_what_a_ladder_has_lowered_no_act_raises(self):
        world = self.begin(LADDER.replace("mode: live", "mode: shadow"))
        status, _, says = world.ctl("go-live", "--max-step", "insiste", "--reason", "too soon")
        self.assertEqual(status, 4, says)
        self.assertIn("mode: shadow", says)
        world.clock.advance_to(at("2026-03-17 12:00"))
        self.assertEqual(world.inbox.entries(), [])

    def test_going_live_is_an_act_with_a_cap_and_a_reason(self):
        world = self.begin()
        world.clock.advance_to(at("2026-03-06 12:00"))
        self.assertEqual(world.inbox.entries(), [])
        self.assertEqual(self.decided(world, "ana"), [("lembrete", "shadow")])
        for arguments, expected, words in [
            (["--reason", "we have seen the shadow"], 4, "--max-step"),
            (["--max-step", "atrasso", "--reason", "a typo"], 2, 'did you mean "atraso"'),
            (["--max-step", "atraso"], 2, "--reason"),
        ]:
            status, out, says = world.ctl("go-live", *arguments)
            print(arguments, status, says, flush=True)
            self.assertEqual((status, out), (expected, ""), says)
            self.assertIn(words, says)
        self.assertEqual(world.status()["live_max_step"], None)
        status, out, says = world.ctl("go-live", "--max-step", "atraso", "--reason", "we have seen the shadow")
        print(out, says, flush=True)
        self.assertEqual(status, 0, says)
        world.wait(lambda: world.status()["live_max_step"] == "atraso", "the act is read back")
        (act,) = [record.json for record in world.read("control") if record.key == b"live"]
        self.assertEqual((act["by"], act["reason"]), ("tester", "we have seen the shadow"))
        world.clock.advance_to(at("2026-03-17 12:00"))
        for name in NAMES:
            # The reminder's window was still open when its ladder went live: what shadow had decided counts as not done.
            self.assertEqual(
                [(message.step, message.attempt) for message in world.delivered(name)], [("lembrete", 2), ("atraso", 1)], name
            )
            self.assertEqual(self.decided(world, name)[-1], ("insiste", "shadow"))
        self.assert_just(world, at_least=2 * len(NAMES))


if __name__ == "__main__":
    main()
