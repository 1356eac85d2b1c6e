#!/usr/bin/env python3
"""reguad as systemd and an operator meet it, with neither Kafka nor Redis there: what it says while it waits, what its metrics
look like, how it is told to read its rules again, and how it ends.

Usage: process_test.py PATH-OF-reguad PATH-OF-reguactl SOURCE_DIR [unittest options]
"""

import http.client
import http.server
import json
import os
import pathlib
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest

REGUAD, REGUACTL, SOURCE = (pathlib.Path(sys.argv.pop(1)).resolve() for _ in range(3))
SHIPPED = SOURCE / "config" / "shipped"
sys.path.insert(0, str(SOURCE / "tests" / "oracle"))
import exposition  # noqa: E402 (the path is known only now)

PATIENCE_S = 20
SITE = """language: 1
mode: shadow
creditors:
  provedor: {{ name: Provedor Exemplo Ltda, document: 12.345.678/0001-95, address: "Rua das Flores 10, Campinas SP" }}
services: {{ internet: {{ sector: telecom, creditor: provedor }} }}
kafka: {{ brokers: ["127.0.0.1:{nobody}"], shards: 4 }}
redis: {{ url: "unix://{folder}/redis.sock" }}
sources:
  billing: {{ topic: billing.events, live: true }}
  bank: {{ topic: bank.returns, payments: synced }}
channels:
  email: {{ transport: smtp, url: "smtp://127.0.0.1:25", tls: none, from: "Provedor <cobranca@provedor.example>", evidence: delivered }}
rules: [rules.d]
http: {{ listen: "127.0.0.1:{port}" }}
log: {{ format: json }}
"""
LADDER = """language: 1
ladder: curta
title: Curta
owner: cobranca@provedor.example
priority: 10
calendar: br-generico
steps:
  lembrete: { day: D-5, tone: courtesy, via: [email], template: lembrete }
templates:
  lembrete: "{{nome}}, a fatura de {{valor}} vence em {{vencimento}}. {{> credor}}"
"""


def quiet_port():
    low = int(pathlib.Path("/proc/sys/net/ipv4/ip_local_port_range").read_text(encoding="ascii").split()[0])
    while True:
        port = random.randrange(10240, low)
        with socket.socket() as tried:
            try:
                tried.bind(("127.0.0.1", port))
                return port
            except OSError:
                continue


class Daemon:
    """One reguad in a folder of its own, watched through a notify socket."""

    def __init__(self, test, ladder=LADDER, environment=None, prepare=None, pipe=False, program=REGUAD):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="regua-process-"))
        test.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.port = quiet_port()
        self.site = self.folder / "regua.yaml"
        self.ladder = self.folder / "rules.d" / "curta.yaml"
        self.ladder.parent.mkdir()
        self.ladder.write_text(ladder, encoding="utf-8")
        self.site.write_text(SITE.format(nobody=quiet_port(), folder=self.folder, port=self.port), encoding="utf-8")
        if prepare is not None:
            prepare(self)
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(str(self.folder / "notify"))
        self.heard, self.listened, self.news = [], 0, threading.Condition()
        test.addCleanup(self.close)
        threading.Thread(target=self._hear, daemon=True).start()
        self.log_path = self.folder / "log"
        with self.log_path.open("wb") as log:
            self.process = subprocess.Popen(
                [program, "--config", self.site, "--shipped", SHIPPED], stdin=subprocess.DEVNULL, stdout=log,
                stderr=subprocess.PIPE if pipe else log,
                env={**os.environ, "NOTIFY_SOCKET": str(self.folder / "notify"), **(environment or {})})
        test.addCleanup(self.kill)

    def close(self):
        self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        if self.process.stderr is not None:
            self.process.stderr.close()

    def log(self):
        return [json.loads(line) for line in self.log_path.read_text(encoding="utf-8").splitlines() if line.startswith("{")]

    def _hear(self):
        """In a thread of its own: whoever does not read holds up those who write."""
        while True:
            try:
                text = self.socket.recv(4096).decode()
            except OSError:
                return
            message = dict(line.split("=", 1) for line in text.splitlines())
            with self.news:
                self.heard.append((time.monotonic(), text, message))
                self.news.notify_all()

    def told(self, word, timeout=PATIENCE_S):
        """What systemd is told from where the last call ended up to the first message that holds `word`; each a dictionary."""
        deadline, messages = time.monotonic() + timeout, []
        with self.news:
            while True:
                while self.listened < len(self.heard):
                    _, text, message = self.heard[self.listened]
                    self.listened += 1
                    messages.append(message)
                    if word in text:
                        return messages
                if not self.news.wait(deadline - time.monotonic()) and time.monotonic() > deadline:
                    raise AssertionError(f"no {word} within {timeout} s: {messages}\n{self.log_path.read_text()}")

    def ask(self, path):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE_S)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        finally:
            connection.close()

    def ctl(self, *arguments, timeout=PATIENCE_S, environment=None):
        run = subprocess.run([REGUACTL, *arguments, "--url", f"http://127.0.0.1:{self.port}"], stdin=subprocess.DEVNULL,
                             capture_output=True, text=True, timeout=timeout, check=False, env={**os.environ, **(environment or {})})
        return run.returncode, run.stdout, run.stderr


