"""reguad as a service of a real systemd: what its unit promises, tried with systemctl and read in the journal."""
import json
import pathlib
import shutil
import socket
import time
import unittest

from daemon import TOKEN
from installed import PASSWORD, UNIT, WATCHDOG_S, Installed
from regua_e2e import main
from threads import hold

LADDER_FILE = "rules.d/agora.yaml"
CALENDAR = """
language: 1
calendar: sem-noite
hours: { default: { weekdays: 00:00-24:00, saturday: 00:00-24:00, sunday: 00:00-24:00, source: "tests", read_on: 2026-01-01 } }
"""
LADDER = """
language: 1
ladder: agora
title: Agora
owner: cobranca@provedor.example
priority: 10
calendar: sem-noite
mode: live
steps:
  atraso: { day: D+1, tone: reminder, via: [email, sms], template: atraso, until: 300d, uncertain: resend }
templates:
  atraso: "{{nome}}, a fatura de {{valor}}, vencida em {{vencimento}}, está em aberto. {{> credor}}"
"""
STOP_S = 60  # the unit's TimeoutStopSec=
SETTLE_S = 40


class Service(unittest.TestCase):
    """One machine for all; each test finds the daemon up and ready, and leaves nothing under way."""

    @classmethod
    def setUpClass(cls):
        cls.fine = True
        cls.issued = 0
        cls.world = Installed(ladders={"agora.yaml": LADDER}, calendars={"sem-noite.yaml": CALENDAR}, channels={"whatsapp": None, "letter": None})
        cls.addClassCleanup(lambda: cls.world.close(failed=not cls.fine))
        cls.machine = cls.world.machine
        cls.world.expected_errors += ["START", "RELOAD-REJECTED", "STUCK"]
        cls.world.start(live="atraso")

    def setUp(self):
        began = time.monotonic()
        self.addCleanup(lambda: print(f"{time.monotonic() - began:.1f} s", end=" ", flush=True))
        if self.world.state()["ActiveState"] != "active":
            self.world.start()
        self.world.wait_ready()

    def tearDown(self):
        type(self).fine &= self._outcome.success

    # ---- what tests share ----

    def issue(self, count, *channels):
        """Invoices of so many new debtors, open for five days; they are written to by these channels in turn."""
        due_on = time.strftime("%Y-%m-%d", time.gmtime(time.time() - 5 * 86400))
        addresses = {"email": "devedor{}@cliente.example", "sms": "+55119910{:05d}"}
        for number in range(self.issued, self.issued + count):
            channel = channels[number % len(channels)]
            contact = {"channel": channel, "address": addresses[channel].format(number)}
            self.world.event("invoice.issued", invoice=f"F{number}", debtor=f"d{number}", due_on=due_on, amount_cents=15990, flush=False,
                             debtor_details={"name": f"Devedor {number}", "kind": "person", "state": "SP", "contacts": [contact]})
        self.world.flush()
        type(self).issued += count

    def everybody_has_one(self):
        """Each debtor has got his message, once, and the oracle has nothing to say."""
        self.world.wait(lambda: len(self.outcomes("accepted")) >= self.issued, f"{self.issued} are delivered", SETTLE_S)
        findings, judged = self.world.judge()
        self.assertEqual(findings, [])
        self.assertEqual((judged, len(self.world.inbox.taken())), (self.issued, self.issued))

    def outcomes(self, *verdicts):
        return [record.json for record in self.world.ledger("outcome") if not verdicts or record.json["verdict"] in verdicts]

    def open_claims(self):
        return {record.json["claim"] for record in self.world.ledger("claim")} - {outcome.get("claim") for outcome in self.outcomes()}

    def started_again(self, before, result):
        """systemd has started another process in place of one that ended so."""
        restarts = int(before["NRestarts"]) + 1
        state = self.world.wait(lambda: self.is_up(restarts), "it is started again", SETTLE_S)
        self.assertNotEqual(state["MainPID"], before["MainPID"])
        (line,) = {entry["MESSAGE"] for entry in self.since("_PID=1") if "Failed with result" in entry["MESSAGE"]}
        self.assertIn(f"'{result}'", line)
        self.world.wait_ready()

    def ended_well(self):
        self.assertIn(UNIT + ": Deactivated successfully.", [entry["MESSAGE"] for entry in self.since("_PID=1")])

    def is_up(self, restarts):
        state = self.world.state()
        return state if state["ActiveState"] == "active" and int(state["NRestarts"]) == restarts else None

    def mark(self):
        """From here `since` reads. (A cursor would skip the first entry that matches.)"""
        self.marked = f"--since=@{time.time():.6f}"

    def since(self, *matches):
        return self.machine.journal(self.marked, *matches)

    # ---- start ----

    def test_it_is_active_when_it_may_be_asked(self):
        self.world.stop()
        self.machine.systemctl("start", UNIT)
        self.assertEqual(self.world.http("/livez", token=None), (200, "ok\n"))  # at once: that is what READY=1 says
        self.world.wait_ready()
        self.world.wait(lambda: self.world.state()["StatusText"] == "running", "the status says so")

    def test_it_starts_without_redis_and_says_what_it_waits_for(self):
        self.world.stop()
        self.world.redis.stop()
        self.machine.systemctl("start", UNIT)
        self.world.wait(lambda: self.world.state()["StatusText"].startswith("waiting: redis: "), "the status says what is missing")
        self.assertEqual(self.world.http("/readyz", token=None), (503, "unready\n"))
        self.world.redis.start()
        self.world.wait_ready()

    def test_a_bad_file_is_told_once_and_nothing_is_started(self):
        self.world.stop()
        self.world.write(LADDER_FILE, LADDER.replace(", template:", ", tempalte:"))
        self.addCleanup(self.world.write, LADDER_FILE, LADDER)
        self.mark()
        self.assertNotEqual(self.machine.systemctl("start", UNIT, check=False).returncode, 0)
        time.sleep(3)  # longer than RestartSec=
        state = self.world.state()
        self.assertEqual((state["ActiveState"], state["NRestarts"]), ("failed", "0"))
        self.assert_finding([entry["MESSAGE"] for entry in self.since("REGUA_EVENT=START", "PRIORITY=3", "REGUA_FILE=/etc/regua/" + LADDER_FILE)])

    def assert_finding(self, lines):
        first, source, caret = lines
        number = next(n for n, line in enumerate(LADDER.splitlines(), 1) if "template: atraso," in line)
        column = LADDER.splitlines()[number - 1].index("template: atraso,") + 1
        self.assertTrue(first.startswith(f"/etc/regua/{LADDER_FILE}:{number}:{column}: error: "), first)
        self.assertIn('unknown key "tempalte" in step "atraso", did you mean "template"?', first)
        self.assertEqual(source[caret.index("^"): caret.rindex("~") + 1], "tempalte")
        return number

    def test_a_secret_that_is_missing_is_waited_for(self):
        self.world.stop()
        secret = self.machine.root / "etc/regua/credentials/token"
        secret.rename(secret.with_suffix(".away"))
        self.mark()
        self.assertNotEqual(self.machine.systemctl("start", UNIT, check=False).returncode, 0)
        self.assertTrue(any("status=243/CREDENTIALS" in entry["MESSAGE"] for entry in self.since("_PID=1")))
        secret.with_suffix(".away").rename(secret)
        self.world.wait_ready()

    def test_a_check_makes_no_connection(self):
        """It runs where whoever touches the network is killed."""
        for command, results in (("reguad --check", {"success"}), ("reguactl status", {"signal", "core-dump"})):
            self.machine.write("/etc/systemd/system/cut-off.service", "[Service]\nType=oneshot\nUser=regua\nLimitCORE=0\n"
                               f"SystemCallFilter=~@network-io\nExecStart=/usr/bin/{command}\n")
            self.machine.systemctl("daemon-reload")
            self.machine.systemctl("start", "cut-off.service", check=False)
            self.assertIn(self.machine.show("cut-off.service", "Result")["Result"], results)

    # ---- reload ----

    def rules(self):
        return self.world.status()["rules"]

    def test_a_reload_takes_all_or_nothing_and_says_so(self):
        before, state = self.rules(), self.world.state()
        self.world.write(LADDER_FILE, LADDER.replace(", template:", ", tempalte:"))
        self.mark()
        self.assertNotEqual(self.machine.systemctl("reload", UNIT, check=False).returncode, 0)
        entries = self.since("REGUA_EVENT=RELOAD-REJECTED", "PRIORITY=3", "REGUA_FILE=/etc/regua/" + LADDER_FILE)
        number = self.assert_finding([entry["MESSAGE"] for entry in entries])
        self.assertEqual({entry["REGUA_LINE"] for entry in entries}, {str(number)})
        self.assertEqual({entry["_SYSTEMD_UNIT"] for entry in entries}, {UNIT})
        self.assertIn("reload rejected: /etc/regua/" + LADDER_FILE, self.world.state()["StatusText"])
        self.assertEqual(self.rules(), before)
        self.world.write(LADDER_FILE, LADDER.replace("está em aberto", "continua em aberto"))
        self.addCleanup(lambda: (self.world.write(LADDER_FILE, LADDER), self.machine.systemctl("reload", UNIT)))
        self.machine.systemctl("reload", UNIT)
        now = self.world.state()
        self.assertEqual((now["MainPID"], now["NRestarts"], now["StatusText"]), (state["MainPID"], state["NRestarts"], "running"))
        self.issue(2, "email", "sms")
        self.everybody_has_one()
        self.assertIn("continua em aberto", self.world.delivered()[-1].text)

    # ---- ends nobody asked for ----

    def test_killed_it_is_started_again_and_goes_on(self):
        before = self.world.state()
        self.issue(10, "email", "sms")
        self.everybody_has_one()
        self.mark()
        self.machine.systemctl("kill", "--kill-whom=main", "--signal=KILL", UNIT)
        self.issue(10, "email", "sms")
        self.started_again(before, "signal")
        self.everybody_has_one()

    def test_a_thread_that_hangs_ends_it_and_the_next_one_does_its_work(self):
        before = self.world.state()
        self.mark()
        hold(self.world.main_pid(), "send-email")
        self.issue(10, "email")
        began = time.monotonic()
        self.started_again(before, "watchdog")
        self.assertLess(time.monotonic() - began, WATCHDOG_S + SETTLE_S)
        (entry,) = self.since("REGUA_EVENT=STUCK")
        self.assertIn("sender email has made no step for", entry["MESSAGE"])
        self.everybody_has_one()

    # ---- stop ----

    def test_a_stop_ends_what_was_begun_and_gives_back_the_rest(self):
        self.world.inbox.fault("smtp", at="dot", delay_ms=1000)
        self.mark()
        self.issue(24, "email")
        self.world.wait(lambda: len(self.open_claims()) > 4, "messages are under way")
        began = time.monotonic()
        self.world.stop()
        print(f"stopped in {time.monotonic() - began:.1f} s", end=" ", flush=True)
        self.assertLess(time.monotonic() - began, STOP_S)
        self.ended_well()
        self.assertLess(len(self.world.inbox.taken()), self.issued)
        self.assertEqual(self.open_claims(), set())
        self.world.inbox.heal()
        self.world.start()
        self.everybody_has_one()

    def test_a_second_signal_does_not_wait(self):
        self.mark()
        hold(self.world.main_pid(), "send-email")  # so there is something to wait for
        self.machine.systemctl("kill", "--signal=TERM", UNIT)
        self.world.wait(lambda: self.world.state()["StatusText"] == "ending what was begun", "it has heard")
        time.sleep(1)
        self.assertEqual(self.world.state()["ActiveState"], "deactivating")
        self.machine.systemctl("kill", "--signal=TERM", UNIT)
        began = time.monotonic()
        self.world.wait(lambda: self.world.state()["ActiveState"] == "inactive", "it ends")
        self.assertLess(time.monotonic() - began, 2)
        self.ended_well()

    # ---- the sandbox ----

    MAY = {"write its state", "write its own /tmp", "read a credential", "open a socket", "reach Redis' socket"}

    def test_the_sandbox_holds(self):
        """Tried by a program that the unit starts before the daemon, with the daemon's rights."""
        self.machine.write("/opt/probe.py", (pathlib.Path(__file__).parent / "probe.py").read_text(encoding="utf-8"))
        for path in ("home/someone/letters", "root/letters", "tmp/letters"):
            self.machine.write(path, "private")
        redis = self.machine.root / "run/redis.sock"
        listening = self.enterContext(socket.socket(socket.AF_UNIX))
        listening.bind(str(redis))
        listening.listen()
        shutil.chown(redis, "root", "redis")
        redis.chmod(0o770)
        self.world.drop_in("probe", "[Service]\nSupplementaryGroups=redis\nExecStartPre=/usr/bin/python3 /opt/probe.py\n")
        self.addCleanup(self.world.drop_in, "probe", None)
        self.mark()
        self.machine.systemctl("restart", UNIT)
        (tried,) = (json.loads(entry["MESSAGE"]) for entry in self.since("_SYSTEMD_UNIT=" + UNIT, "_COMM=python3"))
        self.assertEqual({name for name, obstacle in tried.items() if not obstacle}, self.MAY, json.dumps(tried, indent=1))

    def test_the_daemon_itself_holds_no_rights_and_shows_no_secret(self):
        process = pathlib.Path("/proc", str(self.world.main_pid()))
        status = dict(line.split(":\t", 1) for line in (process / "status").read_text(encoding="utf-8").splitlines())
        for name, value in (("NoNewPrivs", "1"), ("Seccomp", "2"), ("CapEff", "0" * 16), ("CapPrm", "0" * 16), ("CapBnd", "0" * 16)):
            self.assertEqual(status[name], value, name)
        self.assertNotIn("0", status["Uid"].split())
        shown = (process / "environ").read_bytes() + (process / "cmdline").read_bytes() + "".join(
            entry["MESSAGE"] for entry in self.machine.journal("--unit=" + UNIT)).encode()
        self.assertIn(b"CREDENTIALS_DIRECTORY=", shown)
        for secret in (TOKEN, PASSWORD):
            self.assertNotIn(secret.encode(), shown)

    def test_systemd_judges_the_sandbox_safe(self):
        judged = self.machine.run("systemd-analyze", "security", "--threshold=12", UNIT, check=False)
        self.assertEqual(judged.returncode, 0, judged.stdout + judged.stderr)


if __name__ == "__main__":
    main()
