"""A machine of its own to install the product on: a real systemd as process 1 of a container, booted in two seconds.

Its root is this machine's with a layer in memory on top, so what Debian packages brought is there and nothing that happens in it is
kept. Its /etc/systemd/system is empty: nothing runs in it but what a test installs and starts, whatever this machine has enabled. The
network is this machine's, so that servers of a test are reached over loopback.

It ends with the test, also when that is killed: the first process of its PID namespace dies with its parent and takes the others along,
and every mount lies in a mount namespace. Only empty control groups can stay behind, of a test that was killed; the next one removes them.
"""
import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import time

import servers

BOOT_S = 60
COMMAND_S = 120
CGROUP = "regua-machine-"
# What a person would have to mend, by what the attempt says.
NEEDS = "needs root on a Linux with namespaces, overlayfs and control groups that may be written, and Debian's systemd-container"
# In the mount namespace, before nspawn: what it leaves in /run and /tmp goes with it, and it takes / under no name but another.
PREPARE = ("mount -t tmpfs scratch /run && mkdir /run/root && mount --bind / /run/root && mount -t tmpfs scratch /tmp && "
           'exec systemd-nspawn --directory=/run/root "$0" "$@"')


def children(pid):
    path = pathlib.Path(f"/proc/{pid}/task/{pid}/children")
    return [int(word) for word in path.read_text(encoding="ascii").split()] if path.exists() else []


def hierarchies():
    """Directories of this process in the hierarchies that a systemd in a container keeps its units in: the unified one, and
    systemd's own where control groups are of both versions."""
    found = []
    mounts = pathlib.Path("/proc/self/mounts").read_text(encoding="utf-8").splitlines()
    for line in pathlib.Path("/proc/self/cgroup").read_text(encoding="utf-8").splitlines():
        _, controllers, path = line.split(":", 2)
        for _, where, kind, options, *_ in (mount.split() for mount in mounts):
            unified = controllers == "" and kind == "cgroup2"
            if unified or (controllers == "name=systemd" and kind == "cgroup" and controllers in options.split(",")):
                found.append(pathlib.Path(where + path))
                break
    return found


class Machine:
    """`root` is its root directory, to be written from here."""

    def __init__(self):
        if os.geteuid() != 0:
            raise AssertionError(f"this test boots a container, which {NEEDS}; run it as root")
        if shutil.which("systemd-nspawn") is None:
            raise AssertionError(f"this test boots a container, which {NEEDS}; ./dev setup installs that")
        self.console = tempfile.TemporaryFile()
        self.groups = []
        self.process = None
        self.leader = None
        try:
            self._enter_groups()
            self._boot()
        except BaseException:
            self.close()
            raise
        self.root = pathlib.Path(f"/proc/{self.leader}/root")

    def _enter_groups(self):
        for parent in hierarchies():
            for old in parent.glob(CGROUP + "*"):
                if not pathlib.Path("/proc", old.name.removeprefix(CGROUP)).exists():
                    self._remove(old)
            group = parent / f"{CGROUP}{os.getpid()}"
            try:
                group.mkdir()
            except OSError as error:
                raise AssertionError(f"this test boots a container, which {NEEDS}; {error}") from None
            self.groups.append(group)

    @staticmethod
    def _remove(group):
        for folder, _, _ in os.walk(group, topdown=False):
            os.rmdir(folder)

    def _boot(self):
        command = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc", "sh", "-c", PREPARE, "--quiet", "--settings=no",
                   "--register=no", "--keep-unit", "--volatile=overlay", "--machine=regua-test", "--tmpfs=/etc/systemd/system",
                   "--tmpfs=/var/log/journal", "--resolv-conf=off", "--timezone=off", "--link-journal=no", "--console=pipe", "--boot",
                   "systemd.unit=basic.target", "fstab=no", "systemd.firstboot=no"]
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=self.console, stderr=self.console, preexec_fn=self._settle)
        self._wait(self._find_leader, "no process 1")
        self._wait(lambda: self.run("systemctl", "is-active", "basic.target", check=False).returncode == 0, "it does not come up")

    def _settle(self):
        """In the child, before it becomes the command."""
        servers.die_with_parent()
        for group in self.groups:
            (group / "cgroup.procs").write_text(str(os.getpid()))

    def _find_leader(self):
        """systemd, below nspawn, which is the first process of its namespace and below unshare."""
        for nspawn in children(self.process.pid):
            for pid in children(nspawn):
                if pathlib.Path(f"/proc/{pid}/comm").read_text(encoding="utf-8") == "systemd\n":
                    self.leader = pid
        return self.leader

    def _wait(self, condition, what):
        deadline = time.monotonic() + BOOT_S
        while not condition():
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.console.seek(0)
                said = self.console.read().decode(errors="replace")[-3000:]
                raise AssertionError(f"the container was not booted ({what}); it {NEEDS}. It said:\n{said}")
            time.sleep(0.05)

    def close(self):
        """Nothing of it is left."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None
        self.console.close()
        deadline = time.monotonic() + BOOT_S
        while self.groups:
            try:
                self._remove(self.groups[-1])
                self.groups.pop()
            except OSError:  # its processes are still ending
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.02)

    # ---- what one does on it ----

    def run(self, *command, check=True, timeout=COMMAND_S):
        """A command on it, as root."""
        done = subprocess.run(["nsenter", f"--target={self.leader}", "--all", "--", *map(str, command)], stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=timeout, check=False, env={**os.environ, "SYSTEMD_PAGER": ""})
        if check and done.returncode != 0:
            raise AssertionError(f"{' '.join(map(str, command))}: exit status {done.returncode}\n{done.stdout}{done.stderr}")
        return done

    def systemctl(self, *arguments, check=True):
        return self.run("systemctl", *arguments, check=check)

    def show(self, unit, *names):
        """Properties of a unit, as systemctl show prints them."""
        lines = self.systemctl("show", unit, *(f"--property={name}" for name in names)).stdout.splitlines()
        return dict(line.split("=", 1) for line in lines)

    def journal(self, *matches):
        """Entries that match, oldest first."""
        self.run("journalctl", "--sync")
        return [json.loads(line) for line in self.run("journalctl", "--output=json", "--all", *matches).stdout.splitlines()]

    def write(self, path, text, mode=0o644):
        """A file of the operator's."""
        file = self.root / path.lstrip("/")
        file.parent.mkdir(parents=True, exist_ok=True)
        fresh = file.with_name(file.name + ".new")
        fresh.write_text(text, encoding="utf-8")
        fresh.chmod(mode)
        fresh.rename(file)