class Waiting(unittest.TestCase):
    def test_it_is_up_and_says_what_it_waits_for(self):
        daemon = Daemon(self)
        daemon.told("READY=1")
        daemon.told("STATUS=waiting: redis: ")
        self.assertEqual(daemon.ask("/livez"), (200, "ok\n"))
        status, body = daemon.ask("/readyz?verbose=1")
        self.assertEqual((status, body.splitlines()[0]), (503, "unready"))
        deadline = time.monotonic() + PATIENCE_S
        while "[-] redis: " not in body and time.monotonic() < deadline:
            body = daemon.ask("/readyz?verbose=1")[1]
        self.assertIn("[-] redis: ", body)


    def test_a_neighbour_who_is_in_trouble_is_waited_for(self):
        """Whatever it answers: only a file that is wrong, and what is not safe, ends the daemon for good."""
        for answer in (b"-ERR the node behind this proxy is away\r\n", b"+what?\r\n", b"*1\r\n$1\r\nx\r\n", b""):
            with self.subTest(answer=answer):
                daemon = Daemon(self, prepare=lambda made, answer=answer: self.odd_redis(made, answer))
                daemon.told("READY=1")
                daemon.told("STATUS=waiting: redis: ")
                time.sleep(1)
                self.assertIsNone(daemon.process.poll())
                self.assertEqual(daemon.ask("/readyz")[0], 503)

    def odd_redis(self, daemon, answer):
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        listener.bind(str(daemon.folder / "redis.sock"))
        listener.listen()

        def serve():
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                with connection:
                    while asked := connection.recv(4096):
                        connection.sendall(b"+PONG\r\n" if b"PING" in asked else answer)
                        if not answer:
                            break

        threading.Thread(target=serve, daemon=True).start()

        def close():
            listener.shutdown(socket.SHUT_RDWR)
            listener.close()

        self.addCleanup(close)


