"""What a test of the whole product stands on: a real Kafka shared by a lane, and for each test a Redis, an inbox, certificates.

Everything that is started here ends with the test that started it, also when that test is killed; nothing is left in the
user's directories. The Kafka of a lane is started once by CTest's fixture (`servers.py kafka start DIR`) and found through
RG_E2E_KAFKA; without it a test starts its own.
"""
import ctypes
import json
import os
import pathlib
import random
import shutil
import signal
import socket
import subprocess
import sys
import time
import http.client

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "servers"))
import kafka as kafka_server  # noqa: E402 (the path is known only now)

READY_S = 20


def build_dir():
    return pathlib.Path(os.environ.get("RG_BUILD_DIR") or ROOT / "build" / "dev")


def program(name, build=None):
    """The path of a program this build has made, or the one of that directory."""
    named = os.environ.get("RG_" + name.upper().replace("-", "_"))
    if named and build is None:
        return named
    for path in (build or build_dir()).rglob(name):
        if path.is_file() and os.access(path, os.X_OK):
            return str(path)
    raise FileNotFoundError(f"{build_dir()} holds no program {name}; build it first")


def die_with_parent():
    """For the child: it ends when the thread that started it does, however that happens."""
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)


def quiet_port(kept=[]):  # pylint: disable=dangerous-default-value (that it lives as long as the process is what it is for)
    """A port for a server that is started later: below those that the kernel gives to others meanwhile, and nobody else's who asks
    here, in whatever process: it is taken by a name that ends with us."""
    low = int(pathlib.Path("/proc/sys/net/ipv4/ip_local_port_range").read_text(encoding="ascii").split()[0])
    while True:
        port = random.randrange(10240, low)
        name = socket.socket(socket.AF_UNIX)
        with socket.socket() as tried:
            try:
                name.bind(f"\0regua-tests-port-{port}")
                tried.bind(("127.0.0.1", port))
            except OSError:
                name.close()
                continue
        kept.append(name)
        return port


def end(process, timeout=30):
    """SIGTERM, and after `timeout` SIGKILL; the exit status, negative for a signal."""
    if process.poll() is None:
        process.terminate()
    try:
        return process.wait(timeout)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        raise AssertionError(f"{process.args[0]} did not end within {timeout} s of SIGTERM") from None


# ---- Kafka ----


class SharedKafka:
    """The lane's Kafka if its fixture has started one, else one of our own."""

    def __init__(self, version=None):
        self.own = None
        directory = os.environ.get("RG_E2E_KAFKA")
        record = pathlib.Path(directory) / "kafka.json" if directory and version is None else None
        if record is not None and record.exists():
            self.bootstrap = json.loads(record.read_text(encoding="utf-8"))["bootstrap"]
        else:
            self.own = kafka_server.Kafka(version or kafka_server.DEFAULT_VERSION).start()
            self.bootstrap = self.own.bootstrap

    def hand_down(self):
        """Processes that are started from here find it too."""
        os.environ["RG_E2E_KAFKA"] = str(self.own.directory)

    def close(self):
        if self.own is not None:
            self.own.stop()


def kafka_fixture(act, directory):
    record = pathlib.Path(directory) / "kafka.json"
    if record.exists():
        kafka_server.stop_recorded(directory)
    if act == "start":
        kafka_server.Kafka(directory=directory, detached=True).start()
    else:
        shutil.rmtree(directory, ignore_errors=True)


# ---- Redis ----


class RedisError(Exception):
    """Redis answered with an error."""


class Redis:
    """A redis-server of our own on a unix socket, and the few commands that tests speak."""

    def __init__(self, folder, *options, login=None):
        """`login`: user and password of the tests, where the server asks for them."""
        self.login = login
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(exist_ok=True)
        self.socket = self.folder / "redis.sock"
        self.options = options
        self.process = None
        self.client = None
        self.start()

    @property
    def url(self):
        return f"unix://{self.socket}"

    def start(self):
        # The log goes to a file: nobody drains a pipe.
        arguments = [
            "redis-server",
            "--port",
            "0",
            "--unixsocket",
            str(self.socket),
            "--dir",
            str(self.folder),
            "--save",
            "",
            "--appendonly",
            "yes",
            "--logfile",
            str(self.folder / "redis.log"),
            *self.options,
        ]
        self.process = subprocess.Popen(
            arguments, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, preexec_fn=die_with_parent
        )
        deadline = time.monotonic() + READY_S
        while True:
            try:
                self.ask("PING")
                return
            except (OSError, RedisError):
                if self.process.poll() is not None or time.monotonic() > deadline:
                    raise AssertionError("redis-server does not start: " + (self.folder / "redis.log").read_text()) from None
                time.sleep(0.02)

    def stop(self):
        self.forget()
        end(self.process)

    def kill(self):
        """As by kill -9."""
        self.forget()
        self.process.kill()
        self.process.wait()

    @property
    def log_file(self):
        """What it appends its commands to."""
        return sorted(self.folder.glob("appendonlydir/*.incr.aof"))[-1]

    def cut(self, bytes_left):
        """Forgets what it appended after the first so many bytes: its last seconds, on a machine that lost power. It is dead."""
        os.truncate(self.log_file, bytes_left)

    def forget(self):
        if self.client is not None:
            self.client.close()
            self.client = None

    def ask(self, *words):
        """One command, its answer as Python has it: bytes, int, list, None."""
        if self.client is None:
            plain = socket.socket(socket.AF_UNIX)
            plain.settimeout(READY_S)
            try:
                plain.connect(str(self.socket))
            except OSError:
                plain.close()
                raise
            self.client = plain.makefile("rwb")
            plain.close()  # the file keeps the descriptor
            if self.login is not None:
                self._say("AUTH", *self.login)
        return self._say(*words)

    def _say(self, *words):
        parts = [word if isinstance(word, bytes) else str(word).encode() for word in words]
        self.client.write(b"*%d\r\n" % len(parts) + b"".join(b"$%d\r\n%s\r\n" % (len(part), part) for part in parts))
        try:
            self.client.flush()
            return self._answer()
        except OSError:
            self.forget()
            raise

    def _answer(self):
        line = self.client.readline()
        if not line:
            self.forget()
            raise OSError("Redis closed the connection")
        kind, rest = line[:1], line[1:-2]
        if kind == b"-":
            raise RedisError(rest.decode())
        if kind == b"+":
            return rest
        if kind == b":":
            return int(rest)
        if kind == b"$":
            return None if rest == b"-1" else self.client.read(int(rest) + 2)[:-2]
        return None if rest == b"-1" else [self._answer() for _ in range(int(rest))]


