"""First light: Asaas' webhooks come in, the shipped ladder runs for seventy-five days, and everybody gets what he should.

What is asserted stands in inbox, signals and ledger; what the daemon says of itself is not asked.
"""
import collections
import datetime
import unittest

from portfolio import CUSTOMERS, PEOPLE, START, Portfolio
from regua_e2e import World, main
from topics import BRASILIA, at, local

ZONES = {"AC": datetime.timezone(datetime.timedelta(hours=-5))}
OPENS = {"RJ": 9}
CLOSES = {"RJ": 19}
OWED = {"obrigado", "desculpe"}
SUSPEND, RESTORE = "service.suspend_requested", "service.restore_requested"

# The due day is Monday 2 March. The day before is a Sunday, so its reminder comes on Saturday. Three messages a week: the
# first one after the due day waits until the first of the week before is seven days old. D+20 is a Sunday, its notice comes on
# Monday. The cut: see portfolio.py.
BEFORE = ["02-25 lembrete email", "02-27 nao_recebido whatsapp", "02-28 vespera whatsapp"]
AFTER = [
    "03-04 atraso whatsapp",
    "03-06 insiste whatsapp",
    "03-09 insiste whatsapp",
    "03-11 atualizados whatsapp",
    "03-14 conversa whatsapp",
    "03-17 aviso_suspensao whatsapp",
    "03-23 notificacao whatsapp",
]
CUT = ["04-06 suspenso whatsapp"]

EXPECTED = {
    "antes": ["02-25 lembrete email", "02-26 obrigado whatsapp"],
    "depois": BEFORE + ["03-04 atraso whatsapp", "03-05 obrigado whatsapp"],
    "parcial": BEFORE + AFTER + CUT,
    "suspenso": BEFORE + AFTER + CUT + ["04-08 obrigado whatsapp"],
    # Chargeback on 10 April: both notices once more, from the next day on and apart; what was said in friendship is not said again.
    "contestado": BEFORE
    + AFTER
    + CUT
    + ["04-08 obrigado whatsapp", "04-11 aviso_suspensao whatsapp", "04-13 notificacao whatsapp"],
    # Paid on 5 March, refunded on the 9th.
    "estornado": BEFORE + ["03-04 atraso whatsapp", "03-05 obrigado whatsapp", "03-09 insiste whatsapp"] + AFTER[3:] + CUT,
    # No WhatsApp: SMS instead, and no extrajudicial notice. Deleted on 5 March, restored on the 12th.
    "anulada": [
        "02-25 lembrete email",
        "02-27 nao_recebido sms",
        "02-28 vespera sms",
        "03-04 atraso sms",
        "03-12 atualizados sms",
        "03-14 conversa sms",
        "03-17 aviso_suspensao sms",
        "04-06 suspenso sms",
    ],
    # Held from 3 March to the 16th.
    "retido": BEFORE + ["03-16 conversa whatsapp"] + AFTER[5:] + CUT,
    "optout": BEFORE,
    "semcontato": [],
    "pequeno": [],
    "acre": BEFORE + AFTER + CUT,
    # Nothing on Saturdays: what would come then comes on Friday with the other reminder, and on Monday.
    "rio": ["02-25 lembrete email", "02-27 nao_recebido whatsapp", "03-03 atraso whatsapp"]
    + AFTER[1:4]
    + ["03-16 conversa whatsapp"]
    + AFTER[5:]
    + CUT,
    # WhatsApp proves nothing in two days, then SMS does; its term ends a day later than the others'.
    "semrecibo": BEFORE + AFTER[:6] + ["03-19 aviso_suspensao sms", "03-23 notificacao whatsapp", "04-07 suspenso whatsapp"],
}
CUT_ON = {name: "04-06" for name in ("parcial", "suspenso", "contestado", "estornado", "anulada", "retido", "acre", "rio")}
CUT_ON["semrecibo"] = "04-07"

NO_BREAK = "\u00a0"  # between R$ and the amount
LEMBRETE = """\
Olá, Antes da Silva!

Passando para lembrar que a sua fatura de internet, no valor de R$ 159,90, vence em 02/03/2026.

Segunda via e outras formas de pagamento:
https://www.asaas.com/i/pay_antes

Se você já pagou, obrigado: pode desconsiderar este lembrete.

Provedor Exemplo Ltda, CPF/CNPJ 12.345.678/0001-95, Rua das Flores 10, Campinas SP, tel. +55 19 3000-0000
""".replace(
    "R$ ", "R$" + NO_BREAK
)
# Two days late: 2 % fine, and of 1 % a month two days, of 159,90.
ATRASO_SMS = (
    "Ola, Anulada da Silva. Nao identificamos o pagamento da fatura de 02/03/2026: original R$ 159,90, multa R$ 3,20, "
    "juros R$ 0,11, total R$ 163,21. Se ja pagou, desconsidere. Segunda via: https://www.asaas.com/i/pay_anulada Provedor "
    "Exemplo Ltda, CPF/CNPJ 12.345.678/0001-95, Rua das Flores 10, Campinas SP, tel. +55 19 3000-0000"
)

# A template message is its parameters.
ATRASO_WHATSAPP = "Depois da Silva\n02/03/2026\nR$ 159,90\nR$ 3,20\nR$ 0,11\nR$ 163,21".replace("R$ ", "R$" + NO_BREAK)