class NotYet(unittest.TestCase):
    """A file never promises what nobody does."""

    ROWS = [
        # what is written, where and how, the exit status, words
        ("test_recipients: [eu@provedor.example]\n", "error", 1, "nothing else is limited to these addresses: live steps write to every debtor"),
        ("doors: {{ listen: \"127.0.0.1:8471\" }}\n", "warning", 0, "no door is opened in this version"),
        ("http: {{ operators: {{ ana: {{ token: {{ file: t }}, roles: [look, approve] }} }} }}\n", "warning", 0, "role approve allows nothing"),
        ("sources:\n  hook: {{ topic: hook, live: true, door: {{ scheme: token, header: x-token, secret: {{ file: t }} }} }}\n", "error", 1,
         "what is sent to /events/hook would be lost"),
        ("channels:\n  letter: {{ transport: spool, directory: /tmp }}\n", "error", 1, "this transport is not supported in this version"),
        ("doors: {{ listen: none }}\n", None, 0, ""),
        ("test_recipients: []\n", None, 0, ""),
    ]

    def test_what_has_no_effect_is_said_where_it_stands(self):
        for text, severity, status, words in self.ROWS:
            with self.subTest(text=text), tempfile.TemporaryDirectory() as name:
                folder = pathlib.Path(name)
                (folder / "rules.d").mkdir()
                (folder / "rules.d" / "curta.yaml").write_text(LADDER, encoding="utf-8")
                key = text.split(":", 1)[0]
                lines = [line for line in SITE.splitlines(keepends=True)]
                if key in ("sources", "channels"):
                    site = SITE.replace(f"{key}:\n", text)
                else:
                    site = "".join(line for line in lines if not line.startswith(f"{key}:")) + text
                (folder / "regua.yaml").write_text(site.format(nobody=1, folder=folder, port=8470), encoding="utf-8")
                run = subprocess.run([REGUAD, "--config", folder / "regua.yaml", "--shipped", SHIPPED, "--check"], capture_output=True, text=True,
                                     check=False)
                self.assertEqual((run.returncode, run.stderr), (status, ""), run.stdout)
                found = re.findall(r"^.*/regua\.yaml:\d+:\d+: (\w+): (.*) \[not-yet\]$", run.stdout, re.MULTILINE)
                self.assertEqual([kind for kind, _ in found], [severity] if severity else [], run.stdout)
                self.assertTrue(not severity or words in found[0][1], run.stdout)


    def test_one_run_finds_what_is_wrong_with_every_file(self):
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name)
            (folder / "rules.d").mkdir()
            (folder / "rules.d" / "curta.yaml").write_text(LADDER.replace("template: lembrete }", "tempalte: lembrete }"), encoding="utf-8")
            (folder / "mappings").mkdir()
            for mapping in ("asaas", "iugu"):
                text = (SHIPPED / "mappings" / f"{mapping}.yaml").read_text(encoding="utf-8")
                (folder / "mappings" / f"{mapping}.yaml").write_text(text.replace("\nid: ", "\nidd: "), encoding="utf-8")
            site = SITE.replace("sources:\n", "".join(["sources:\n", *(f"  {name}: {{{{ topic: {name}, format: json, mapping: {name} }}}}\n"
                                                                     for name in ("asaas", "iugu"))])) + "test_recipients: [eu@provedor.example]\n"
            (folder / "regua.yaml").write_text(site.format(nobody=1, folder=folder, port=8470), encoding="utf-8")
            run = subprocess.run([REGUAD, "--config", folder / "regua.yaml", "--shipped", SHIPPED, "--check"], capture_output=True, text=True,
                                 check=False)
            self.assertEqual(run.returncode, 1)
            for file in ("regua.yaml", "mappings/asaas.yaml", "mappings/iugu.yaml", "rules.d/curta.yaml"):
                self.assertRegex(run.stdout, rf"(?m)^{folder}/{file}:\d+:\d+: error: ")

    def test_the_shipped_file_promises_nothing_with_every_setting_on(self):
        text = (SHIPPED / "regua.yaml").read_text(encoding="utf-8")
        switched, count = re.subn(r"(?m)^( *)#([a-z])", r"\1\2", text)
        self.assertGreater(count, 15)
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name)
            (folder / "rules.d").mkdir()
            (folder / "rules.d" / "curta.yaml").write_text(LADDER.replace("via: [email]", "via: [whatsapp]"), encoding="utf-8")
            (folder / "regua.yaml").write_text(switched, encoding="utf-8")
            shutil.copy(SHIPPED / "policy.yaml", folder)
            run = subprocess.run([REGUAD, "--config", folder / "regua.yaml", "--shipped", SHIPPED, "--check"], capture_output=True, text=True,
                                 check=False)
        self.assertNotIn("not-yet", run.stdout)
        self.assertEqual(run.returncode, 0, run.stdout)


