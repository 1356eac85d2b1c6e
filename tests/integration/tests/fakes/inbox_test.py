#!/usr/bin/env python3
"""regua-inbox as its users meet it: Python's own SMTP and HTTP clients, real TLS, every fault, the log and the questions.

Usage: inbox_test.py PATH-OF-regua-inbox
"""

import http.client
import json
import os
import pathlib
import smtplib
import socket
import ssl
import struct
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.error
import urllib.parse
import urllib.request

PROGRAM = None

MAIL = "Subject: =?utf-8?Q?D=C3=ADvida?=\r\nMessage-ID: <{id}@regua.example>\r\n\r\nola\r\n..dot\r\n"
WHATSAPP = {
    "messaging_product": "whatsapp",
    "to": "5511987654321",
    "type": "template",
    "template": {"name": "vencida", "components": [{"type": "body", "parameters": [{"type": "text", "text": "Ana"}]}]},
}


class Inbox:
    """One running regua-inbox in a folder of its own."""

    def __init__(self, *options):
        self.folder = tempfile.TemporaryDirectory()
        self.log_path = pathlib.Path(self.folder.name) / "log.jsonl"
        self.process = subprocess.Popen(
            [PROGRAM, "--parent", "--log", str(self.log_path), *options], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.ports = json.loads(self.process.stdout.readline())

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        status = self.process.wait(20)
        self.process.stdout.close()
        self.folder.cleanup()
        assert status == 0, f"regua-inbox ended with {status}"

    def ask(self, path, method="GET", body=None, headers=None):
        """Status, headers and body of one request; never raises for a status."""
        connection = http.client.HTTPConnection("127.0.0.1", self.ports["http"], timeout=20)
        try:
            connection.request(
                method, path, body=json.dumps(body) if isinstance(body, (dict, list)) else body, headers=headers or {}
            )
            answer = connection.getresponse()
            return answer.status, dict(answer.getheaders()), answer.read()
        finally:
            connection.close()

    def entries(self, query=""):
        return json.loads(self.ask("/inbox.json" + query)[2])["entries"]

    def log(self):
        return [json.loads(line) for line in self.log_path.read_text(encoding="utf-8").splitlines()]

    def fault(self, door, **rule):
        rule = {{"from_": "from"}.get(name, name): value for name, value in rule.items()}
        status, _, body = self.ask("/control/" + door, "POST", rule)
        assert status == 201, body

    def heal(self):
        self.ask("/control", "DELETE")

    def smtp(self):
        return smtplib.SMTP("127.0.0.1", self.ports["smtp"], timeout=20)

    def send(self, to="ana@cliente.example", ident="1"):
        with self.smtp() as client:
            return client.sendmail("cobranca@regua.example", [to], MAIL.format(id=ident))

    def post(self, path="/provider/sms/send", body=None, headers=None):
        return self.ask(path, "POST", {"to": "+55", "text": "oi"} if body is None else body, headers)


class Smtp(unittest.TestCase):
    def test_a_mail_is_taken_parsed_and_logged(self):
        with Inbox() as inbox:
            inbox.send()
            (entry,) = inbox.entries()
            self.assertEqual(entry["subject"], "Dívida")
            self.assertEqual((entry["from"], entry["to"]), ("cobranca@regua.example", "ana@cliente.example"))
            self.assertEqual(entry["message_id"], "1@regua.example")
            self.assertEqual(entry["text"], "ola\r\n..dot\r\n")
            self.assertEqual((entry["state"], entry["accepted"], entry["code"]), ("delivered", True, 250))
            self.assertLess(abs(entry["at_ms"] / 1000 - time.time()), 60)
            self.assertEqual(inbox.log(), [entry])
            self.assertEqual(inbox.ask("/raw/1")[2].decode(), MAIL.format(id="1"))
            self.assertEqual(json.loads(inbox.ask("/entry/1")[2]), entry)

    def dialogue(self, inbox, text, replies):
        """Sends all at once; the codes of all replies must be these."""
        with socket.create_connection(("127.0.0.1", inbox.ports["smtp"]), 20) as peer:
            peer.sendall(text)
            peer.shutdown(socket.SHUT_WR)
            answer = b""
            while chunk := peer.recv(65536):
                answer += chunk
        lines = answer.decode().split("\r\n")
        self.assertEqual([line[:3] for line in lines if line[3:4] == " "], replies.split(), answer)

    def test_dialogues(self):
        good = b"EHLO x\r\nMAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\n"
        for text, replies in [
            (b"", "220"),
            (b"QUIT\r\n", "220 221"),
            (b"NOOP\r\nRSET\r\nVRFY x\r\nHELP\r\nquit\r\n", "220 250 250 252 502 221"),
            (good + b"x\r\n.\r\nQUIT\r\n", "220 250 250 250 354 250 221"),
            (good + b".\r\nQUIT\r\n", "220 250 250 250 354 250 221"),
            (good + b"half a mail", "220 250 250 250 354"),
            (good + b"x\n.\nQUIT\r\n.\r\nQUIT\r\n", "220 250 250 250 354 250 221"),  # a lone LF ends nothing
            (good + b"x\r.\r\n.\r\nQUIT\r\n", "220 250 250 250 354 250 221"),
            (good + b"x\r\n.\rQUIT\r\n.\r\nQUIT\r\n", "220 250 250 250 354 250 221"),
            (b"MAIL FROM:<a@b>\r\n", "220 503"),
            (b"HELO x\r\nRCPT TO:<a@b>\r\nDATA\r\n", "220 250 503 503"),
            (b"EHLO\r\nEHLO x\r\nMAIL FROM:<a@b>\r\nMAIL FROM:<a@b>\r\nDATA\r\n", "220 501 250 250 503 554"),
            (b"EHLO x\r\nMAIL FROM:a@b\r\nMAIL TO:<a@b>\r\nMAIL FROM:<a@b\r\n", "220 250 501 501 501"),
            (b"EHLO x\r\nMAIL FROM:<a@b> SIZE=2097152\r\n", "220 250 250"),
            (b"EHLO x\r\nMAIL FROM:<a@b> SIZE=2097153\r\n", "220 250 552"),
            (
                b"EHLO x\r\nMAIL FROM:<a@b>\r\nRCPT TO:<>\r\nRCPT TO:<c\rDATA@d>\r\nRCPT TO:<c\x00@d>\r\n",
                "220 250 250 501 501 501",
            ),
            (b"EHLO x\r\nMAIL FROM:<>\r\nRCPT TO:<c@d>\r\nRSET\r\nRCPT TO:<c@d>\r\n", "220 250 250 250 250 503"),
            (b"EHLO x\r\nMAIL FROM:<a@b>\r\n" + b"RCPT TO:<c@d>\r\n" * 101, "220 250 250 " + "250 " * 100 + "452"),
            (b"A" * 5000 + b"\r\nNOOP\r\n", "220 500 250"),
            (b"\r\n\x00\xff\r\n", "220 502 502"),
            (b"AUTH PLAIN AGEAYg==\r\nSTARTTLS\r\n", "220 503 502"),
        ]:
            with self.subTest(text=text[:60]), Inbox() as inbox:
                self.dialogue(inbox, text, replies)

    def test_a_mail_too_large_is_refused_and_the_next_one_taken(self):
        with Inbox() as inbox:
            good = b"EHLO x\r\nMAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\n"
            again = b"MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\nsmall\r\n.\r\n"
            self.dialogue(inbox, good + b"x" * (2 << 20) + b"\r\n.\r\n" + again, "220 250 250 250 354 552 250 250 354 250")
            self.assertEqual([entry["state"] for entry in inbox.entries()], ["refused", "delivered"])
            exact = b"y" * ((2 << 20) - 2) + b"\r\n"
            self.dialogue(inbox, good + exact + b".\r\n", "220 250 250 250 354 250")
            self.assertEqual(inbox.entries("?after=2")[0]["bytes"], 2 << 20)

    def test_dots_are_unstuffed_at_any_cut_of_the_stream(self):
        body = b"..one\r\n.\r\r\n...\r\n\r\n..\r\n.x\r\n.\r\n"
        with Inbox() as inbox:
            for step in (1, 2, 3, 7):
                with socket.create_connection(("127.0.0.1", inbox.ports["smtp"]), 20) as peer:
                    peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                    peer.sendall(b"EHLO x\r\nMAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\n")
                    for at in range(0, len(body), step):
                        peer.sendall(body[at : at + step])
                        time.sleep(0.001)
                    peer.sendall(b"QUIT\r\n")
                    while peer.recv(65536):
                        pass
                raw = inbox.ask(f"/raw/{len(inbox.entries())}")[2]
                self.assertEqual(raw, b".one\r\n\r\r\n..\r\n\r\n.\r\nx\r\n")

    def test_faults(self):
        refused, cut, lost = (
            (smtplib.SMTPResponseException, smtplib.SMTPRecipientsRefused),
            smtplib.SMTPServerDisconnected,
            smtplib.SMTPServerDisconnected,
        )
        for rule, error, states in [
            ({"at": "connect", "code": 554}, refused, []),
            ({"at": "connect", "cut": True}, cut, []),
            ({"at": "helo", "code": 421}, (smtplib.SMTPException,), []),
            ({"at": "mail", "code": 451}, refused, []),
            ({"at": "rcpt", "to": "ana@*", "code": 550, "text": "5.1.1 unknown"}, refused, ["refused"]),
            ({"at": "rcpt", "to": "bia@*", "code": 550}, None, ["delivered"]),
            ({"at": "rcpt", "cut": True}, cut, ["cut"]),
            ({"at": "data", "code": 452}, refused, ["refused"]),
            ({"at": "data", "code": 421}, refused, ["refused"]),
            ({"at": "data", "cut": True}, cut, ["cut"]),
            ({"at": "body", "cut": True}, cut, ["cut"]),
            ({"at": "dot", "code": 451}, refused, ["refused"]),
            ({"code": 554}, refused, ["refused"]),
            ({"cut": True}, lost, ["unanswered"]),
            ({"cut": True, "store": False}, cut, ["cut"]),
            ({"code": 451, "store": True}, refused, ["unanswered"]),
            ({"delay_ms": 30, "drip_ms": 1}, None, ["delivered"]),
        ]:
            with self.subTest(rule=rule), Inbox() as inbox:
                inbox.fault("smtp", times=1, **rule)
                if error is None:
                    inbox.send()
                else:
                    self.assertRaises(error, inbox.send)
                self.assertEqual([entry["state"] for entry in inbox.entries()], states)
                self.assertEqual(
                    [entry["accepted"] for entry in inbox.entries()], [state in ("delivered", "unanswered") for state in states]
                )
                inbox.send(ident="again")  # the rule was used up
                self.assertEqual(inbox.entries()[-1]["message_id"], "again@regua.example")
                self.assertEqual(inbox.log(), inbox.entries())

    def test_auth(self):
        with Inbox("--user", "ana", "--password", "segredo") as inbox:
            self.assertRaises(smtplib.SMTPSenderRefused, inbox.send)
            for password, mechanism in [("errado", "PLAIN"), ("segredo", "PLAIN"), ("errado", "LOGIN"), ("segredo", "LOGIN")]:
                with inbox.smtp() as client:
                    client.ehlo()
                    client.user, client.password = "ana", password
                    with self.subTest(password=password, mechanism=mechanism):
                        try:
                            code, _ = client.auth(mechanism, getattr(client, "auth_" + mechanism.lower()))
                        except smtplib.SMTPAuthenticationError as error:
                            code = error.smtp_code
                        self.assertEqual(code, 235 if password == "segredo" else 535)
                        if code == 235:
                            client.sendmail("a@b.example", ["c@d.example"], "x")
            self.assertEqual(len(inbox.entries()), 2)


def make_certificate(folder, name):
    """A CA and a certificate for `name`, made by openssl; paths of CA, certificate and key."""

    def run(*arguments):
        subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True)

    run(
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-keyout",
        "ca.key",
        "-out",
        "ca.pem",
        "-subj",
        "/CN=Test CA",
        "-days",
        "2",
    )
    run("req", "-newkey", "rsa:2048", "-nodes", "-keyout", "key.pem", "-out", "csr.pem", "-subj", "/CN=" + name)
    (pathlib.Path(folder) / "ext").write_text(f"subjectAltName=DNS:{name}\n", encoding="utf-8")
    run(
        "x509",
        "-req",
        "-in",
        "csr.pem",
        "-CA",
        "ca.pem",
        "-CAkey",
        "ca.key",
        "-CAcreateserial",
        "-out",
        "cert.pem",
        "-days",
        "2",
        "-extfile",
        "ext",
    )
    return [os.path.join(folder, each) for each in ("ca.pem", "cert.pem", "key.pem")]


