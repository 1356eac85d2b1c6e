"""The core of first light once more, on Apache Kafka 4.1."""
import servers
from portfolio import CUSTOMERS, START, Portfolio
from regua_e2e import Case, main
from topics import at


class Kafka41(Case):
    def test_reminders_a_payment_a_suspension_and_a_restore(self):
        kafka = servers.SharedKafka("4.1.0")
        self.addCleanup(kafka.close)
        world = self.world(clocked=True, start=START - 60_000, kafka=kafka)
        world.start(live="suspenso")
        Portfolio(world, ("antes", "depois", "parcial", "suspenso", "semcontato")).play(at("2026-04-09 12:00"))
        steps = {
            name: [message.step for message in world.delivered(CUSTOMERS[name])]
            for name in ("antes", "depois", "parcial", "suspenso")
        }
        self.assertEqual(steps["antes"], ["lembrete", "obrigado"])
        self.assertEqual(steps["depois"], ["lembrete", "nao_recebido", "vespera", "atraso", "obrigado"])
        self.assertEqual(steps["suspenso"][-1], "obrigado")
        self.assertIn("aviso_suspensao", steps["parcial"])
        signals = [signal["type"] for signal in world.signals(CUSTOMERS["suspenso"])]
        self.assertEqual(signals, ["regua.service.suspend_requested", "regua.service.restore_requested"])
        self.assert_just(world, at_least=15)


if __name__ == "__main__":
    main()
