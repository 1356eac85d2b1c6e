"""A World whose daemon is installed as an operator would: by `cmake --install` on a machine that runs systemd, with the unit as it is
shipped, a drop-in, and secrets that only systemd hands over. Everything is done by systemctl and read in the journal."""
import os
import pathlib
import subprocess

import servers
from machine import Machine
from regua_e2e import World

UNIT = "reguad.service"
PASSWORD = "a-password-that-nothing-may-show"
WATCHDOG_S = 6  # the shipped unit's minute is long for a test
DROP_IN = f"""[Service]
LoadCredential=token:/etc/regua/credentials/token
LoadCredential=redis-password:/etc/regua/credentials/redis-password
WatchdogSec={WATCHDOG_S}
"""
LEVELS = {"3": "error", "4": "warning", "5": "notice", "6": "info", "7": "debug"}


class Installed(World):
    def __init__(self, **options):
        self.machine = Machine()
        self.redis_port = servers.quiet_port()
        try:
            super().__init__(redis=("--port", str(self.redis_port), "--bind", "127.0.0.1", "--user", "regua", "on", ">" + PASSWORD, "~*", "&*",
                                    "+@all"), site=self.as_installed, **options)
            self._install()
        except BaseException:
            self.machine.close()
            raise

    def as_installed(self, text):
        """No secret lies beside the file, and the log goes where systemd has connected it to."""
        redis = f'"redis://127.0.0.1:{self.redis_port}", user: regua, password: {{ credential: redis-password }}'
        for old, new in (("{ file: token }", "{ credential: token }"), (f'"{self.redis.url}"', redis), (", format: json", "")):
            assert old in text, old
            text = text.replace(old, new)
        return text

    def _install(self):
        subprocess.run(["cmake", "--install", servers.build_dir()], env={**os.environ, "DESTDIR": str(self.machine.root)}, check=True,
                       stdout=subprocess.DEVNULL)
        self.machine.run("systemd-sysusers")
        for path in [self.folder / "regua.yaml", self.folder / "policy.yaml", *self.folder.glob("rules.d/*"), *self.folder.glob("calendars/*")]:
            self.write(path.relative_to(self.folder), path.read_text(encoding="utf-8"))
        self.write("credentials/token", (self.folder / "token").read_text(encoding="utf-8"), 0o600)
        self.write("credentials/redis-password", PASSWORD + "\n", 0o600)
        self.drop_in("site", DROP_IN)

    def write(self, name, text, mode=0o644):
        """A file below /etc/regua."""
        self.machine.write(f"/etc/regua/{name}", text, mode)

    def drop_in(self, name, text):
        """What `systemctl edit` makes; without a text it is taken away."""
        path = f"/etc/systemd/system/{UNIT}.d/{name}.conf"
        if text is None:
            (self.machine.root / path.lstrip("/")).unlink()
        else:
            self.machine.write(path, text)
        self.machine.systemctl("daemon-reload")

    # ---- the daemon's life, by systemctl ----

    def start(self, ready=True, live=None):
        self.machine.systemctl("reset-failed")
        self.machine.systemctl("start", UNIT)
        if ready:
            self.wait_ready()
        if live is not None:
            self.go_live(live)
        return self

    def stop(self):
        self.machine.systemctl("stop", UNIT)

    def state(self, *names):
        return self.machine.show(UNIT, "ActiveState", "SubState", "Result", "StatusText", "MainPID", "NRestarts", "ExecMainCode",
                                 "ExecMainStatus", *names)

    def main_pid(self):
        """Of the daemon's process, as it is called outside of the machine."""
        inside = self.state()["MainPID"]
        for status in pathlib.Path("/proc").glob("[0-9]*/status"):
            try:
                text = status.read_text(encoding="utf-8")
            except OSError:  # it has ended meanwhile
                continue
            numbers = next(line.split()[1:] for line in text.splitlines() if line.startswith("NSpid:"))
            if text.startswith("Name:\treguad\n") and numbers[-1] == inside and len(numbers) > 1:
                return int(numbers[0])
        raise AssertionError(f"no process reguad is number {inside} on the machine")

    def check_alive(self):
        state = self.state()
        assert state["ActiveState"] != "failed", f"{state}\n{self.log_tail()}"

    def log(self):
        """What the daemon said, from the journal; what it said in no entry of its own is level "raw", as in Daemon.log()."""
        return [
            {
                "level": LEVELS[entry["PRIORITY"]] if "REGUA_EVENT" in entry else "raw",
                "event": entry.get("REGUA_EVENT", ""),
                "text": entry["MESSAGE"],
            }
            for entry in self.machine.journal("_SYSTEMD_UNIT=" + UNIT, "_COMM=reguad")
        ]

    def log_tail(self, count=60):
        return self.machine.run("journalctl", f"--lines={count}", "--unit=" + UNIT, "--no-hostname").stdout

    def close(self, failed=False):
        try:
            self.stop()
            super().close(failed)
        finally:
            self.machine.close()