class Tls(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.ca, cls.cert, cls.key = make_certificate(cls.folder.name, "localhost")
        cls.trust = ssl.create_default_context(cafile=cls.ca)

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def client(self, inbox):
        return smtplib.SMTP("localhost", inbox.ports["smtp"], timeout=20)

    def test_starttls_is_demanded_and_works(self):
        with Inbox("--tls-cert", self.cert, "--tls-key", self.key, "--tls-required") as inbox:
            with self.assertRaises(smtplib.SMTPSenderRefused) as refused:
                inbox.send()
            self.assertEqual(refused.exception.smtp_code, 530)
            with self.client(inbox) as client:
                client.starttls(context=self.trust)
                client.sendmail("a@b.example", ["c@d.example"], "Subject: over TLS\r\n\r\nx")
            self.assertEqual([entry["subject"] for entry in inbox.entries()], ["over TLS"])

    def test_what_was_sent_ahead_of_the_handshake_is_forgotten(self):
        with Inbox("--tls-cert", self.cert, "--tls-key", self.key) as inbox:
            with socket.create_connection(("localhost", inbox.ports["smtp"]), 20) as plain:
                plain.recv(1000)
                plain.sendall(b"EHLO x\r\nSTARTTLS\r\nEHLO evil\r\nMAIL FROM:<evil@b>\r\n")
                answer = b""
                while b"220 2.0.0" not in answer:
                    answer += plain.recv(1000)
                with self.trust.wrap_socket(plain, server_hostname="localhost") as secure:
                    for line in (b"RCPT TO:<c@d>\r\n", b"MAIL FROM:<a@b>\r\n"):  # nor does the first EHLO count
                        secure.sendall(line)
                        self.assertEqual(secure.recv(1000)[:3], b"503")

    def test_a_broken_handshake_harms_nobody_else(self):
        with Inbox("--tls-cert", self.cert, "--tls-key", self.key) as inbox:
            with socket.create_connection(("localhost", inbox.ports["smtp"]), 20) as peer:
                peer.sendall(b"STARTTLS\r\n")
                while b"220 2.0.0" not in peer.recv(1000):
                    pass
                peer.sendall(b"\x16\x03\x01\xff\xffgarbage" * 100)
                try:
                    while peer.recv(1000):
                        pass
                except ConnectionError:
                    pass
            inbox.send()
            self.assertEqual(len(inbox.entries()), 1)

    def test_https_and_its_versions(self):
        with Inbox("--https", "0", "--tls-cert", self.cert, "--tls-key", self.key) as inbox:
            connection = http.client.HTTPSConnection("localhost", inbox.ports["https"], timeout=20, context=self.trust)
            connection.request("POST", "/provider/sms/x", body='{"to":"1","text":"t"}')
            self.assertEqual(connection.getresponse().status, 200)
            connection.close()
            self.assertEqual(inbox.entries()[0]["to"], "1")
        with Inbox(
            "--https", "0", "--tls-cert", self.cert, "--tls-key", self.key, "--https-priorities", "NORMAL:-VERS-ALL:+VERS-TLS1.0"
        ) as inbox:
            connection = http.client.HTTPSConnection("localhost", inbox.ports["https"], timeout=20, context=self.trust)
            self.assertRaises((ssl.SSLError, ConnectionError), connection.request, "GET", "/inbox.json")
            connection.close()


class Providers(unittest.TestCase):
    def test_whatsapp_answers_as_the_cloud_api_does(self):
        with Inbox() as inbox:
            status, _, body = inbox.post(
                "/provider/whatsapp/v19.0/123/messages", WHATSAPP, {"Idempotency-Key": "k1", "X-Regua-Step": "aviso"}
            )
            answer, (entry,) = json.loads(body), inbox.entries()
            self.assertEqual((status, answer["messaging_product"]), (200, "whatsapp"))
            self.assertEqual(answer["contacts"], [{"input": "5511987654321", "wa_id": "5511987654321"}])
            self.assertRegex(answer["messages"][0]["id"], r"^wamid\.")
            self.assertEqual(entry["provider_id"], answer["messages"][0]["id"])
            self.assertEqual((entry["channel"], entry["subject"], entry["text"]), ("whatsapp", "vencida", "Ana"))
            self.assertEqual(
                (entry["idempotency_key"], entry["step"], entry["path"]), ("k1", "aviso", "/provider/whatsapp/v19.0/123/messages")
            )
            self.assertEqual(json.loads(entry["body"]), WHATSAPP)
            for wrong in (
                {},
                {**WHATSAPP, "messaging_product": "sms"},
                {**WHATSAPP, "to": ""},
                {**WHATSAPP, "type": "text"},
                "not json",
            ):
                status, _, body = inbox.post("/provider/whatsapp/messages", wrong)
                self.assertEqual((status, json.loads(body)["error"]["code"]), (400, 100))
            self.assertEqual([entry["state"] for entry in inbox.entries("?after=1")], ["refused"] * 5)

    def test_other_providers_take_json_and_forms(self):
        with Inbox() as inbox:
            for body, to, text in [
                ({"to": "+5511", "text": "oi"}, "+5511", "oi"),
                ({"phone": 5511, "message": "oi"}, "5511", "oi"),
                ({"to": "1", "text": {"body": "nested"}}, "1", "nested"),
                (urllib.parse.urlencode({"To": "+55 11", "Body": "olá & até"}), "+55 11", "olá & até"),
                ("To=&Body=%", "", "%"),
                ("", None, None),
                (b"\x00\xff{", None, None),
                ("[1,2]", None, None),
            ]:
                status, _, answer = inbox.post("/provider/twilio-sms/x", body)
                entry = inbox.entries()[-1]
                self.assertEqual((status, entry["channel"], entry["to"], entry["text"]), (200, "sms", to, text), body)
                self.assertEqual(json.loads(answer)["id"], entry["provider_id"])
            self.assertEqual(inbox.ask("/provider/sms/x")[0], 405)
            self.assertEqual(inbox.post("/provider/credit-bureau/list", {"debtor": "d1"})[0], 200)
            self.assertEqual((inbox.entries()[-1]["channel"], inbox.entries()[-1]["to"]), ("credit-bureau", "d1"))

    def test_a_body_too_large_is_refused(self):
        with Inbox() as inbox:
            self.assertEqual(inbox.post("/provider/sms/x", b"x" * (2 << 20))[0], 200)
            self.assertEqual(inbox.post("/provider/sms/x", b"x" * ((2 << 20) + 1))[0], 413)
            self.assertEqual(len(inbox.entries()), 1)

    def test_faults(self):
        cut = (http.client.HTTPException, ConnectionError)
        for rule, expected, state, code in [
            ({"status": 429, "headers": {"Retry-After": "7"}, "body": {"error": "slow down"}}, 429, "refused", 429),
            ({"status": 503, "body": "plain text"}, 503, "refused", 503),
            ({"status": 301, "headers": {"Location": "http://127.0.0.1/"}}, 301, "refused", 301),
            ({"status": 202}, 202, "delivered", 202),
            ({"status": 500, "store": True}, 500, "unanswered", 500),
            ({"cut": "before"}, cut, "cut", 0),
            ({"cut": "after"}, cut, "unanswered", 0),
            ({"cut": "body"}, cut, "unanswered", 200),
            ({"delay_ms": 50, "drip_ms": 1}, 200, "delivered", 200),
            ({"provider": "sms", "to": "+5*", "contains": "oi", "status": 418}, 418, "refused", 418),
            ({"provider": "other", "status": 418}, 200, "delivered", 200),
        ]:
            with self.subTest(rule=rule), Inbox() as inbox:
                inbox.fault("http", times=1, **rule)
                started = time.monotonic()
                if isinstance(expected, int):
                    status, headers, body = inbox.post()
                    self.assertEqual(status, expected)
                    for name, value in rule.get("headers", {}).items():
                        self.assertEqual(headers[name], value)
                    if "body" in rule:
                        self.assertEqual(
                            body.decode(),
                            rule["body"] if isinstance(rule["body"], str) else json.dumps(rule["body"], separators=(",", ":")),
                        )
                else:
                    self.assertRaises(expected, inbox.post)
                self.assertGreaterEqual(time.monotonic() - started, rule.get("delay_ms", 0) / 1000)
                (entry,) = inbox.entries()
                self.assertEqual((entry["state"], entry["code"]), (state, code))
                inbox.heal()
                self.assertEqual(inbox.post()[0], 200)

    def test_an_endless_answer_goes_on_until_one_hangs_up(self):
        with Inbox() as inbox:
            inbox.fault("http", endless=True)
            connection = http.client.HTTPConnection("127.0.0.1", inbox.ports["http"], timeout=20)
            connection.request("POST", "/provider/sms/x", body="{}")
            answer = connection.getresponse()
            self.assertEqual(len(answer.read(3 << 20)), 3 << 20)
            connection.close()
            self.assertEqual(inbox.entries()[0]["state"], "unanswered")

    def test_a_delayed_answer_is_delayed_after_keeping(self):
        with Inbox() as inbox:
            inbox.fault("http", delay_ms=60000)
            connection = http.client.HTTPConnection("127.0.0.1", inbox.ports["http"], timeout=1)
            connection.request("POST", "/provider/sms/x", body='{"to":"1"}')
            self.assertRaises(TimeoutError, connection.getresponse)
            connection.close()
            self.assertEqual(inbox.entries()[0]["state"], "delivered")


class Questions(unittest.TestCase):
    def test_lists_are_filtered_and_limited(self):
        with Inbox() as inbox:
            for i in range(10):
                inbox.post("/provider/sms/x", {"to": f"+55{i}", "text": f"fatura F{i}"})
            inbox.send("ana@x.example")
            for query, numbers in [
                ("", list(range(1, 12))),
                ("?after=9", [10, 11]),
                ("?limit=2", [1, 2]),
                ("?limit=0", []),
                ("?after=3&limit=1", [4]),
                ("?channel=email", [11]),
                ("?to=%2B55[12]", [2, 3]),
                ("?contains=f7", [8]),
                ("?state=refused", []),
                ("?after=11", []),
            ]:
                self.assertEqual([entry["n"] for entry in inbox.entries(query)], numbers, query)
            short = inbox.entries("?short=1&limit=1")[0]
            self.assertEqual((short["preview"], "body" in short, "headers" in short), ("fatura F0", False, False))
            for wrong in ("?after=x", "?limit=-1", "?after=99999999999999999999"):
                self.assertEqual(inbox.ask("/inbox.json" + wrong)[0], 400, wrong)
            for missing in ("/entry/0", "/entry/12", "/entry/x", "/raw/-1", "/html/99999999999999999999", "/nothing"):
                self.assertEqual(inbox.ask(missing)[0], 404, missing)

    def test_waiting(self):
        with Inbox() as inbox:
            started = time.monotonic()
            self.assertEqual(json.loads(inbox.ask("/inbox?wait=50")[2])["entries"], [])
            self.assertGreaterEqual(time.monotonic() - started, 0.05)
            later = subprocess.Popen(
                [
                    sys.executable,
                    "-c",
                    "import time,urllib.request as u\ntime.sleep(0.2)\n"
                    f"u.urlopen('http://127.0.0.1:{inbox.ports['http']}/provider/sms/x', data=b'{{\"to\":\"late\"}}').read()",
                ]
            )
            self.assertEqual(json.loads(inbox.ask("/inbox?wait=20000&to=late")[2])["entries"][0]["to"], "late")
            self.assertEqual(later.wait(20), 0)

    def test_the_oldest_go_from_memory_and_stay_in_the_log(self):
        with Inbox("--entries", "5") as inbox:
            for i in range(8):
                inbox.post("/provider/sms/x", {"to": str(i)})
            answer = json.loads(inbox.ask("/inbox.json")[2])
            self.assertEqual((answer["first"], answer["last"], answer["dropped"]), (4, 8, 3))
            self.assertEqual([entry["to"] for entry in answer["entries"]], ["3", "4", "5", "6", "7"])
            self.assertEqual(inbox.ask("/entry/3")[0], 404)
            self.assertEqual([entry["to"] for entry in inbox.log()], [str(i) for i in range(8)])

    def test_virtual_time_comes_from_the_clock_page(self):
        with tempfile.TemporaryDirectory() as folder:
            page = pathlib.Path(folder) / "clock"
            page.write_bytes(struct.pack("=8sIIqq", b"RGCLOCK1", 1, 0, 1764547200123, 5).ljust(4096, b"\0"))
            with Inbox("--clock", str(page)) as inbox:
                inbox.post()
                with page.open("r+b") as file:
                    file.seek(16)
                    file.write(struct.pack("=q", 1764633600000))
                inbox.post()
                self.assertEqual([entry["virtual_ms"] for entry in inbox.entries()], [1764547200123, 1764633600000])

    def test_only_this_machine_is_answered(self):
        with Inbox() as inbox:
            for headers, status in [
                ({}, 200),
                ({"Host": "localhost:1"}, 200),
                ({"Host": "[::1]:1"}, 200),
                ({"Host": "evil.example"}, 403),
                ({"Host": "127.0.0.1.evil.example"}, 403),
                ({"Host": "localhost.evil.example:80"}, 403),
                ({"Origin": "https://evil.example"}, 403),
                ({"Origin": f"http://127.0.0.1:{inbox.ports['http']}"}, 200),
                ({"Origin": "null"}, 403),
            ]:
                self.assertEqual(inbox.ask("/inbox.json", headers=headers)[0], status, headers)
            self.assertEqual(inbox.ask("/control", "DELETE", headers={"Sec-Fetch-Site": "cross-site"})[0], 403)
            self.assertEqual(inbox.ask("/control/http", "POST", {"status": 500}, {"Origin": "https://evil.example"})[0], 403)
            self.assertEqual(inbox.ask("/inbox.json", "PUT")[0], 405)
            self.assertEqual(json.loads(inbox.ask("/control")[2]), [])

    def test_wrong_faults_are_explained(self):
        with Inbox() as inbox:
            for door, body, says in [
                ("smtp", {"code": 7}, "code"),
                ("http", {"cut": True}, "cut"),
                ("ftp", {}, "smtp or http"),
                ("http", "{", "JSON"),
            ]:
                status, _, answer = inbox.ask("/control/" + door, "POST", body)
                self.assertEqual(status, 400)
                self.assertIn(says, json.loads(answer)["error"])

    def test_the_page_and_hostile_mail_are_kept_apart(self):
        with Inbox() as inbox:
            html = "<script>alert(1)</script><img src=http://evil.example/x>"
            with inbox.smtp() as client:
                client.sendmail("a@b", ["c@d"], "Content-Type: text/html\r\nSubject: </script><b>\r\n\r\n" + html)
            for path, kind in [("/", "text/html"), ("/inbox.js", "text/javascript"), ("/inbox.css", "text/css")]:
                status, headers, body = inbox.ask(path)
                self.assertEqual((status, headers["Content-Type"].split(";")[0]), (200, kind))
                policy = headers["Content-Security-Policy"]
                self.assertIn("default-src 'none'", policy)
                self.assertNotIn("unsafe", policy)
                self.assertGreater(len(body), 1000)
            _, headers, body = inbox.ask("/html/1")
            self.assertEqual(body.decode(), html + "\r\n")
            for part in ("default-src 'none'", "img-src data:", "sandbox", "form-action 'none'"):
                self.assertIn(part, headers["Content-Security-Policy"])
            self.assertNotIn("script-src", headers["Content-Security-Policy"])
            _, headers, _ = inbox.ask("/raw/1")
            self.assertEqual(
                (headers["Content-Type"], headers["X-Content-Type-Options"]), ("text/plain; charset=utf-8", "nosniff")
            )


class Program(unittest.TestCase):
    def test_wrong_options_are_refused(self):
        for options in (
            ["--smtp", "x"],
            ["--smtp", "65536"],
            ["--http", "-1"],
            ["--nonsense"],
            ["extra"],
            ["--user", "a"],
            ["--entries", "0"],
            ["--clock", "/nonexistent"],
            ["--log", "/nonexistent/x"],
            ["--tls-required"],
            ["--https", "0"],
        ):
            done = subprocess.run([PROGRAM, *options], capture_output=True, text=True, timeout=20, check=False)
            self.assertIn(done.returncode, (1, 2), options)
            self.assertIn("regua-inbox", done.stderr)
            self.assertEqual(done.stdout, "")

    def test_help_and_sigterm(self):
        done = subprocess.run([PROGRAM, "--help"], capture_output=True, text=True, timeout=20, check=False)
        self.assertEqual((done.returncode, done.stdout.splitlines()[0].split()[0]), (0, "regua-inbox"))
        with subprocess.Popen([PROGRAM], stdout=subprocess.PIPE, text=True) as process:
            ports = json.loads(process.stdout.readline())
            self.assertEqual(urllib.request.urlopen(ports["page"], timeout=20).status, 200)
            process.terminate()
            self.assertEqual(process.wait(20), 0)


if __name__ == "__main__":
    PROGRAM = sys.argv.pop(1)
    unittest.main()
