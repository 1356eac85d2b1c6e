"""Five debtors who got nothing, and why, word for word: paid, held, outside hours, no contact, condition false."""
from regua_e2e import Case, at, main

LADDER = """
language: 1
ladder: curta
title: Régua curta
owner: cobranca@provedor.example
priority: 10
calendar: br-generico
mode: live
steps:
  atraso: { day: D+1, tone: reminder, via: [whatsapp, email], template: atraso, when: invoice.balance >= brl("20.00") }
  insiste: { day: D+4, tone: reminder, via: [whatsapp, email], template: atraso }
templates:
  atraso: "{{nome}}, a fatura de {{valor}}, vencida em {{vencimento}}, está em aberto. {{> credor}}"
"""
DUE = "2026-03-10"
NOW = at("2026-03-11 21:30")  # a Wednesday evening: the window of D+1 is open, the hours are over

EXPECTED = {}
SHOW = ""


class ExplainFive(Case):
    maxDiff = None

    def test_word_for_word(self):
        world = self.world(clocked=True, start=NOW, ladders={"curta.yaml": LADDER})
        world.start(live="insiste")
        for name in ("pago", "retido", "noite", "mudo", "pouco"):
            contacts = [] if name == "mudo" else [{"channel": "email", "address": f"{name}@cliente.example"}]
            world.event("invoice.issued", invoice=f"F-{name}", debtor=name, due_on=DUE, amount_cents=1990 if name == "pouco" else 15990,
                        debtor_details={"name": name.capitalize(), "kind": "person", "state": "SP", "contacts": contacts})
        world.event("payment.confirmed", invoice="F-pago", debtor="pago", payment="P1", amount_cents=15990)
        world.event("debtor.held", debtor="retido", until="2026-03-20T12:00:00-03:00", reason="enchente")
        world.clock.settle()
        self.assertEqual(world.inbox.entries(), [])
        for name in ("pago", "retido", "noite", "mudo", "pouco"):
            status, out, err = world.ctl("explain", name)
            print(out, err, flush=True)
            with self.subTest(debtor=name):
                self.assertEqual((status, err), (0, ""))
                self.assertEqual(out, EXPECTED.get(name))
        status, out, err = world.ctl("show", "pago")
        print(out, err, flush=True)
        self.assertEqual((status, err), (0, ""))
        self.assertEqual(out, SHOW)
        status, out, err = world.ctl("explain", "ninguem")
        self.assertEqual((status, out), (1, ""))
        self.assertIn("ninguem", err)


if __name__ == "__main__":
    main()
