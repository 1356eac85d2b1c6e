#!/usr/bin/python3
"""A real Apache Kafka for tests: KRaft mode, one process per broker, no container and nothing to install but Java and Maven.

The jars come from Maven once and stay in the user's cache directory. Everything else lives in one temporary directory and
ends with the process ids recorded there.

    kafka.py start --version 3.9.1 --dir D [--brokers 3] [--set name=value ...]    prints {"bootstrap": ..., "pids": [...]}
    kafka.py stop --dir D
    kafka.py run [...]          like start, then stays until its standard input closes: a caller that dies takes it along;
                                lines "kill N" and "revive N" on its input act on one broker and are answered by "done N"
    kafka.py jars --version V   only fills the cache

As a module: `with Kafka() as kafka: use(kafka.bootstrap)`; `kafka.kill(0)` and `kafka.revive(0)` for broker faults. With
`guarded=(certificate and key in one file, CA file)` there is a second door, `kafka.guarded_bootstrap`: TLS with client certificates,
SCRAM users and access lists. Who comes by the first door may do everything, also change what holds at the second (`Keeper`).
"""
import argparse
import base64
import contextlib
import ctypes
import fcntl
import hashlib
import json
import os
import pathlib
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
import uuid

DEFAULT_VERSION = "3.9.1"
READY_TIMEOUT_S = 60
STOP_TIMEOUT_S = 15
START_ATTEMPTS = 3  # a free port may be taken between asking for it and using it
SCALA = "2.13"
SLF4J = "1.7.36"
JVM_FLAGS = ["-Xmx512m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Djava.awt.headless=true"]
LOG_FLAGS = ["-Dorg.slf4j.simpleLogger.defaultLogLevel=warn", "-Dorg.slf4j.simpleLogger.showDateTime=true"]
PR_SET_PDEATHSIG = 1

POM = """<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>regua.tests</groupId><artifactId>kafka-server</artifactId><version>1</version><packaging>pom</packaging>
  <dependencies>
    <dependency><groupId>org.apache.kafka</groupId><artifactId>kafka_{scala}</artifactId><version>{version}</version></dependency>
    <dependency><groupId>org.slf4j</groupId><artifactId>slf4j-simple</artifactId><version>{slf4j}</version></dependency>
  </dependencies>
</project>
"""


class KafkaError(Exception):
    """The server could not be fetched, started or stopped; the text says what to look at."""


def cache_dir(version):
    base = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    return pathlib.Path(base) / "regua" / f"kafka-{version}"


def run_quietly(command):
    return subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)


def fetch_jars(version):
    """The directory that holds the jars of `version`; filled by Maven under a lock, and renamed only when complete."""
    home = cache_dir(version)
    if home.is_dir():
        return home
    home.parent.mkdir(parents=True, exist_ok=True)
    with open(home.parent / f"kafka-{version}.lock", "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if home.is_dir():
            return home
        work = pathlib.Path(tempfile.mkdtemp(prefix=f"kafka-{version}.", dir=home.parent))
        try:
            (work / "pom.xml").write_text(POM.format(scala=SCALA, version=version, slf4j=SLF4J), encoding="ascii")
            command = ["mvn", "-q", "-B", "-f", str(work / "pom.xml"), "dependency:copy-dependencies",
                       f"-DoutputDirectory={work / 'jars'}", "-DincludeScope=runtime"]
            done = run_quietly(command)
            if done.returncode != 0:
                raise KafkaError("Maven could not fetch Kafka " + version + ":\n" + done.stdout.decode(errors="replace")[-2000:])
            (work / "jars").rename(home)
        finally:
            shutil.rmtree(work, ignore_errors=True)
    return home


def free_ports(count):
    """Ports nobody listens on. They stay open together while being chosen, so that they differ."""
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for sock in sockets:
            sock.bind(("127.0.0.1", 0))
        return [sock.getsockname()[1] for sock in sockets]


def new_cluster_id():
    """As Kafka writes them; one that starts with a dash would be read as an option."""
    while True:
        text = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
        if not text.startswith("-"):
            return text


def start_time(pid):
    """The kernel's start time of a process, so that a reused id is never taken for ours; None when it is gone."""
    try:
        fields = pathlib.Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
        return None if fields[0] == "Z" else int(fields[19])
    except OSError:
        return None


def brokers_seen(port):
    """How many brokers the one on `port` knows, asked by a Metadata v4 request over the plain protocol; 0 while it cannot say."""
    request = struct.pack(">hhih4sib", 3, 4, 1, 4, b"test", 0, 0)  # no topics, none created
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=2) as sock:
            sock.sendall(struct.pack(">i", len(request)) + request)
            head = sock.recv(16, socket.MSG_WAITALL)  # length, correlation id, throttle time, number of brokers
            return struct.unpack(">iiii", head)[3] if len(head) == 16 else 0
    except OSError:
        return 0


