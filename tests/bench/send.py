"""What delivering costs: the ways out beside bare loops of the same library (./dev bench delivery), and beside them a message from
end to end: claimed in the ledger, its bytes stored, delivered, its outcome in the ledger, all of it folded.

The messages are decided first and wait in their channels' topics; then one process that folds and sends has them all before it.
"""
import json
import os
import pathlib
import subprocess
import sys
import time

sys.path[:0] = [str(pathlib.Path(__file__).resolve().parents[1] / "e2e")]
import servers  # noqa: E402 (the path is known only now)
from regua_e2e import World  # noqa: E402
from report import Bench  # noqa: E402
from topics import ALWAYS, awake  # noqa: E402

LADDER = """
language: 1
ladder: agora
title: Agora
owner: cobranca@provedor.example
priority: 10
calendar: sem-noite
mode: live
defaults: { via: [email, sms] }
steps:
  atraso: { day: D+1, tone: reminder, template: atraso, until: 300d }
templates:
  atraso: "{{nome}}, a fatura de {{valor}}, vencida em {{vencimento}}, está em aberto. {{> credor}}"
"""
PATIENCE_S = 300
TICKS = os.sysconf("SC_CLK_TCK")


def deliveries(world):
    body = world.http("/metrics")[1]
    return sum(int(line.split()[-1]) for line in body.splitlines()
               if line.startswith("regua_deliveries_total") and 'result="accepted"' in line)


def cpu_s(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def issue(world, number, channel, due_on):
    address = f"devedor{number}@cliente.example" if channel == "email" else f"+55119{number:08d}"
    world.event(
        "invoice.issued", invoice=f"{channel}{number}", debtor=f"{channel}-{number}", due_on=due_on, amount_cents=15990, flush=False,
        debtor_details={"name": f"Devedor {number}", "kind": "person", "state": awake(), "contacts": [{"channel": channel, "address": address}]},
    )


def measure(bench, channel, count):
    """Messages a second, and the processor time of one, of the process that folds and sends."""
    site = lambda text: text.replace("tuning: { ", "tuning: { decide_workers: 1, ")  # noqa: E731
    with World(ladders={"agora.yaml": LADDER}, calendars={"sem-noite.yaml": ALWAYS}, site=site) as world:
        lines = {channel: line.replace("claim_time", "concurrency: 32, claim_time") for channel, line in world.default_channels().items()}
        world.write_site(ladders={"agora.yaml": LADDER}, channels=lines, change=site)
        world.start()
        world.go_live("atraso")
        world.stop()
        world.start(roles="ingest,decide")
        due_on = time.strftime("%Y-%m-%d", time.gmtime(time.time() - 5 * 86400))
        for number in range(count):
            bench.progress(f"{channel}: deciding", number, count)
            issue(world, number, channel, due_on)
        world.flush()
        world.wait(lambda: world.status()["under_way"] >= count, "the messages are decided", PATIENCE_S)
        world.wait(lambda: len(world.read(f"actions.{channel}")) >= count, "the messages wait in their topic", PATIENCE_S)
        world.stop()
        world.start(roles="decide,send")
        pid = world.process.pid
        world.wait(lambda: deliveries(world) > 0, "the first is delivered", PATIENCE_S)
        began, first, before = time.monotonic(), deliveries(world), cpu_s(pid)
        while deliveries(world) < count:
            world.check_alive()
            bench.progress(f"{channel}: sending", deliveries(world), count)
            time.sleep(0.02)
        sent = count - first
        return sent / (time.monotonic() - began), (cpu_s(pid) - before) / sent * 1e6


def add_delivery(bench):
    """The figures of the ways out alone."""
    bench.progress("the ways out beside bare loops")
    done = subprocess.run([servers.program("bench_delivery"), "--json"], stdout=subprocess.PIPE, check=True)
    for row in json.loads(done.stdout)["figures"]:
        figure = bench.figure(row["name"], row["unit"], at_least=row.get("at_least"))
        for name in ("low", "median", "high"):
            figure.add(row[name])


def main():
    bench = Bench("send", "delivering beside bare loops, and messages from end to end", {"messages": (4000, "of each channel, from end to end")})
    add_delivery(bench)
    for channel in ("email", "sms"):
        rate, cpu_us = measure(bench, channel, bench.options.messages)
        bench.figure(f"{channel} from end to end: rate", "/s").add(rate)
        bench.figure(f"{channel} from end to end: CPU of the process", "µs").add(cpu_us)
    bench.report()


if __name__ == "__main__":
    main()
