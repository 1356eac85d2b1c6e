"""Kafka with TLS, client certificates, SCRAM and access lists, and Redis with a user of few rights: exactly those that
docs/configuration.md asks for. What is refused is said and tried again, and no secret shows anywhere."""
import base64
import collections
import contextlib
import os
import pathlib
import re
import secrets
import tempfile
import time

import servers
from operations_test import NOW, issue
from regua_e2e import OWN_TOPICS, SHIPPED, Case, main
from topics import ALWAYS

GUIDE = (servers.ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")
PAGES = ("/metrics", "/readyz", "/readyz?verbose=1", "/livez", "/api/v1/status", "/api/v1/reload")
# What a day's work may not happen to need; all else that the guide asks for must have been used in this test.
RARE = {"zmscore", "discard", "unwatch", "hdel", "zrem", "zremrangebyscore", "del", "pexpire", "persist"}


class Secrets:
    """Passwords in files of their own, and whether one of them shows elsewhere."""

    def __init__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="regua-secrets-"))
        self.values = {}

    def new(self, name):
        self.values[name] = secrets.token_urlsafe(24)
        path = self.folder / name
        path.touch(mode=0o600)
        path.write_text(self.values[name] + "\n")
        return self.values[name]

    def take(self, name, file):
        """A secret of many lines: one of them betrays it."""
        (self.folder / name).write_bytes(file.read_bytes())
        self.values[name] = file.read_text().splitlines()[5]

    def found_in(self, data):
        forms = ((name, form) for name, value in self.values.items() for form in (value.encode(), base64.b64encode(value.encode())))
        return sorted({name for name, form in forms if form in data})


