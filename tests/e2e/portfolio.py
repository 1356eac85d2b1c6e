"""A small portfolio of the shipped ladder: one invoice each, due on the same day, every debtor with a fate of his own.

Upstream is Asaas by its webhooks, which know a customer by id only, and a second source that knows names and contacts. The
days are chosen so that the term of the notice ends before Easter: the notice of 17 March is delivered the same day, its
fifteen days end on Wednesday 1 April, Thursday is the eve of Good Friday, so nobody is cut before Monday 6 April.
"""
from driver import Receipts, Switchboard
from topics import at

START = at("2026-02-20 09:00")
END = at("2026-05-06 12:00")
DUE_ON = "2026-03-02"
VALUE = 159.90

# name → (state, city, channels by which he can be reached)
PEOPLE = {
    "antes": ("SP", "Campinas", "email sms whatsapp"),  # pays before the due day
    "depois": ("SP", "Campinas", "email sms whatsapp"),  # pays after reminders
    "parcial": ("SP", "Santos", "email sms whatsapp"),  # pays a part and nothing more
    "suspenso": ("SP", "Santos", "email whatsapp"),  # is suspended, pays, has service again
    "contestado": ("SP", "Campinas", "email whatsapp"),  # the same, but the payment comes back by chargeback
    "estornado": ("MG", "Uberaba", "email whatsapp"),  # pays early and is refunded
    "anulada": ("SP", "Campinas", "email sms"),  # the invoice is deleted, and restored a week later
    "retido": ("SP", "Campinas", "email sms whatsapp"),  # held for two weeks
    "optout": ("SP", "Campinas", "email sms whatsapp"),  # wants no messages
    "semcontato": ("SP", "Campinas", ""),  # cannot be reached
    "pequeno": ("SP", "Campinas", "email sms whatsapp"),  # owes less than is worth a message
    "acre": ("AC", "Rio Branco", "email whatsapp"),  # two hours behind Brasília
    "rio": ("RJ", "Niterói", "email whatsapp"),  # hours narrower than elsewhere
    "semrecibo": ("SP", "Campinas", "email sms whatsapp"),  # WhatsApp never proves that he got anything
}
CUSTOMERS = {name: f"cus_{name}" for name in PEOPLE}


def address(channel, name):
    number = list(PEOPLE).index(name)
    return f"{name}@cliente.example" if channel == "email" else f"+55119900000{number:02d}"


class Portfolio:
    """Publishes what happens to them; `names` may be a part of PEOPLE."""

    def __init__(self, world, names=tuple(PEOPLE)):
        self.world = world
        self.names = names
        self.debtor_of_channel = {}
        Receipts(world, self.receipt)
        Switchboard(world)

    def receipt(self, outcome):
        """Providers prove delivery, but for one debtor's WhatsApp."""
        stays_unproven = outcome["debtor"] == CUSTOMERS["semrecibo"] and outcome["channel"] == "whatsapp"
        return [] if stays_unproven else ["delivered"]

    # ---- events ----

    def asaas(self, word, name, value=None, **payment):
        self.world.asaas(
            word, f"pay_{name}", CUSTOMERS[name], value=value or (15.0 if name == "pequeno" else VALUE), due_on=DUE_ON, **payment
        )

    def issue(self):
        for number, name in enumerate(self.names):
            state, city, channels = PEOPLE[name]
            self.world.event(
                "debtor.updated",
                debtor=CUSTOMERS[name],
                name=f"{name.capitalize()} da Silva",
                kind="person",
                state=state,
                city=city,
                binary=number % 2 == 0,
                contacts=[{"channel": channel, "address": address(channel, name)} for channel in channels.split()],
            )
            self.asaas("created", name)

    def overdue(self):
        for name in self.names:
            if name not in ("antes",):
                self.asaas("overdue", name)

    def event(self, type_, name, **data):
        self.world.event(type_, debtor=CUSTOMERS[name], **data)

    def schedule(self):
        """[(instant, call)] of those that take part."""

        def asaas(when, word, name, **payment):
            return (when, name, lambda: self.asaas(word, name, **payment))

        def event(when, type_, name, **data):
            return (when, name, lambda: self.event(type_, name, **data))

        fates = [
            (START, None, self.issue),
            asaas("2026-02-21 09:00", "updated", "parcial", value=149.90),
            asaas("2026-02-26 10:00", "confirmed", "antes"),
            asaas("2026-02-27 10:00", "received", "antes"),
            ("2026-03-03 06:00", None, self.overdue),
            event("2026-03-03 07:00", "debtor.held", "retido", until="2026-03-16T09:00:00-03:00", reason="enchente"),
            event("2026-03-03 07:00", "debtor.opted_out", "optout", channel="whatsapp"),
            event("2026-03-03 07:00", "debtor.opted_out", "optout", channel="sms"),
            event("2026-03-03 07:00", "debtor.opted_out", "optout", channel="email"),
            asaas("2026-03-05 10:00", "confirmed", "depois"),
            asaas("2026-03-06 10:00", "received", "depois"),
            # a payment that names nothing but its invoice: the invoice's home shard finds the debtor
            (
                "2026-03-05 11:00",
                "parcial",
                lambda: self.world.event(
                    "payment.confirmed", invoice="pay_parcial", payment="pix-1", amount_cents=6000, key="pay_parcial", binary=True
                ),
            ),
            asaas("2026-03-05 12:00", "confirmed", "estornado"),
            asaas("2026-03-09 09:00", "refunded", "estornado"),
            asaas("2026-03-05 14:00", "deleted", "anulada"),
            asaas("2026-03-12 09:00", "restored", "anulada"),
            asaas("2026-04-08 10:00", "confirmed", "suspenso"),
            asaas("2026-04-09 10:00", "received", "suspenso"),
            asaas("2026-04-08 15:00", "confirmed", "contestado"),
            asaas("2026-04-10 10:00", "chargeback_requested", "contestado"),
        ]
        return [
            (when if isinstance(when, int) else at(when), call)
            for when, name, call in fates
            if name is None or name in self.names
        ]

    def play(self, until=END):
        self.world.clock.play([entry for entry in self.schedule() if entry[0] <= until], until)