class Keeper:
    """Changes what holds at the guarded door, in Kafka's own protocol: users, access lists, certificate. confluent-kafka 1.7
    knows none of these requests."""

    TOPIC, GROUP, BROKER = 2, 3, 4
    LITERAL, PREFIXED = 3, 4
    READ, WRITE, CREATE, DESCRIBE_CONFIGS = 3, 4, 5, 10
    DENY, ALLOW = 2, 3
    ITERATIONS = 4096

    def __init__(self, port):
        self.port = port

    @staticmethod
    def _text(text):
        return struct.pack(">h", len(text)) + text.encode()

    @staticmethod
    def _compact(data):
        assert len(data) < 127
        return bytes([len(data) + 1]) + data

    def _ask(self, api, version, body, flexible=False):
        """One request, and of its answer what comes after the throttle time."""
        head = struct.pack(">hhi", api, version, 1) + self._text("test") + (b"\0" if flexible else b"")
        with socket.create_connection(("127.0.0.1", self.port), timeout=10) as sock:
            sock.sendall(struct.pack(">i", len(head + body)) + head + body)
            length = struct.unpack(">i", sock.recv(4, socket.MSG_WAITALL))[0]
            answer = sock.recv(length, socket.MSG_WAITALL)
        return answer[9 if flexible else 8:]

    @staticmethod
    def _check(answer, at=0):
        error = struct.unpack(">h", answer[at:at + 2])[0]
        if error != 0:
            raise KafkaError(f"the broker answered with error {error}: {answer!r}")

    def set_password(self, user, password, bits=512):
        salt, digest = os.urandom(16), f"sha{bits}"
        salted = hashlib.pbkdf2_hmac(digest, password.encode(), salt, self.ITERATIONS)
        credential = (self._compact(user.encode()) + struct.pack(">bi", 1 if bits == 256 else 2, self.ITERATIONS)
                      + self._compact(salt) + self._compact(salted) + b"\0")
        answer = self._ask(51, 0, b"\1" + b"\2" + credential + b"\0", flexible=True)
        self._check(answer, answer.index(user.encode()) + len(user.encode()))

    def _access(self, kind, name, pattern, user, operation, permission):
        texts = self._text(name), self._text("User:" + user), self._text("*")
        return (struct.pack(">b", kind) + texts[0] + struct.pack(">b", pattern) + texts[1] + texts[2]
                + struct.pack(">bb", operation, permission))

    def allow(self, user, kind, name, pattern, *operations, permission=ALLOW):
        rows = [self._access(kind, name, pattern, user, operation, permission) for operation in operations]
        self._check(self._ask(30, 1, struct.pack(">i", len(rows)) + b"".join(rows)), 4)

    def deny(self, user, kind, name, *operations):
        self.allow(user, kind, name, self.LITERAL, *operations, permission=self.DENY)

    def forget(self, user, kind, name, *operations, permission=DENY):
        """Takes such a row back."""
        rows = [self._access(kind, name, self.LITERAL, user, operation, permission) for operation in operations]
        self._check(self._ask(31, 1, struct.pack(">i", len(rows)) + b"".join(rows)), 4)

    def show_certificate(self, path):
        """What the guarded door shows from now on to who connects."""
        row = self._text("listener.name.sasl_ssl.ssl.keystore.location") + b"\0" + self._text(str(path))
        body = struct.pack(">ib", 1, self.BROKER) + self._text("0") + struct.pack(">i", 1) + row + b"\0"
        self._check(self._ask(44, 0, body), 4)


