#!/usr/bin/python3
"""One run: a crowd under way, faults, and the oracle's word. Started by kill.py; the last line it prints is the report, as JSON.

    run.py --seed S [--faults kill,…] [--acts N] [--debtors N] [--point NAME]… [--keep DIR]
"""
import argparse
import contextlib
import http.client
import json
import os
import pathlib
import random
import shutil
import sys
import threading
import time
import traceback

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))
import confluent_kafka  # noqa: E402 (the path is known only now)

import servers  # noqa: E402
from daemon import Daemon  # noqa: E402
from proxy import Proxy  # noqa: E402
from regua_e2e import SHARDS, World  # noqa: E402
import promises  # noqa: E402 (beside judge, which regua_e2e has found)
from topics import ALWAYS  # noqa: E402

import crowd  # noqa: E402
import faults  # noqa: E402

START_S = 300  # until the past is folded: the machine may have other things to do
SETTLE_S = 300  # after the last act it is over then, whatever still happens
QUIET_S = 60  # nobody gets anything more then: what failed is made again after half a minute
LOOK_S = 5  # between two looks of who is in haste
RESEND_EVERY = 4  # so many seeds have the notice made again when it is in doubt: such a run lasts longer
SHOWN = 20  # findings in a report; all of them are in the directory that is kept
FRESHENING_MS = 30000  # a sanction waits that long for upstream
PROVIDER_HANDS, MAIL_HANDS, SIGNAL_HANDS = 64, 16, 32  # messages that a sender may have claimed at once
HANDS = 2 * PROVIDER_HANDS + MAIL_HANDS + 2 * SIGNAL_HANDS
QUEUES = ("email", "sms", "whatsapp", "signals", "owed")
TUNING = "tuning: { session_timeout: %ds }" % faults.SESSION_S


