"""Five debtors who got nothing, and why, word for word: paid, held, outside hours, no contact, condition false."""
import re

from regua_e2e import Case, main
from topics import at

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
NO_BREAK = "\u00a0"  # between R$ and the amount
NOW = at("2026-03-11 21:30")  # a Wednesday evening: the window of D+1 is open, the hours are over

EXPECTED = {
    "pago": """\
debtor pago  America/Sao_Paulo (-03)  0 open invoices, R$ 0,00   now Wed 2026-03-11 21:30

invoice F-pago  due 2026-03-10  R$ 0,00  ladder curta @RULES
  all steps            OVER       paid: R$ 159,90 received, last on 2026-03-11

next look: when something happens
""",
    "retido": """\
debtor retido  America/Sao_Paulo (-03)  1 open invoice, R$ 159,90   now Wed 2026-03-11 21:30

invoice F-retido  due 2026-03-10  R$ 159,90  ladder curta @RULES
  atraso               NOT NOW    since Wed 2026-03-11 08:00, until Sat 2026-03-14 00:00
    BLOCK  held            the debtor or the invoice is on hold: until Fri 2026-03-20 12:00, "enchente"
           lifted by       debtor.released, or the end of the hold; looked at again Fri 2026-03-20 12:00
           also            hours
    pass   condition       invoice.balance >= brl("20.00"): 159.90 >= 20.00
    pass   clearing        known through 2026-03-10, the payable day
  insiste              WAITING    opens Sat 2026-03-14 08:00

next look: Sat 2026-03-14 00:00
""",
    "noite": """\
debtor noite  America/Sao_Paulo (-03)  1 open invoice, R$ 159,90   now Wed 2026-03-11 21:30

invoice F-noite  due 2026-03-10  R$ 159,90  ladder curta @RULES
  atraso               NOT NOW    since Wed 2026-03-11 08:00, until Sat 2026-03-14 00:00
    BLOCK  hours           outside the hours in which this debtor may be contacted: opens Thu 2026-03-12 08:07
           lifted by       itself, at the next opening; looked at again Thu 2026-03-12 08:07
    pass   condition       invoice.balance >= brl("20.00"): 159.90 >= 20.00
    pass   clearing        known through 2026-03-10, the payable day
  insiste              WAITING    opens Sat 2026-03-14 08:00

next look: Thu 2026-03-12 08:07
""",
    "mudo": """\
debtor mudo  America/Sao_Paulo (-03)  1 open invoice, R$ 159,90   now Wed 2026-03-11 21:30

invoice F-mudo  due 2026-03-10  R$ 159,90  ladder curta @RULES
  atraso               NOT NOW    since Wed 2026-03-11 08:00, until Sat 2026-03-14 00:00
    BLOCK  unreachable     there is no usable contact for any channel of this step: whatsapp, email
           lifted by       upstream: debtor.updated with a contact
           also            hours
    pass   condition       invoice.balance >= brl("20.00"): 159.90 >= 20.00
    pass   clearing        known through 2026-03-10, the payable day
  insiste              WAITING    opens Sat 2026-03-14 08:00

next look: Sat 2026-03-14 00:00
""",
    "pouco": """\
debtor pouco  America/Sao_Paulo (-03)  1 open invoice, R$ 19,90   now Wed 2026-03-11 21:30

invoice F-pouco  due 2026-03-10  R$ 19,90  ladder curta @RULES
  atraso               NOT NOW    since Wed 2026-03-11 08:00, until Sat 2026-03-14 00:00
    BLOCK  condition       its condition does not hold: invoice.balance >= brl("20.00"): 19.90 >= 20.00
           lifted by       a fact it asks about
           also            hours
    pass   clearing        known through 2026-03-10, the payable day
  insiste              WAITING    opens Sat 2026-03-14 08:00

next look: Sat 2026-03-14 00:00
""",
}
SHOW = """\
debtor pago  P***  person  SP
shard 2, looked at again when something happens; times here are Brasília's

contacts
CHANNEL ADDRESS              PREFERRED
email   p***@cliente.example -

invoices
INVOICE NAMESPACE DUE           AMOUNT    LEFT STATE CYCLE SERVICE  DISPUTED
F-pago  asaas     2026-03-10 R$ 159,90 R$ 0,00 paid      1 internet -
"""


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
            with self.subTest(debtor=name):
                self.assertEqual((status, err), (0, ""))
                self.assertEqual(re.sub("@[0-9a-f]{12}", "@RULES", out), EXPECTED[name].replace("R$ ", "R$" + NO_BREAK))
        status, out, err = world.ctl("show", "pago")
        self.assertEqual((status, err), (0, ""))
        self.assertEqual(out, SHOW.replace("R$ ", "R$" + NO_BREAK))
        status, out, err = world.ctl("explain", "ninguem")
        self.assertEqual((status, out), (1, ""))
        self.assertIn("ninguem", err)


if __name__ == "__main__":
    main()