def die_with_parent():
    """For the child: the kernel ends it when the thread that started it ends, however that happens."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


class Kafka:
    """A cluster of `brokers` real brokers in `directory` (made, and removed by stop(), when not given)."""

    def __init__(self, version=DEFAULT_VERSION, directory=None, brokers=1, settings=None, detached=False, guarded=None):
        self.version = version
        self.own_directory = directory is None
        self.directory = pathlib.Path(directory or tempfile.mkdtemp(prefix="regua-kafka-")).absolute()
        self.count = brokers
        self.settings = dict(settings or {})
        self.detached = detached
        self.guarded = guarded
        self.cluster_id = new_cluster_id()
        self.ports, self.controller_ports, self.guarded_ports = [], [], []
        self.processes = {}  # broker -> Popen
        self.jars = None

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.stop()

    @property
    def bootstrap(self):
        return ",".join(f"127.0.0.1:{port}" for port in self.ports)

    @property
    def guarded_bootstrap(self):
        return ",".join(f"127.0.0.1:{port}" for port in self.guarded_ports)

    @property
    def keeper(self):
        return Keeper(self.ports[0])

    @property
    def pids(self):
        return [process.pid for _, process in sorted(self.processes.items())]

    def start(self):
        self.jars = fetch_jars(self.version)
        for attempt in range(1, START_ATTEMPTS + 1):
            try:
                self._start_once()
                return self
            except KafkaError:
                self._end_processes()
                if attempt == START_ATTEMPTS:
                    self.stop()
                    raise
        raise AssertionError("unreachable")

    def stop(self):
        self._end_processes()
        if self.own_directory:
            shutil.rmtree(self.directory, ignore_errors=True)

    def kill(self, broker):
        """As by kill -9: no goodbye to clients or controller."""
        process = self.processes.pop(broker)
        process.kill()
        process.wait()

    def revive(self, broker):
        """The same broker again, on its port and with what its disk holds."""
        self._spawn(broker)
        self._wait_ready([broker])
        self._record()

    def _start_once(self):
        ports = free_ports(3 * self.count)
        self.ports, self.controller_ports, self.guarded_ports = (
            ports[i * self.count:(i + 1) * self.count] for i in range(3))
        for broker in range(self.count):
            home = self._home(broker)
            shutil.rmtree(home, ignore_errors=True)
            home.mkdir(parents=True)
            (home / "server.properties").write_text(self._properties(broker), encoding="utf-8")
            self._format(broker)
        for broker in range(self.count):
            self._spawn(broker)
        self._wait_ready(range(self.count))
        self._record()

    def _home(self, broker):
        return self.directory / f"broker-{broker}"

    def _properties(self, broker):
        home = self._home(broker)
        copies = min(self.count, 3)
        values = {
            "process.roles": "broker,controller",
            "node.id": broker,
            "controller.quorum.voters": ",".join(f"{i}@127.0.0.1:{port}" for i, port in enumerate(self.controller_ports)),
            "listeners": f"PLAINTEXT://127.0.0.1:{self.ports[broker]},CONTROLLER://127.0.0.1:{self.controller_ports[broker]}",
            "advertised.listeners": f"PLAINTEXT://127.0.0.1:{self.ports[broker]}",
            "controller.listener.names": "CONTROLLER",
            "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
            "inter.broker.listener.name": "PLAINTEXT",
            "log.dirs": home / "data",
            "offsets.topic.replication.factor": copies,
            "offsets.topic.num.partitions": 4,
            "transaction.state.log.replication.factor": copies,
            "transaction.state.log.min.isr": 1,
            "transaction.state.log.num.partitions": 4,
            "group.initial.rebalance.delay.ms": 0,
            "group.min.session.timeout.ms": 1000,
            "group.max.session.timeout.ms": 600000,
            "auto.create.topics.enable": "false",
            "log.segment.delete.delay.ms": 1000,
            "controlled.shutdown.enable": "false" if self.count == 1 else "true",
        }
        if self.guarded:
            values.update(self._guarded_properties(broker, values))
        values.update(self.settings)
        return "".join(f"{name}={value}\n" for name, value in values.items())

    def _guarded_properties(self, broker, plain):
        """A second listener for those who have to prove who they are; who comes by the first is a superuser."""
        certificate, authority = self.guarded
        door, own = f"SASL_SSL://127.0.0.1:{self.guarded_ports[broker]}", "listener.name.sasl_ssl."
        values = {
            "listeners": f"{plain['listeners']},{door}",
            "advertised.listeners": f"{plain['advertised.listeners']},{door}",
            "listener.security.protocol.map": plain["listener.security.protocol.map"] + ",SASL_SSL:SASL_SSL",
            "sasl.enabled.mechanisms": "SCRAM-SHA-256,SCRAM-SHA-512",
            "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
            "super.users": "User:ANONYMOUS",
            "ssl.allow.dn.changes": "true",
            "ssl.allow.san.changes": "true",
            own + "ssl.keystore.type": "PEM",
            own + "ssl.keystore.location": certificate,
            own + "ssl.truststore.type": "PEM",
            own + "ssl.truststore.location": authority,
            own + "ssl.client.auth": "required",
        }
        login = "org.apache.kafka.common.security.scram.ScramLoginModule required;"
        for bits in (256, 512):
            values[f"{own}scram-sha-{bits}.sasl.jaas.config"] = login
        return values

    def _java(self, main, *arguments, flags=()):
        return ["java", *JVM_FLAGS, *LOG_FLAGS, *flags, "-cp", f"{self.jars}/*", main, *arguments]

    def _format(self, broker):
        config = self._home(broker) / "server.properties"
        command = self._java("kafka.tools.StorageTool", "format", "-t", self.cluster_id, "-c", str(config))
        done = run_quietly(command)
        if done.returncode != 0:
            raise KafkaError("storage could not be formatted:\n" + done.stdout.decode(errors="replace")[-2000:])

    def _spawn(self, broker):
        home = self._home(broker)
        command = self._java("kafka.Kafka", str(home / "server.properties"), flags=[f"-Dkafka.logs.dir={home / 'logs'}"])
        with open(home / "server.log", "ab") as log:
            self.processes[broker] = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, cwd=home,
                start_new_session=self.detached, preexec_fn=None if self.detached else die_with_parent)

    def _wait_ready(self, which):
        deadline = time.monotonic() + READY_TIMEOUT_S
        for broker in which:
            while brokers_seen(self.ports[broker]) < self.count:
                if self.processes[broker].poll() is not None:
                    raise KafkaError(f"broker {broker} ended while starting:\n" + self._log_tail(broker))
                if time.monotonic() > deadline:
                    raise KafkaError(f"broker {broker} was not ready in {READY_TIMEOUT_S} s:\n" + self._log_tail(broker))
                time.sleep(0.05)

    def _log_tail(self, broker):
        return (self._home(broker) / "server.log").read_text(encoding="utf-8", errors="replace")[-2000:]

    def _record(self):
        record = {"bootstrap": self.bootstrap, "pids": self.pids, "pid": self.pids[0], "version": self.version,
                  "dir": str(self.directory), "started": [start_time(pid) for pid in self.pids]}
        (self.directory / "kafka.json").write_text(json.dumps(record), encoding="utf-8")

    def _end_processes(self):
        processes = list(self.processes.values())
        self.processes = {}
        for process in processes:
            process.terminate()
        deadline = time.monotonic() + STOP_TIMEOUT_S
        for process in processes:
            try:
                process.wait(max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def stop_recorded(directory):
    """Ends the processes a `start` left in `directory`, by id, and only while the ids still mean the same processes."""
    path = pathlib.Path(directory) / "kafka.json"
    record = json.loads(path.read_text(encoding="utf-8"))
    alive = [(pid, born) for pid, born in zip(record["pids"], record["started"]) if start_time(pid) == born]
    for pid, _ in alive:
        os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + STOP_TIMEOUT_S
    for pid, born in alive:
        while start_time(pid) == born:
            if time.monotonic() > deadline:
                os.kill(pid, signal.SIGKILL)
            time.sleep(0.05)
    path.unlink()


def settings_from(pairs):
    settings = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals:
            raise KafkaError(f"--set wants name=value, not {pair!r}")
        settings[name] = value
    return settings


def describe(kafka):
    return json.dumps({"bootstrap": kafka.bootstrap, "pid": kafka.pids[0], "pids": kafka.pids, "dir": str(kafka.directory)})


def obey(kafka):
    """Orders from standard input until it closes."""
    acts = {"kill": kafka.kill, "revive": kafka.revive}
    for line in sys.stdin:
        act, _, broker = line.strip().partition(" ")
        acts[act](int(broker))
        print("done", broker, flush=True)


def parse_arguments():
    parser = argparse.ArgumentParser(description="a real Apache Kafka for tests")
    parser.add_argument("command", choices=["start", "run", "stop", "jars"])
    parser.add_argument("--version", default=DEFAULT_VERSION)
    parser.add_argument("--dir")
    parser.add_argument("--brokers", type=int, default=1)
    parser.add_argument("--set", dest="settings", action="append", default=[], metavar="NAME=VALUE")
    arguments = parser.parse_args()
    if arguments.command in ("start", "stop") and not arguments.dir:
        parser.error(arguments.command + " needs --dir")
    return arguments


def main():
    arguments = parse_arguments()
    if arguments.command == "jars":
        print(fetch_jars(arguments.version))
    elif arguments.command == "stop":
        stop_recorded(arguments.dir)
    else:
        detached = arguments.command == "start"
        kafka = Kafka(arguments.version, arguments.dir, arguments.brokers, settings_from(arguments.settings), detached)
        kafka.start()
        print(describe(kafka), flush=True)
        if not detached:
            signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
            try:
                obey(kafka)
            finally:
                kafka.stop()


if __name__ == "__main__":
    try:
        main()
    except KafkaError as error:
        sys.exit(f"kafka.py: {error}")