class Stopping(unittest.TestCase):
    def test_it_ends_when_told_and_says_so(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            daemon = Daemon(self)
            daemon.told("READY=1")
            daemon.process.send_signal(number)
            self.assertEqual(daemon.told("STOPPING=1")[-1]["STATUS"], "ending what was begun")
            self.assertEqual(daemon.process.wait(PATIENCE_S), 0)

    def test_told_while_it_reads_its_files_it_ends_as_well(self):
        for delay in (0, 0.001, 0.005, 0.02):
            daemon = Daemon(self)
            time.sleep(delay)
            daemon.process.terminate()
            self.assertIn(daemon.process.wait(PATIENCE_S), (0, -signal.SIGTERM))  # before its first line it has no say

    def held_up(self):
        """Its main thread waits for ever: nobody reads what it writes."""
        daemon = Daemon(self, pipe=True)
        daemon.told("READY=1")
        daemon.ladder.write_text(LADDER + "".join(f"unknown_{number}: 1\n" for number in range(20)), encoding="utf-8")
        while True:
            daemon.process.send_signal(signal.SIGHUP)
            time.sleep(0.5)
            state = json.loads(daemon.ask("/api/v1/reload")[1])
            if state["done"] < state["asked"]:
                break
        daemon.process.terminate()
        time.sleep(0.5)
        self.assertIsNone(daemon.process.poll())
        return daemon

    def test_a_second_signal_ends_it_at_once_whatever_holds_it_up(self):
        daemon = self.held_up()
        daemon.process.terminate()
        self.assertEqual(daemon.process.wait(1), 0)

    def test_so_does_the_alarm_that_the_first_one_has_set(self):
        daemon = self.held_up()
        daemon.process.send_signal(signal.SIGALRM)  # fifty seconds are too long for a test
        self.assertEqual(daemon.process.wait(1), 0)


class Watchdog(unittest.TestCase):
    def test_it_is_told_while_it_waits_and_not_more_often_than_it_helps(self):
        daemon = Daemon(self, environment={"WATCHDOG_USEC": "2000000"})
        daemon.told("READY=1")
        time.sleep(6)
        told = [at for at, text, _ in daemon.heard if "WATCHDOG=1" in text]
        self.assertGreater(len(told), 5)
        self.assertLess(len(told), 14)
        self.assertLess(max(after - before for before, after in zip(told, told[1:])), 2)

    def test_nobody_watches_nobody_is_told(self):
        daemon = Daemon(self)
        daemon.told("READY=1")
        time.sleep(1)
        self.assertFalse(any("WATCHDOG=1" in text for _, text, _ in daemon.heard))


class Reload(unittest.TestCase):
    """The rules are read anew while everything runs: all of it or nothing."""

    def up(self, **options):
        daemon = Daemon(self, **options)
        daemon.told("READY=1")
        return daemon

    def rules(self, daemon):
        return json.loads(daemon.ask("/api/v1/reload")[1])["rules"]

    def change(self, daemon, old, new, path=None):
        path = path or daemon.ladder
        text = path.read_text(encoding="utf-8")
        self.assertIn(old, text)
        path.with_suffix(".new").write_text(text.replace(old, new), encoding="utf-8")
        path.with_suffix(".new").rename(path)

    def test_a_good_file_is_taken_over_and_systemd_is_told(self):
        daemon = self.up()
        before = self.rules(daemon)
        self.change(daemon, "day: D-5", "day: D-4")
        earlier = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
        daemon.process.send_signal(signal.SIGHUP)
        heard = daemon.told("READY=1")
        (begun,) = [message for message in heard if "RELOADING" in message]
        self.assertEqual(begun["RELOADING"], "1")
        self.assertTrue(earlier <= int(begun["MONOTONIC_USEC"]) <= time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000)
        self.assertEqual(daemon.ctl("reload", "--wait")[0], 0)
        now = self.rules(daemon)
        self.assertNotEqual(now, before)
        self.assertEqual(daemon.ctl("reload", "--wait"), (0, f"rules {now} are in force\n", ""))  # the same again is no news
        self.assertEqual(exposition.read(daemon.ask("/metrics")[1])["regua_rules_info", (("version", now),)], 1)
        lines = [line["text"] for line in daemon.log() if line["event"] == "RELOAD"]
        self.assertEqual(lines[0], f"rules {now} are in force, before it were {before}")
        self.assertEqual(lines[-1], f"rules {now} are in force, as before")

    def test_a_bad_file_changes_nothing_and_is_told_everywhere(self):
        daemon = self.up()
        before = self.rules(daemon)
        number = next(n for n, line in enumerate(LADDER.splitlines(), 1) if "template: lembrete }" in line)
        self.change(daemon, "template: lembrete }", "tempalte: lembrete }")
        column = LADDER.splitlines()[number - 1].index("template: lembrete }") + 1
        place = f"{daemon.ladder}:{number}:{column}: error: "
        code, out, err = daemon.ctl("reload", "--wait")
        self.assertEqual((code, err), (1, ""))
        first, source, caret, *_ = out.splitlines()
        self.assertTrue(first.startswith(place), first)
        self.assertIn('unknown key "tempalte" in step "lembrete", did you mean "template"? [unknown-key]', first)
        self.assertEqual(source[caret.index("^"):][:8], "tempalte")
        self.assertTrue(out.endswith(f"rejected: nothing was changed, rules {before} stay in force\n"))
        told = daemon.told("reload rejected")[-1]["STATUS"]
        self.assertIn(first[:100], told)
        status, body = daemon.ask("/readyz?verbose=1")
        self.assertIn(f"[!] reload rejected, rules {before} stay in force:\n    {first}\n    {source}\n    {caret}\n", body)
        entries = [line for line in daemon.log() if line["event"] == "RELOAD-REJECTED"]
        self.assertEqual([entry["text"] for entry in entries[:3]], [first, source, caret])
        self.assertEqual({(entry["file"], entry["line"]) for entry in entries[:3]}, {(str(daemon.ladder), str(number))})
        self.assertEqual({entry["level"] for entry in entries}, {"error"})
        self.assertEqual(exposition.read(daemon.ask("/metrics")[1])["regua_config_last_reload_successful", ()], 0)
        self.assertIn(first, daemon.ctl("status")[1])
        self.change(daemon, "tempalte", "template")
        self.assertEqual(daemon.ctl("reload", "--wait"), (0, f"rules {before} are in force\n", ""))
        self.assertNotIn("rejected", daemon.ask("/readyz?verbose=1")[1])
        self.assertEqual(daemon.told("STATUS=waiting: ")[-1]["STATUS"].count("rejected"), 0)
        self.assertEqual(exposition.read(daemon.ask("/metrics")[1])["regua_config_last_reload_successful", ()], 1)

    def test_whatever_a_file_is_it_does_no_harm(self):
        daemon = self.up()
        before = self.rules(daemon)
        for bad in (LADDER[: len(LADDER) // 2], "", "\t- x\n", "{" * 5000, "a: &a [*a, *a]\n", "x" * (2 << 20), "\0\xff", "- " * 100000):
            with self.subTest(bad=bad[:20]):
                daemon.ladder.write_text(bad, encoding="latin-1")
                code, out, err = daemon.ctl("reload", "--wait")
                self.assertEqual((code, err), (1, ""), out)
                self.assertIn(str(daemon.ladder), out)
                self.assertEqual(self.rules(daemon), before)
        daemon.ladder.unlink()
        daemon.ladder.parent.rmdir()
        self.assertEqual(daemon.ctl("reload", "--wait")[0], 1)
        daemon.site.write_text("language: 1\n", encoding="utf-8")
        code, out, _ = daemon.ctl("reload", "--wait")
        self.assertEqual(code, 1)
        self.assertIn(f"{daemon.site}:1:1: error: ", out)
        self.assertEqual(self.rules(daemon), before)

    def test_what_needs_a_restart_is_named_and_stays(self):
        daemon = self.up()
        self.change(daemon, "services: {", 'log2: {', daemon.site)
        self.assertEqual(daemon.ctl("reload", "--wait")[0], 1)
        self.change(daemon, "log2: {", "services: {", daemon.site)
        self.change(daemon, "shards: 4", "shards: 8", daemon.site)
        self.change(daemon, "smtp://127.0.0.1:25", "smtp://127.0.0.1:26", daemon.site)
        self.change(daemon, "  bank: { topic: bank.returns, payments: synced }\n", "  late: { topic: late.events }\n", daemon.site)
        self.change(daemon, "log: {", "log: { level: warning, ", daemon.site)
        self.change(daemon, "mode: shadow", "mode: live", daemon.site)
        code, out, err = daemon.ctl("reload", "--wait")
        self.assertEqual((code, err), (0, ""), out)
        lines = daemon.site.read_text(encoding="utf-8").splitlines()
        for key, part in (("kafka.shards", "shards: 8"), ("channels.email", "smtp://127.0.0.1:26"), ("sources.late", "late.events")):
            number = next(n for n, line in enumerate(lines, 1) if part in line)
            self.assertRegex(out, rf'(?m)^{daemon.site}:{number}:\d+: warning: "{key}" has changed and acts at the next start')
        self.assertIn(f'{daemon.site}: warning: "sources.bank" has changed', out)
        for key in ("mode", "log.level", "rules", "policy"):
            self.assertNotIn(f'"{key}', out)
        self.assertEqual(out.count("needs-restart"), 4)
        self.assertEqual(exposition.read(daemon.ask("/metrics")[1])["regua_shards_configured", ()], 4)
        daemon.ctl("reload", "--wait")
        levels = {line["level"] for line in daemon.log()[-12:]}
        self.assertLessEqual(levels, {"warning", "error"})  # log.level is one that acts at once

    def test_a_channel_that_does_not_run_cannot_be_used_by_a_rule(self):
        daemon = self.up()
        token = daemon.folder / "token"
        token.write_text("t", encoding="ascii")
        self.change(daemon, "channels:\n", 'channels:\n  sms: { transport: http, preset: sms-http, url: "https://sms.example", token: { file: token } }\n',
                    daemon.site)
        self.change(daemon, "via: [email]", "via: [sms]")
        code, out, _ = daemon.ctl("reload", "--wait")
        self.assertEqual(code, 1)
        self.assertIn('"channels.sms" has changed and acts at the next start', out)
        self.assertIn('unknown channel "sms"', out)

    def test_a_preset_is_read_with_the_rules(self):
        daemon = Daemon(self, prepare=self.with_preset)
        daemon.told("READY=1")
        preset = daemon.folder / "presets" / "eigen.yaml"
        self.change(daemon, "method: POST", "methd: POST", preset)
        code, out, _ = daemon.ctl("reload", "--wait")
        self.assertEqual(code, 1)
        self.assertRegex(out, rf'(?m)^{preset}:\d+:\d+: error: unknown key "methd".*did you mean "method"')
        run = subprocess.run([REGUAD, "--config", daemon.site, "--shipped", SHIPPED, "--check"], capture_output=True, text=True, check=False)
        self.assertEqual(run.returncode, 1)
        self.assertIn(f"{preset}:", run.stdout)
        preset.unlink()
        self.assertEqual(daemon.ctl("reload", "--wait")[0], 1)

    @staticmethod
    def with_preset(daemon):
        (daemon.folder / "presets").mkdir()
        text = (SHIPPED / "presets" / "sms-http.yaml").read_text(encoding="utf-8").replace("preset: sms-http", "preset: eigen")
        (daemon.folder / "presets" / "eigen.yaml").write_text(text, encoding="utf-8")
        (daemon.folder / "token").write_text("t", encoding="ascii")
        site = daemon.site.read_text(encoding="utf-8")
        daemon.site.write_text(site.replace("channels:\n", "channels:\n  sms: { transport: http, preset: eigen, url: \"https://sms.example\","
                                            " token: { file: token } }\n"), encoding="utf-8")

    def test_a_mapping_that_has_changed_is_named(self):
        daemon = Daemon(self, prepare=self.with_mapping)
        daemon.told("READY=1")
        mapping = daemon.folder / "mappings" / "asaas.yaml"
        self.assertEqual(daemon.ctl("reload", "--wait")[1].count("needs-restart"), 0)
        mapping.write_text(mapping.read_text(encoding="utf-8") + "# another\n", encoding="utf-8")
        code, out, _ = daemon.ctl("reload", "--wait")
        self.assertEqual(code, 0)
        self.assertIn(f"{mapping}: warning: this mapping has changed and acts at the next start", out)
        self.change(daemon, "mapping: asaas", "maping: asaas", mapping)
        self.assertEqual(daemon.ctl("reload", "--wait")[0], 1)

    @staticmethod
    def with_mapping(daemon):
        (daemon.folder / "mappings").mkdir()
        shutil.copy(SHIPPED / "mappings" / "asaas.yaml", daemon.folder / "mappings")
        site = daemon.site.read_text(encoding="utf-8")
        daemon.site.write_text(site.replace("sources:\n", "sources:\n  asaas: { topic: asaas, format: json, mapping: asaas }\n"), encoding="utf-8")

    def test_a_storm_of_signals_is_answered(self):
        daemon = self.up()
        good, bad = LADDER, LADDER.replace("template: lembrete }", "tempalte: lembrete }")
        for number in range(200):
            daemon.ladder.with_suffix(".new").write_text(bad if number % 3 else good, encoding="utf-8")
            daemon.ladder.with_suffix(".new").rename(daemon.ladder)
            daemon.process.send_signal(signal.SIGHUP)
            time.sleep(0.002)
        daemon.ladder.write_text(good, encoding="utf-8")
        self.assertEqual(daemon.ctl("reload", "--wait")[0], 0)
        state = json.loads(daemon.ask("/api/v1/reload")[1])
        self.assertEqual((state["asked"], state["rejected"]), (state["done"], False))
        self.assertIsNone(daemon.process.poll())

    def test_systemd_knows_the_process_that_its_sandbox_hides(self):
        """For ExecReload= the daemon's entry in /proc cannot be seen; here it has a name that says nothing."""
        with tempfile.TemporaryDirectory() as name:
            program = pathlib.Path(name) / "someone"
            program.symlink_to(REGUAD)
            daemon = self.up(program=program)
            for main_pid in (None, "", "x", "1", str(daemon.process.pid + 1)):
                code, _, err = daemon.ctl("reload", "--wait", environment={} if main_pid is None else {"MAINPID": main_pid})
                self.assertEqual(code, 3)
                self.assertIn("is no reguad here", err)
            self.assertEqual(daemon.ctl("reload", "--wait", environment={"MAINPID": str(daemon.process.pid)})[0], 0)

    def test_reguactl_reload_says_what_it_cannot_do(self):
        daemon = self.up()
        code, out, err = daemon.ctl("reload")
        self.assertEqual((code, out), (0, ""))
        self.assertIn("--wait waits for it", err)
        state = json.loads(daemon.ctl("reload", "--wait", "--json")[1])
        self.assertEqual((state["pid"], state["rejected"], state["findings"]), (daemon.process.pid, False, ""))
        daemon.kill()
        code, _, err = daemon.ctl("reload", "--wait")
        self.assertEqual(code, 3)
        self.assertIn("is reguad running there?", err)


class Commands(unittest.TestCase):
    """Each command of reguactl, as it is called in a hurry: what it ends with is what its help says."""

    CALLS = [
        "status", "status x", "status --jsn", "status --json=1", "status --url nonsense",
        "show D1", "show", "show ''", "show D1 D2", "explain D1 --step", "explain D1 --step x",
        "check CONFIG", "check CONFIG --json", "check /nowhere", "check CONFIG x", "config -c CONFIG", "config -c CONFIG --json", "config -c /nowhere",
        "reload", "reload --wait", "reload --wait --json", "reload now",
        "go-live", "go-live --max-step lembrete", "go-live --max-step lembrete --reason x", "stop", "stop --confirm=regua --reason x", "resume",
        "resume --reason x", "synced", "synced bank", "synced bank --reason x",
        "publish", "publish payment.settled -c CONFIG --check", "publish payment.settled -c CONFIG --check -i F1 -a 1",
        "publish x -c CONFIG --check", "publish payment.settled -c /nowhere", "deadletter", "deadletter list -c /nowhere", "deadletter x -c CONFIG",
        "deadletter show -c CONFIG", "deadletter show x -c CONFIG", "deadletter list --reason x -c CONFIG",
        "test", "test /nowhere", "test CONFIG", "test --coverage x", "test --run ( --json",
        "completion", "completion bash", "completion zsh", "help", "help status", "help nothing", "version", "version --json", "version x",
    ]

    def documented(self, command):
        text = subprocess.run([REGUACTL, "help", command], capture_output=True, text=True, check=True).stdout
        return {int(number) for number in re.findall(r"^  (\d)  ", text.split("Exit status:\n", 1)[1], re.MULTILINE)}

    def test_every_end_is_one_that_help_names(self):
        daemon = Daemon(self)
        daemon.told("READY=1")
        live = {"status", "show", "explain", "reload", "go-live", "stop", "resume", "synced"}
        called = set()
        for call in self.CALLS:
            words = [daemon.site if word == "CONFIG" else "" if word == "''" else word for word in call.split()]
            called.add(words[0])
            if words[0] in live and "--url" not in words:
                words += ["--url", f"http://127.0.0.1:{daemon.port}"]
            if words[0] in ("check", "config", "publish", "deadletter"):
                words += ["--shipped", SHIPPED]
            run = subprocess.run([REGUACTL, *words], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=PATIENCE_S, check=False,
                                 env={"PATH": os.environ["PATH"], "HOME": str(daemon.folder)})
            with self.subTest(call=call):
                self.assertIn(run.returncode, self.documented(words[0]), run.stderr)
                if run.returncode not in (0, 1):
                    said = run.stdout if words[0] == "check" and not run.stderr else run.stderr  # what check found is what it prints
                    self.assertGreater(len(said), 20)
                    self.assertTrue(said.startswith(("reguactl", f"{daemon.folder}", "/nowhere")), said)
                if "--json" in words and run.returncode < 2:
                    json.loads(run.stdout)
        commands = re.findall(r"^  ([a-z-]+)", subprocess.run([REGUACTL, "help"], capture_output=True, text=True, check=True).stdout.split(
            "Commands:\n", 1)[1].split("\n\n", 1)[0], re.MULTILINE)
        self.assertEqual(called, set(commands))


    def test_another_server_is_not_taken_for_the_daemon(self):
        class Page(http.server.BaseHTTPRequestHandler):
            body = b""

            def do_GET(self):
                self.send_response(200)
                self.send_header("Content-Length", str(len(self.body)))
                self.end_headers()
                self.wfile.write(self.body)

            def do_POST(self):
                self.do_GET()

            def log_message(self, *_):
                pass

        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Page)
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        for Page.body in (b"<html>It works!</html>", b"[1]", b"{", b""):
            for call in ("status", "show D1", "explain D1 --json", "reload", "resume --reason x"):
                with self.subTest(body=Page.body, call=call):
                    run = subprocess.run([REGUACTL, *call.split(), "--url", f"http://127.0.0.1:{server.server_port}"], stdin=subprocess.DEVNULL,
                                         capture_output=True, text=True, timeout=PATIENCE_S, check=False,
                                         env={"PATH": os.environ["PATH"], "HOME": "/nowhere"})
                    self.assertEqual((run.returncode, run.stdout), (3, ""))
                    self.assertIn("is this really reguad?", run.stderr)


class Metrics(unittest.TestCase):
    def test_the_page_is_well_formed_while_nothing_runs(self):
        daemon = Daemon(self)
        daemon.told("READY=1")
        status, body = daemon.ask("/metrics")
        self.assertEqual((status, exposition.check(body)), (200, []))
        series = exposition.read(body)
        self.assertEqual(series["regua_ready", ()], 0)
        self.assertEqual(series["regua_source_records_total", (("result", "accepted"), ("source", "bank"))], 0)
        self.assertEqual(series["regua_deadletter_total", (("by", "ingest"),)], 0)

    def test_a_page_that_is_not_is_found_out(self):
        good = '# HELP a_total One.\n# TYPE a_total counter\na_total{x="1"} 1\na_total{x="a\\\\\\"\\nb"} 2.5\n# HELP boxes Two.\n# TYPE boxes gauge\nboxes -1\n'
        self.assertEqual(exposition.check(good), [])
        self.assertEqual(exposition.read(good)["a_total", (("x", 'a\\"\nb'),)], 2.5)
        for old, new in [
            ("boxes -1\n", "boxes -1"),  # the last line does not end
            ("boxes -1", "boxes -1\nboxes -1"),  # twice
            ("boxes -1", 'boxes -1\na_total{x="3"} 3'),  # a family in two pieces
            ("boxes -1", "boxes -1\n# HELP a_total Again."),
            ("# TYPE boxes gauge\n", ""),
            ("# HELP boxes Two.\n", ""),
            ("# TYPE boxes gauge", "# TYPE boxes number"),
            ("# HELP boxes Two.", "# HELP boxes "),
            ("# HELP boxes Two.", "# HELP boxes Two\\x."),
            ('{x="1"}', '{x="1",x="2"}'),
            ('{x="1"}', '{y="1"}'),  # other labels than its sister
            ('{x="1"}', '{x="1"'),
            ('{x="1"}', "{x=1}"),
            ('{x="1"}', '{x="\\1"}'),
            ('{x="1"}', '{1x="1"}'),
            ('{x="1"} 1', '{x="1"} -1'),  # a counter below nought
            ('{x="1"} 1', '{x="1"} NaN'),
            ('{x="1"} 1', '{x="1"} one'),
            ('{x="1"} 1', '{x="1"} 1 1700000000000'),
            ('{x="1"} 1', '{x="1"}  1'),
            ("boxes -1", "boxes -1\n\n# a remark"),
            ("a_total", "a"),  # a counter without its ending
            ("HELP boxes", "HELP boxes_total"), ("boxes -1", "coins -1"),
        ]:
            with self.subTest(new=new):
                self.assertNotEqual(exposition.check(good.replace(old, new)), [])
        for name in ("box_ms", "box_count", "box_gauge", "box_minutes", "box:c", "boxC"):
            with self.subTest(name=name):
                self.assertNotEqual(exposition.check(f"# HELP {name} Two.\n# TYPE {name} gauge\n{name} 1\n"), [])


if __name__ == "__main__":
    unittest.main()