class FirstLight(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.world = World(clocked=True, start=START - 60_000)
        cls.broken = True
        cls.addClassCleanup(lambda: cls.world.close(failed=cls.broken))
        cls.world.start(live="suspenso")
        Portfolio(cls.world).play()
        cls.messages = cls.world.delivered()
        cls.broken = False

    def of(self, name):
        return [message for message in self.messages if message.decision["debtor"] == CUSTOMERS[name]]

    def signals(self, name):
        return [
            (
                f"{local(datetime.datetime.fromisoformat(signal['time']).timestamp() * 1000):%m-%d}",
                signal["type"].removeprefix("regua."),
            )
            for signal in self.world.signals(CUSTOMERS[name])
        ]

    def test_everybody_gets_what_his_fate_asks_for(self):
        for name in PEOPLE:
            found = [f"{local(message.at_ms):%m-%d} {message.step} {message.channel}" for message in self.of(name)]
            with self.subTest(debtor=name):
                self.assertEqual(found, EXPECTED[name])

    def test_suspensions_wait_for_notice_term_and_calendar_and_end_with_the_payment(self):
        for name in PEOPLE:
            expected = [(CUT_ON[name], SUSPEND)] if name in CUT_ON else []
            if name in ("suspenso", "contestado"):
                expected.append(("04-08", RESTORE))
            if name == "contestado":
                # The second notice of 11 April, fifteen days that end on a Sunday, hence on Monday: the cut may come on Tuesday.
                expected.append(("04-28", SUSPEND))
            with self.subTest(debtor=name):
                self.assertEqual(self.signals(name), expected)
                sequences = [signal["data"]["sequence"] for signal in self.world.signals(CUSTOMERS[name])]
                self.assertEqual(sequences, list(range(1, len(sequences) + 1)))

    def test_a_signal_says_what_it_rests_on(self):
        suspend, restore = self.world.signals(CUSTOMERS["suspenso"])
        self.assertEqual(
            (suspend["data"]["debtor"], suspend["data"]["creditor"], suspend["data"]["service"]),
            (CUSTOMERS["suspenso"], "provedor", "internet"),
        )
        self.assertEqual([invoice["invoice"] for invoice in suspend["data"]["invoices"]], ["pay_suspenso"])
        self.assertEqual(suspend["data"]["breakdown"]["principal_cents"], 15990)
        self.assertEqual((suspend["data"]["reason"], restore["data"]["reason"]), ("unpaid", "resolved"))
        self.assertNotEqual(suspend["id"], restore["id"])
        partition = suspend["data"]["evidence"]["partition"]
        ledger = {record.offset: record for record in self.world.ledger() if record.partition == partition}
        for offset in suspend["data"]["evidence"]["facts"]:
            self.assertEqual(ledger[offset].key.decode(), CUSTOMERS["suspenso"])
        notice = ledger[suspend["data"]["evidence"]["previous"]]
        self.assertEqual(notice.kind, "decided")

    def test_why_nothing_went_out_stands_in_the_ledger(self):
        for name, gate in (("semcontato", "unreachable"), ("pequeno", "condition"), ("optout", "opted_out"), ("retido", "held")):
            skips = collections.Counter(
                skip["gate"] for record in self.world.ledger("skipped", debtor=CUSTOMERS[name]) for skip in record.json.get("skips", ())
            )
            with self.subTest(debtor=name):
                self.assertGreater(skips[gate], 0, skips)

    def test_words(self):
        (lembrete, _) = self.of("antes")
        self.assertEqual(lembrete.entry["subject"], "A sua fatura do mês")
        self.assertEqual(lembrete.text.replace("\r\n", "\n").rstrip("\n") + "\n", LEMBRETE)
        self.assertIn("https://www.asaas.com/i/pay_antes", lembrete.entry["html"])
        self.assertEqual(self.of("anulada")[3].text, ATRASO_SMS)
        self.assertEqual(self.of("depois")[3].text, ATRASO_WHATSAPP)
        notices = [message for message in self.of("parcial") if message.step == "aviso_suspensao"]
        self.assertEqual(notices[0].decision["amount_cents"], 14990 - 6000)  # updated on the way, then paid in part

    def test_nothing_goes_out_outside_the_debtors_hours(self):
        for name, (state, _, _) in PEOPLE.items():
            for message in self.of(name):
                when = local(message.at_ms, ZONES.get(state, BRASILIA))
                opens, closes = OPENS.get(state, 8), 14 if when.weekday() == 5 else CLOSES.get(state, 20)
                self.assertLess(when.weekday(), 6, f"{name} {message.step} on a Sunday")
                self.assertTrue(opens <= when.hour < closes, f"{name} {message.step} at {when}")

    def test_nobody_is_dunned_for_what_is_paid_or_void(self):
        quiet = {
            "antes": ("2026-02-26 10:00", "2026-05-06 12:00"),
            "depois": ("2026-03-05 10:00", "2026-05-06 12:00"),
            "estornado": ("2026-03-05 12:00", "2026-03-09 09:00"),
            "anulada": ("2026-03-05 14:00", "2026-03-12 09:00"),
            "suspenso": ("2026-04-08 10:00", "2026-05-06 12:00"),
            "contestado": ("2026-04-08 15:00", "2026-04-10 10:00"),
            "retido": ("2026-03-03 07:00", "2026-03-16 09:00"),
            "optout": ("2026-03-03 07:00", "2026-05-06 12:00"),
        }
        for name, (begin, end) in quiet.items():
            late = [
                message.step for message in self.of(name) if at(begin) <= message.at_ms < at(end) and message.step not in OWED
            ]
            self.assertEqual(late, [], name)

    def test_the_oracle_has_nothing_to_say(self):
        findings, judged = self.world.judge()
        print(f"{len(self.messages)} messages, {judged} of them dunning and judged", flush=True)
        self.assertEqual(findings, [])
        self.assertGreater(judged, 90)


if __name__ == "__main__":
    main()