# ---- inbox ----


class Inbox:
    """regua-inbox: every provider there is, and what arrived at them."""

    def __init__(self, folder, *options, clock=None):
        self.folder = pathlib.Path(folder)
        arguments = [program("regua-inbox"), "--parent", "--log", str(self.folder / "inbox.jsonl"), *options]
        if clock is not None:
            arguments += ["--clock", str(clock)]
        self.process = subprocess.Popen(
            arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, preexec_fn=die_with_parent
        )
        self.ports = json.loads(self.process.stdout.readline())

    def stop(self):
        self.process.stdin.close()
        status = self.process.wait(READY_S)
        self.process.stdout.close()
        assert status == 0, f"regua-inbox ended with {status}"

    def ask(self, path, method="GET", body=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.ports["http"], timeout=READY_S)
        try:
            connection.request(method, path, body=None if body is None else json.dumps(body))
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def entries(self, query=""):
        """All that arrived, oldest first; `query` as the inbox's header says, such as "?channel=email"."""
        return json.loads(self.ask("/inbox.json" + query)[1])["entries"]

    def taken(self, query=""):
        """What a sender's message became: taken, whatever the sender was told."""
        return [entry for entry in self.entries(query) if entry["accepted"]]

    def raw(self, number):
        return self.ask(f"/raw/{number}")[1]

    def everything(self):
        """All entries, each with its bytes as they came under "raw". Of what came over HTTP they are the body."""
        entries = self.entries()
        connection = http.client.HTTPConnection("127.0.0.1", self.ports["http"], timeout=READY_S)
        for entry in entries:
            if entry["door"] == "http":
                entry["raw"] = entry["body"].encode()
                continue
            connection.request("GET", f"/raw/{entry['n']}")
            entry["raw"] = connection.getresponse().read()
        connection.close()
        return entries

    def fault(self, door, **rule):
        status, body = self.ask("/control/" + door, "POST", rule)
        assert status == 201, body

    def heal(self):
        self.ask("/control", "DELETE")

    def url(self, provider):
        return f"http://127.0.0.1:{self.ports['http']}/provider/{provider}"


# ---- certificates ----

OPENSSL_CA = """
[ca]
default_ca = own
[own]
database = {folder}/index.txt
new_certs_dir = {folder}
serial = {folder}/serial
default_md = sha256
policy = any
copy_extensions = copy
unique_subject = no
email_in_dn = no
[any]
commonName = supplied
"""


class Authority:
    """A test CA by the openssl program: certificates for names of our choice, also such as have expired."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(exist_ok=True)
        (self.folder / "index.txt").write_text("")
        (self.folder / "serial").write_text("01\n")
        (self.folder / "ca.cnf").write_text(OPENSSL_CA.format(folder=self.folder))
        self.certificate = self.folder / "ca.pem"
        self._openssl(
            "req",
            "-x509",
            "-newkey",
            "rsa:2048",
            "-nodes",
            "-days",
            "30",
            "-subj",
            "/CN=Test CA",
            "-keyout",
            self.folder / "ca.key",
            "-out",
            self.certificate,
        )

    @staticmethod
    def _openssl(*arguments):
        done = subprocess.run(
            ["openssl", *map(str, arguments)], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr

    def issue(self, name, expired=False, password=None):
        """(certificate file, key file) for a host name or address; `password`: a file with the one that encrypts the key."""
        stem = name + ("-expired" if expired else "")
        certificate, key, request = (self.folder / f"{stem}.{kind}" for kind in ("pem", "key", "csr"))
        kind = "IP" if name.replace(".", "").isdigit() else "DNS"
        self._openssl(
            "req",
            "-newkey",
            "rsa:2048",
            "-nodes",
            "-subj",
            f"/CN={name}",
            "-addext",
            f"subjectAltName={kind}:{name}",
            "-keyout",
            key,
            "-out",
            request,
        )
        times = ["-startdate", "20200101000000Z", "-enddate", "20200201000000Z"] if expired else ["-days", "30"]
        self._openssl(
            "ca",
            "-batch",
            "-config",
            self.folder / "ca.cnf",
            "-cert",
            self.certificate,
            "-keyfile",
            self.folder / "ca.key",
            "-in",
            request,
            "-out",
            certificate,
            *times,
        )
        if password is not None:
            plain, key = key, key.with_suffix(".enc")
            self._openssl("pkey", "-aes256", "-in", plain, "-out", key, "-passout", f"file:{password}")
        return certificate, key

    def stranger(self):
        """Another CA, which nobody here trusts."""
        return Authority(self.folder / "stranger")


if __name__ == "__main__":
    if len(sys.argv) != 4 or sys.argv[1] != "kafka" or sys.argv[2] not in ("start", "stop"):
        sys.exit("servers.py kafka start|stop DIR")
    kafka_fixture(sys.argv[2], sys.argv[3])
