"""One process of reguad: started and ended in every way there is, asked over its admin port, read by its log."""
import contextlib
import http.client
import json
import os
import pathlib
import signal
import socket
import subprocess
import threading
import time

import servers
from topics import PATIENCE_S

SHIPPED = servers.ROOT / "config" / "shipped"
OPERATOR = "tester"
TOKEN = "a-token-of-the-tests-and-of-nothing-else"
WATCHDOG_S = 30


class Notified:
    """What one daemon tells systemd, heard as it is told: whoever does not listen holds it up."""

    def __init__(self, path):
        self.path = path
        path.unlink(missing_ok=True)
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(str(path))
        self.heard = [(time.monotonic(), "")]
        threading.Thread(target=self._hear, daemon=True).start()

    def _hear(self):
        with contextlib.suppress(OSError):
            while text := self.socket.recv(4096).decode():
                self.heard.append((time.monotonic(), text))

    def environment(self):
        return {"NOTIFY_SOCKET": str(self.path), "WATCHDOG_USEC": str(WATCHDOG_S * 1000000)}

    def close(self):
        """Full load, lost neighbours, reloads: nothing of that is a hang, so systemd would never have ended it. The longest silence, in
        seconds."""
        self.heard.append((time.monotonic(), ""))
        self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()
        stopping = next((at for at, text in self.heard if "STOPPING=1" in text), self.heard[-1][0])
        told = [self.heard[0][0], *(at for at, text in self.heard if "WATCHDOG=1" in text), stopping]
        longest = max(after - before for before, after in zip(told, told[1:]))
        assert longest < WATCHDOG_S, f"for {longest:.1f} s the watchdog was told nothing"
        return longest


class Daemon:
    """`config`: its regua.yaml, whose http.listen names `port`, and beside which lies the operator's token. With `clock` (a
    driver.Clock) it is reguad-clocked."""

    def __init__(self, config, port, log_path, clock=None):
        self.config = pathlib.Path(config)
        self.port = port
        self.log_path = pathlib.Path(log_path)
        self.clock = clock
        self.clocked = clock is not None
        self.process = None
        self.notified = None
        self.silence_s = 0.0  # the longest towards systemd's watchdog, of all its lives
        self.environment = {}  # what the last start added to it
        self.expected_errors = []

    def command(self, *arguments):
        program = servers.program("reguad-clocked" if self.clocked else "reguad")
        clock = ["--clock", str(self.clock.path)] if self.clocked else []
        return [program, *clock, "--config", str(self.config), "--shipped", str(SHIPPED), *arguments]

    def start(self, ready=True, live=None, roles=None, program=None, **environment):
        """Starts the daemon; with `ready` waits until it says so, and with `live` goes live up to that step. `program` is
        another build of it."""
        command = self.command(*(["--roles", roles] if roles else []))
        self.environment = environment
        self.notified = Notified(self.log_path.with_suffix(".notify"))
        with self.log_path.open("ab") as log:
            self.process = subprocess.Popen(
                [program or command[0], *command[1:]],
                env={**os.environ, **self.notified.environment(), **environment},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                preexec_fn=servers.die_with_parent,
            )
        if ready:
            self.wait_ready()
        if live is not None:
            self.go_live(live)
        return self

    def run_to_end(self, timeout=PATIENCE_S):
        """For a start that must fail: (exit status, what it said)."""
        done = subprocess.run(
            self.command(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
            preexec_fn=servers.die_with_parent,
        )
        return done.returncode, done.stdout + done.stderr

    def stop(self):
        process, self.process = self.process, None
        status = servers.end(process)
        assert status == 0, f"reguad ended with {status}:\n{self.log_tail()}"
        self.silence_s = max(self.silence_s, self.notified.close())

    def kill(self):
        """As by kill -9 or a power cut: no goodbye to anybody."""
        self.process.kill()
        self.process.wait()
        self.process = None
        self.silence_s = max(self.silence_s, self.notified.close())

    def pause(self):
        """As of a machine that stands still: no heartbeat, no clock of its own."""
        self.process.send_signal(signal.SIGSTOP)

    def resume(self):
        self.process.send_signal(signal.SIGCONT)

    def is_stopped(self):
        fields = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
        return fields[0] == "T"

    def check_alive(self):
        assert self.process is not None and self.process.poll() is None, f"the daemon has ended:\n{self.log_tail()}"

    def wait_ready(self, timeout=PATIENCE_S):
        deadline = time.monotonic() + timeout
        while True:
            self.check_alive()
            with contextlib.suppress(OSError, http.client.HTTPException):
                status, body = self.http("/readyz")
                if status == 200:
                    return
                assert time.monotonic() < deadline, f"not ready after {timeout} s: {body}\n{self.log_tail()}"
            assert time.monotonic() < deadline, f"does not answer after {timeout} s\n{self.log_tail()}"
            time.sleep(0.02)

    def log(self):
        """The daemon's lines, parsed; what is no JSON becomes {"text": …}."""
        lines = []
        for line in self.log_path.read_text(errors="replace").splitlines() if self.log_path.exists() else ():
            try:
                lines.append(json.loads(line))
            except ValueError:
                lines.append({"level": "raw", "event": "", "text": line})
        return lines

    def log_tail(self, count=60):
        if not self.log_path.exists():
            return "(no log)"
        lines = [line for line in self.log_path.read_text(errors="replace").splitlines() if "has one replica" not in line]
        return "\n".join(lines[-count:])

    def check_log(self):
        """An error that no test has expected fails it; so does anything that is no line of the log (sanitizers speak so)."""
        wrong = [
            line
            for line in self.log()
            if line["level"] in ("error", "raw")
            and not any(word in line["event"] + " " + line["text"] for word in self.expected_errors)
        ]
        assert not wrong, "unexpected lines in the log:\n" + "\n".join(json.dumps(line) for line in wrong[:20])

    # ---- the admin port ----

    def http(self, path, method="GET", body=None, token=TOKEN):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        if body is not None:
            headers["Content-Type"] = "application/json"
        try:
            connection.request(method, path, body=None if body is None else json.dumps(body), headers=headers)
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        finally:
            connection.close()

    def status(self):
        code, body = self.http("/api/v1/status")
        assert code == 200, (code, body)
        return json.loads(body)

    def ctl(self, *arguments):
        """reguactl of this daemon; (exit status, standard output, standard error)."""
        return self.desk(*arguments, "--url", f"http://127.0.0.1:{self.port}", "--token-file", str(self.config.parent / "token"))

    @staticmethod
    def desk(*arguments):
        """reguactl without a daemon."""
        command = [servers.program("reguactl"), *arguments]
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
            check=False,
            env={**os.environ, "NO_COLOR": "1"},
        )
        return done.returncode, done.stdout, done.stderr

    def go_live(self, step):
        status, body = self.http("/api/v1/go-live", "POST", {"max_step": step, "reason": "end-to-end test"})
        assert status == 200, body
        deadline = time.monotonic() + PATIENCE_S
        while self.status().get("live_max_step") != step:  # an act takes effect when it is read back
            assert time.monotonic() < deadline, f"going live did not take effect: {self.status()}"
            time.sleep(0.02)