class Run:
    """`world`, its `crowd`, and what the faults note: `kills`, one entry each. `trouble`: what else went wrong on the way; it fails
    a run as a finding does, but what it means for a promise only the oracle says."""

    def __init__(self, options):
        self.options = options
        self.dice = random.Random(f"run {options.seed}")
        self.kinds = options.faults.split(",")
        stream_s = options.stream or max(10.0, faults.lasts_s(self.kinds, options.acts))
        self.crowd = crowd.Crowd(options.seed, options.debtors, stream_s, options.cuts, resend=options.seed % RESEND_EVERY == 0)
        self.kills = []
        self.notes = []
        self.trouble = []
        self.hasty = False  # ended before everybody had got his
        self.struck = set()  # kinds of faults that did what they are there for
        self.over = threading.Event()
        self.sizes = None
        self.proxy = None
        self.second = None
        self.world = None

    @property
    def unstruck(self):
        """Kinds that had their turn in vain: of them the run has proved nothing."""
        return [kind for kind in dict.fromkeys(self.kinds[: self.options.acts]) if kind not in self.struck]

    @property
    def daemons(self):
        return [self.world] if self.second is None else [self.world, self.second]

    def channels(self, world):
        provider = f"transport: http, internal: true, token: {{ file: token }}, claim_time: {faults.CLAIM_S}s, timeout: 5s, concurrency: {PROVIDER_HANDS}"
        mail = f'tls: none, from: "Provedor Exemplo <cobranca@provedor.example>", claim_time: {faults.CLAIM_S}s, timeout: 5s, concurrency: {MAIL_HANDS}'
        return {
            "email": f'{{ transport: smtp, url: "smtp://127.0.0.1:{world.inbox.ports["smtp"]}", {mail} }}',
            "sms": f'{{ {provider}, preset: sms-http, url: "{world.inbox.url("sms")}" }}',
            "whatsapp": f'{{ {provider}, preset: whatsapp-cloud, url: "{world.inbox.url("whatsapp")}", version: v23.0, '
            'phone_number_id: "1055500000000" }',
            "letter": "",
        }

    def site(self, text):
        text = text.replace("tuning: { session_timeout: 6s }", TUNING)
        return text if self.proxy is None else text.replace(self.world.redis.url, f"redis://127.0.0.1:{self.proxy.port}/0")

    def open(self):
        if faults.OWN_KAFKA.intersection(self.kinds):
            os.environ.pop("RG_E2E_KAFKA", None)
        self.world = World(redis=("--auto-aof-rewrite-percentage", "0"), ladders={"agora.yaml": self.crowd.ladder}, calendars={"sem-noite.yaml": ALWAYS})
        if faults.PROXIED.intersection(self.kinds):
            self.proxy = Proxy(self.world.redis.socket)
        self.world.write_site(ladders={"agora.yaml": self.crowd.ladder}, channels=self.channels(self.world), change=self.site)
        if faults.TWO_PROCESSES.intersection(self.kinds):
            self.second = self.another()

    def another(self):
        """A second process, of the same installation."""
        world, port = self.world, servers.quiet_port()
        config = world.folder / "regua-2.yaml"
        config.write_text(world.config.read_text().replace(f"127.0.0.1:{world.port}", f"127.0.0.1:{port}"))
        return Daemon(config, port, world.folder / "reguad-2.log")

    def ready(self):
        for daemon in self.daemons:
            daemon.wait_ready()

    def play(self):
        world = self.world
        world.start()
        if self.second is not None:
            self.second.start()
        faults.watch_log(self)
        self.crowd.invoices(world)
        world.wait(lambda: self.folded(crowd.RECORDS_OF_INVOICE), "the invoices are folded", START_S)
        self.crowd.past(world)
        world.wait(lambda: self.folded(crowd.RECORDS_OF_PAST), "the past is folded", START_S)
        self.crowd.start(world)
        with self.going_on():
            faults.torment(self)
        self.keep_alive()
        self.settle()
        self.crowd.stop(world)
        for daemon in self.daemons:
            with self.going_on():
                daemon.stop()

    @contextlib.contextmanager
    def going_on(self):
        """Whatever goes wrong in here, the oracle is asked."""
        try:
            yield
        except Exception as error:  # pylint: disable=broad-except (it is told)
            traceback.print_exc()
            self.trouble.append(f"{type(error).__name__}: {error}"[:4000])

    def keep_alive(self):
        """As systemd does; and who still stands still goes on."""
        for daemon in self.daemons:
            if daemon.process is None:
                daemon.start(ready=False)
            elif daemon.process.poll() is not None:
                self.trouble.append(f"reguad ended by itself with {daemon.process.returncode}:\n{daemon.log_tail()}"[:4000])
                daemon.start(ready=False)
            elif daemon.is_stopped():
                daemon.resume()

    def folded(self, records):
        """Live, and so many records of each debtor are folded. An invoice is looked at for the first time when it is folded; what
        is due already then would wait for tomorrow."""
        states = [daemon.status() for daemon in self.daemons]
        folded = all(shard["lag"] == 0 and shard["state"] == "running" for state in states for shard in state["shards"])
        live = all(state.get("live_max_step") == crowd.LAST_STEP for state in states)
        return live and folded and sum(self.ends(settled=False).values()) >= records * len(self.crowd.debtors)

    def ends(self, settled=True):
        """Where the ledger ends; `settled`: once what a dead process had on its way to the broker has got there."""
        before, now = None, {}
        for _ in range(10 if settled else 1):
            before, now = now, {partition: self.world.end_of("ledger", partition) for partition in range(SHARDS)}
            if now == before:
                break
            time.sleep(0.03 if settled else 0)
        return now

    def settle(self):
        """Until all is published, nothing is under way and everybody who owes has got what he was due; or until nobody gets anything
        any more: then the oracle says what is missing. Who is in haste goes as soon as something is broken that no waiting mends."""
        read, reached, looked = 0, None, time.monotonic()
        verdicts = promises.verdicts_of(())
        began = quiet_since = time.monotonic()
        while time.monotonic() < min(quiet_since + QUIET_S, began + SETTLE_S):
            self.keep_alive()
            ledger = self.world.read("ledger")
            verdicts = promises.verdicts_of(ledger[read:], verdicts)
            read, dues = len(ledger), self.dues()
            met = sum(due.met(verdicts[due.debtor, due.step]) for due in dues)
            if self.crowd.finished.is_set() and met == len(dues) and self.idle():
                return
            if self.options.haste and time.monotonic() > looked + LOOK_S:
                self.hasty, looked = bool(self.court().standing()), time.monotonic()
                if self.hasty:
                    return
            if reached != (met, self.crowd.published):
                reached, quiet_since = (met, self.crowd.published), time.monotonic()
            time.sleep(0.5)

    def idle(self):
        with contextlib.suppress(OSError, http.client.HTTPException):
            return not any(daemon.status()["under_way"] for daemon in self.daemons)
        return False

    def dues(self):
        return [
            promises.Due(debtor.id, step, step in self.crowd.resent, step == "atraso") for debtor, step in self.crowd.dues()
        ]

    def court(self):
        world = self.world
        copies = [record for queue in QUEUES for record in world.read(f"actions.{queue}")]  # before the ledger, which then has their decisions
        return promises.Promises(
            world.read("ledger"),
            world.read("messages"),
            world.read("signals"),
            {source: world.read(source) for source in world.sources},
            world.inbox.everything(),
            copies=copies,
            dues=self.dues(),
            published=list(self.crowd.ids()),
            kills=[kill["ends"] for kill in self.kills],
            hands=HANDS * len(self.daemons),
            doubts=self.kinds == ["kill"] and not self.starved(),
            freshening_ms=FRESHENING_MS,
        )

    def starved(self):
        """The machine had so much else to do that a living process was put out of its group: what it had in hand is in doubt as
        well, though nobody killed it."""
        starved = any("SESSTMOUT" in line["text"] for daemon in self.daemons for line in daemon.log())
        note = "a session was over though nobody was killed: who had what in hand is not judged"
        if starved and note not in self.notes:
            self.notes.append(note)
        return starved

    def report(self):
        court = self.court()
        findings = court.standing() if self.hasty else court.run()
        broken = len(findings)
        for daemon in self.daemons:
            with self.going_on():
                daemon.check_log()
        uncertain = set(court.uncertain())
        for kill, open_claims in zip(self.kills, court.open_at_kills()):
            kill["open"], kill["waiting"] = len(open_claims), court.waiting_at(kill["ends"])
            kill["uncertain"] = len(open_claims & uncertain)
            del kill["ends"]
        return {
            "seed": self.options.seed,
            "faults": self.kinds,
            "decided": len(court.decisions),
            "accepted": sum(attempt.verdict == "accepted" for attempt in court.attempts.values()),
            "arrived": len(court.inbox),
            "uncertain": len(uncertain),
            "judged": court.judged,
            "ledger": len(court.ledger),
            "kills": self.kills,
            "notes": self.notes,
            "unstruck": self.unstruck,
            "broken": broken,
            "findings": findings + self.trouble,
        }