class Secure(Case):
    @classmethod
    def setUpClass(cls):
        cls.secrets = Secrets()
        cls.addClassCleanup(servers.shutil.rmtree, cls.secrets.folder)
        for name in ("kafka-password", "kafka-key-password", "redis-password", "wrong-password", "admin-password"):
            cls.secrets.new(name)
        cls.authority = servers.Authority(cls.secrets.folder / "ca")
        cls.right = cls.bundle(*cls.authority.issue("127.0.0.1"))
        cls.other_name = cls.bundle(*cls.authority.issue("broker.example"))
        cls.strange = cls.bundle(*cls.authority.stranger().issue("127.0.0.1"))
        cls.own, key = cls.authority.issue("regua.example", password=cls.secrets.folder / "kafka-key-password")
        cls.secrets.take("kafka-key", key)
        cls.kafka = servers.kafka_server.Kafka(guarded=(cls.right, cls.authority.certificate)).start()
        cls.addClassCleanup(cls.kafka.stop)
        cls.keeper = cls.kafka.keeper

    @staticmethod
    def bundle(certificate, key):
        """As Kafka wants it: both in one file."""
        path = certificate.with_suffix(".both")
        path.write_text(key.read_text() + certificate.read_text())
        return path

    # ---- the installation ----

    def guarded_world(self, redis_user, debug=""):
        """A world whose daemon knows only the guarded doors. `redis_user`: what ACL SETUSER is told of its user."""
        acl = self.secrets.folder / "users.acl"
        acl.write_text(
            f"user default off\nuser admin on >{self.secrets.values['admin-password']} ~* &* +@all\nuser regua {redis_user}\n"
        )
        world = self.world(
            kafka=self.kafka,
            ladders={"agora.yaml": NOW},
            calendars={"sem-noite.yaml": ALWAYS},
            redis=("--aclfile", str(acl)),
            redis_login=("admin", self.secrets.values["admin-password"]),
            site=lambda text: self.guarded(text, debug),
        )
        (world.folder / "tmp").mkdir()
        (world.folder / "kafka-ca.pem").write_bytes(self.authority.certificate.read_bytes())
        self.environment = {"CREDENTIALS_DIRECTORY": str(self.secrets.folder), "TMPDIR": str(world.folder / "tmp")}
        os.environ.update(self.environment)  # for reguactl
        return world

    def guarded(self, text, debug):
        client = {
            "security.protocol": "sasl_ssl",
            "sasl.mechanism": "SCRAM-SHA-512",
            "sasl.username": "regua",
            "sasl.password": "{ credential: kafka-password }",
            "ssl.ca.location": "kafka-ca.pem",
            "ssl.certificate.location": self.own,
            "ssl.key.pem": "{ credential: kafka-key }",
            "ssl.key.password": "{ credential: kafka-key-password }",
            **({"debug": debug} if debug else {}),
        }
        lines = "".join(f"    {name}: {value}\n" for name, value in client.items())
        text = re.sub(r"  brokers: .*\n", f"  brokers: ['{self.kafka.guarded_bootstrap}']\n  client:\n{lines}", text)
        password = self.secrets.folder / "redis-password"
        text = re.sub(r'redis: \{ (url: ".*") \}', rf'redis: {{ \1, user: regua, password: {{ file: "{password}" }} }}', text)
        return text.replace("level: info", "level: debug") if debug else text

    def redis_rights(self, but=()):
        """The user as the guide has it, with the password, and without some words."""
        rights = re.search(r"^user regua (.*)$", GUIDE, re.MULTILINE).group(1)
        return " ".join(
            word.replace("PASSWORD", self.secrets.values["redis-password"]) for word in rights.split() if word not in but
        )

    def kafka_rights(self, world):
        """The access lists that the guide has, by what they are for; each a list of arguments of Keeper.allow."""
        rows = collections.defaultdict(list)
        operations = {"Read": 3, "Write": 4, "Create": 5, "DescribeConfigs": 10}
        for line in re.findall(r"^(--.* --operation .*)$", GUIDE, re.MULTILINE):
            kind, name = re.search(r"--(topic|group) (\S+)", line).groups()
            pattern = self.keeper.PREFIXED if "prefixed" in line else self.keeper.LITERAL
            names = {
                "regua.": [world.topic(own) for own in OWN_TOPICS],  # other topics of the test begin so too
                "regua-": [world.prefix + "-"],
                "billing.events": [world.topic(source) for source in world.sources],
            }[name]
            asked = [operations[word] for word in re.findall(r"--operation (\S+)", line)]
            for each in names:
                rows[name].append(("regua", self.keeper.TOPIC if kind == "topic" else self.keeper.GROUP, each, pattern, *asked))
        self.assertEqual(len(rows), 3)
        return rows

    def allow(self, rows):
        for row in rows:
            self.keeper.allow(*row)

    # ---- what is seen ----

    def says(self, world, *words):
        """It is not ready, says why, and says it in the log too; the sentence."""

        def looks():
            with contextlib.suppress(OSError):
                status, body = world.http("/readyz?verbose=1")
                return next((line for line in body.splitlines() if all(word in line for word in words) and status == 503), None)
            return None

        line = world.wait(looks, " … ".join(words))
        self.assertTrue(
            any(all(word in entry["text"] for word in words[1:]) for entry in world.log() if entry["level"] in ("warning", "error")),
            f"the log does not say {words[1:]}",
        )
        self.shows_no_secret(world)
        print(f"{time.monotonic() - self.began:5.1f} s {line}", flush=True)
        return line

    def shows_no_secret(self, world):
        """Not where others could look: arguments, environment, log, files, pages, answers, status line, records."""
        places = {f"/proc/{name}": pathlib.Path(f"/proc/{world.process.pid}/{name}").read_bytes() for name in ("cmdline", "environ")}
        for path in world.folder.rglob("*"):
            if path.is_file():
                places[str(path)] = path.read_bytes()
        for page in PAGES:
            places[page] = world.http(page)[1].encode()
        places["status line"] = repr(world.notified.heard).encode()
        self.assertIn(b"CREDENTIALS_DIRECTORY", places["/proc/environ"])
        self.assertEqual({where: found for where, data in places.items() if (found := self.secrets.found_in(data))}, {})

    @staticmethod
    def site(world):
        return "--config", str(world.config), "--shipped", str(SHIPPED)

    def commands_show_no_secret(self, world):
        for command in (["config", "--effective"], ["check"], ["deadletter", "list"]):
            status, out, err = world.desk(*command, *self.site(world))
            self.assertEqual((command, status), (command, 0), out + err)
            self.assertEqual(self.secrets.found_in((out + err).encode()), [])
        for command in (["status"], ["show", "d1"], ["explain", "d1"]):
            status, out, err = world.ctl(*command)
            self.assertEqual((command, status), (command, 0), out + err)
            self.assertEqual(self.secrets.found_in((out + err).encode()), [])
        for topic in OWN_TOPICS:
            if topic != "actions":
                for record in world.read(topic):
                    self.assertEqual(self.secrets.found_in(record.value or b""), [])

    def overdue(self, world, number):
        issue(world, number, due_on=time.strftime("%Y-%m-%d", time.gmtime(time.time() - 5 * 86400)))

    def sent(self, world, *numbers):
        wanted = {f"devedor{number}@cliente.example" for number in numbers}
        world.wait(lambda: {entry["to"] for entry in world.inbox.taken()} >= wanted, f"messages to {numbers}")
        print(f"{time.monotonic() - self.began:5.1f} s sent to {numbers}", flush=True)

    def setUp(self):
        self.began = time.monotonic()
        self.keeper.set_password("regua", self.secrets.values["kafka-password"])
        self.keeper.show_certificate(self.right)

    # ---- the tests ----

    def test_an_invoice_becomes_a_message_and_a_payment_stops_it(self):
        """With the rights of the guide, no more, and with all that librdkafka has to tell in the log."""
        world = self.guarded_world(self.redis_rights(), debug="all")
        for rows in self.kafka_rights(world).values():
            self.allow(rows)
        world.start(live="atraso", **self.environment)
        self.overdue(world, 2)
        world.event("payment.confirmed", invoice="F2", debtor="d2", payment="P2", amount_cents=15990)
        self.overdue(world, 1)
        world.publish("billing", b"{", "k")
        world.flush()
        self.sent(world, 1)
        self.overdue(world, 3)
        world.flush()
        self.sent(world, 3)
        self.assertNotIn("d2", {message.decision["debtor"] for message in world.delivered()})
        self.commands_show_no_secret(world)
        self.shows_no_secret(world)
        self.assert_just(world, at_least=2)
        used = {line.split(":")[0].removeprefix("cmdstat_") for line in world.redis.ask("INFO", "commandstats").decode().split()}
        needed = set(re.findall(r"\+(\w+)", self.redis_rights()))
        self.assertLessEqual(needed, used | RARE)

    def test_what_is_refused_is_said_and_comes_right_when_it_is_mended(self):
        """Everything is wrong at the start; one thing after the other is mended on the other side, and the daemon is never touched."""
        wrong = self.secrets.values["wrong-password"]
        world = self.guarded_world(f"{self.redis_rights(but=('+zadd', '~regua:*'))} >{wrong}")
        rights = self.kafka_rights(world)
        acl = lambda *words: world.redis.ask("ACL", "SETUSER", "regua", *words)  # noqa: E731
        acl("resetpass", ">" + wrong)
        self.keeper.set_password("regua", wrong)
        self.keeper.show_certificate(self.strange)
        world.start(ready=False, **self.environment)

        self.says(world, "[-] redis: ", f"Redis {world.redis.url}: ", "WRONGPASS", "redis.user and redis.password")
        acl("resetpass", ">" + self.secrets.values["redis-password"])
        missing = self.says(world, "[-] redis: ", f"Redis {world.redis.url}: ", "ACL SETUSER regua +zadd ~regua:*")
        world.redis.ask("ACL", *missing.split("ACL ")[1].split())
        broker = f"sasl_ssl://{self.kafka.guarded_bootstrap}/bootstrap: "
        self.says(world, "[-] kafka: ", broker, "its certificate is not accepted: the CA that signed it is not in ssl.ca.location")
        self.keeper.show_certificate(self.other_name)
        self.says(world, "[-] kafka: ", broker, "its certificate is not accepted: it is for another name")
        self.keeper.show_certificate(self.right)
        self.says(world, "[-] kafka: ", broker, "the login is refused; compare sasl.mechanism, sasl.username and sasl.password")
        status, _, err = world.desk("deadletter", "list", *self.site(world))
        self.assertEqual(status, 3)
        self.assertIn(broker + "the login is refused", err)
        self.keeper.set_password("regua", self.secrets.values["kafka-password"])
        self.says(world, "[-] kafka: ", "topic " + world.prefix, "uthorization failed")
        self.allow(rights["regua."])
        self.says(world, "[-] worker 0: ", f"group {world.prefix}-decide: the Kafka user may not Read in it")
        self.says(world, "[-] sender email may not do its work: ")
        self.allow(rights["regua-"])
        self.says(world, "[-] ingest: ", "topic " + world.prefix, "uthorization failed")
        self.allow(rights["billing.events"])
        world.wait_ready()
        world.go_live("atraso")
        self.overdue(world, 1)
        world.flush()
        self.sent(world, 1)

        # What held at the start may hold no more, and what was good is found again.
        acl("resetpass", ">" + wrong)
        world.redis.ask("ACL", "SAVE")
        world.redis.stop()
        world.redis.start()
        self.says(world, "[-] redis: ", "WRONGPASS")
        acl("resetpass", ">" + self.secrets.values["redis-password"])
        world.wait_ready()
        acl("-zadd")
        self.overdue(world, 2)
        world.flush()
        self.says(world, "[-] shard ", "NOPERM", "'zadd'")
        acl("+zadd")
        self.sent(world, 2)
        self.keeper.deny("regua", self.keeper.TOPIC, world.topic("ledger"), self.keeper.WRITE)
        self.overdue(world, 3)
        world.flush()
        self.says(world, "[-] ingest: ", world.topic("ledger"), "uthorization failed")
        self.keeper.forget("regua", self.keeper.TOPIC, world.topic("ledger"), self.keeper.WRITE)
        self.sent(world, 3)
        self.assertEqual(world.deadletters(), [])
        self.keeper.set_password("regua", wrong)
        self.kafka.kill(0)
        self.kafka.revive(0)
        self.says(world, "[-] kafka: ", "the login is refused")
        self.keeper.set_password("regua", self.secrets.values["kafka-password"])
        world.wait_ready()
        self.overdue(world, 4)
        world.flush()
        self.sent(world, 4)
        self.shows_no_secret(world)
        self.assert_just(world, at_least=4)


if __name__ == "__main__":
    main()
