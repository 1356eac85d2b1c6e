#!/usr/bin/env python3
"""reguad as systemd and an operator meet it, with neither Kafka nor Redis there: what it says while it waits, what its metrics
look like, how it is told to read its rules again, and how it ends.

Usage: process_test.py PATH-OF-reguad PATH-OF-reguactl SOURCE_DIR [unittest options]
"""

import http.client
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

    def __init__(self, test, ladder=LADDER, environment=None):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="regua-process-"))
        test.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.port = quiet_port()
        self.site = self.folder / "regua.yaml"
        self.ladder = self.folder / "rules.d" / "curta.yaml"
        self.ladder.parent.mkdir()
        self.ladder.write_text(ladder, encoding="utf-8")
        self.site.write_text(SITE.format(nobody=quiet_port(), folder=self.folder, port=self.port), encoding="utf-8")
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        test.addCleanup(self.socket.close)
        self.socket.bind(str(self.folder / "notify"))
        self.log_path = self.folder / "log"
        with self.log_path.open("wb") as log:
            self.process = subprocess.Popen(
                [REGUAD, "--config", self.site, "--shipped", SHIPPED], stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                env={**os.environ, "NOTIFY_SOCKET": str(self.folder / "notify"), **(environment or {})})
        test.addCleanup(self.kill)

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()

    def log(self):
        return [json.loads(line) for line in self.log_path.read_text(encoding="utf-8").splitlines() if line.startswith("{")]

    def told(self, word, timeout=PATIENCE_S):
        """What systemd is told, up to and with the first message that holds `word`; each a dictionary."""
        heard, deadline = [], time.monotonic() + timeout
        while True:
            self.socket.settimeout(max(0.01, deadline - time.monotonic()))
            try:
                text = self.socket.recv(4096).decode()
            except TimeoutError:
                raise AssertionError(f"no {word} within {timeout} s: {heard}\n{self.log_path.read_text()}") from None
            heard.append(dict(line.split("=", 1) for line in text.splitlines()))
            if word in text:
                return heard

    def ask(self, path):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE_S)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        finally:
            connection.close()

    def ctl(self, *arguments, timeout=PATIENCE_S):
        run = subprocess.run([REGUACTL, *arguments, "--url", f"http://127.0.0.1:{self.port}"], stdin=subprocess.DEVNULL,
                             capture_output=True, text=True, timeout=timeout, check=False)
        return run.returncode, run.stdout, run.stderr


class Waiting(unittest.TestCase):
    def test_it_is_up_and_says_what_it_waits_for(self):
        daemon = Daemon(self)
        self.assertEqual(daemon.told("READY=1")[-1]["STATUS"], "waiting for Kafka and Redis")
        self.assertEqual(daemon.ask("/livez"), (200, "ok\n"))
        status, body = daemon.ask("/readyz?verbose=1")
        self.assertEqual((status, body.splitlines()[0]), (503, "unready"))
        deadline = time.monotonic() + PATIENCE_S
        while "[-] redis: " not in body and time.monotonic() < deadline:
            body = daemon.ask("/readyz?verbose=1")[1]
        self.assertIn("[-] redis: ", body)


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