def keep(run, findings, into):
    """What there is to look at: findings, logs, configuration, and every topic as JSON lines."""
    into.mkdir(parents=True, exist_ok=True)
    (into / "findings").write_text("\n".join(findings) + "\n", encoding="utf-8")
    world = run.world
    for path in world.folder.iterdir():
        if path.is_file():
            shutil.copy(path, into / path.name)
    names = ("ledger", "people", "control", "messages", "signals", "deadletter", *(f"actions.{queue}" for queue in QUEUES), *world.sources)
    for name in names:
        with contextlib.suppress(AssertionError, KeyError, confluent_kafka.KafkaException), (into / f"{name}.jsonl").open("w", encoding="utf-8") as file:
            for record in sorted(world.read(name), key=lambda record: (record.partition, record.offset)):
                line = {
                    "at": f"{record.partition}/{record.offset}",
                    "ms": record.timestamp_ms,
                    "key": (record.key or b"").decode(errors="replace"),
                    "headers": {key: (value or b"").decode(errors="replace") for key, value in record.headers.items()},
                    "value": None if record.value is None else record.value.decode(errors="replace"),
                }
                file.write(json.dumps(line, ensure_ascii=False) + "\n")


def main():
    parser = argparse.ArgumentParser(description="one run")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--faults", default="kill")
    parser.add_argument("--acts", type=int, default=5, help="faults, one after the other")
    parser.add_argument("--debtors", type=int, default=13500)
    parser.add_argument("--stream", type=float, help="seconds through which the crowd becomes known; as the faults need when not given")
    parser.add_argument("--cuts", type=float, default=0.05, help="share of debtors who had their notice already")
    parser.add_argument("--point", action="append", default=[], help="crash points, one for each kill after the first")
    parser.add_argument("--stop", action="append", default=[], help="crash points to stand still at; any when none is named")
    parser.add_argument("--haste", action="store_true", help="end as soon as a promise is broken for good")
    parser.add_argument("--keep", type=pathlib.Path)
    options = parser.parse_args()
    run = Run(options)
    began, report = time.monotonic(), None
    try:
        run.open()
        run.play()
        report = run.report()
    except Exception as error:  # pylint: disable=broad-except (whatever it was, it belongs to the report)
        traceback.print_exc()
        report = {"seed": options.seed, "faults": run.kinds, "kills": run.kills, "notes": run.notes, "unstruck": [], "broken": 0, "findings": [f"{type(error).__name__}: {error}"[:4000]]}
    report["seconds"] = round(time.monotonic() - began, 1)
    if run.world is not None:
        if options.keep is not None and (report["findings"] or report["unstruck"] or os.environ.get("RG_E2E_KEEP")):
            keep(run, report["findings"], options.keep)
            report["kept"] = str(options.keep)
        with contextlib.suppress(Exception):
            run.over.set()
            for daemon in run.daemons:
                if daemon.process is not None:
                    daemon.kill()
            run.world.clear()
    report["found"] = len(report["findings"])
    report["findings"] = report["findings"][:SHOWN]
    print(json.dumps(report), flush=True)
    return 1 if report["found"] or report["unstruck"] else 0


if __name__ == "__main__":
    sys.exit(main())
