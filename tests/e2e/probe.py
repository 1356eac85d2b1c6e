"""Run where reguad runs, inside its sandbox: tries what a daemon that was taken over would try, and prints what it was allowed to.

One line of JSON: {name of the attempt: "" when it succeeded, else what stood in the way}.
"""
import ctypes
import errno
import json
import mmap
import os
import pathlib
import socket
import sys

CLONE_NEWUSER = 0x10000000
libc = ctypes.CDLL(None, use_errno=True)


def call(name, *arguments):
    """A function of the C library that returns -1 when it fails."""
    if getattr(libc, name)(*arguments) == -1:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def write(path):
    with open(path, "w", encoding="ascii") as file:
        file.write("x")
    os.unlink(path)


def connect(path):
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(path)


def see(*words):
    """That a path or the list of processes shows something of others."""
    if not words:
        raise FileNotFoundError(errno.ENOENT, "nothing is seen")


def strangers():
    return [path for path in pathlib.Path("/proc").glob("[0-9]*") if path.stat().st_uid != os.getuid()]


def make_setuid():
    path = os.environ["STATE_DIRECTORY"] + "/probe"
    pathlib.Path(path).touch()
    try:
        os.chmod(path, 0o4755)
    finally:
        os.unlink(path)


ATTEMPTS = {
    "write its state": lambda: write(os.environ["STATE_DIRECTORY"] + "/probe"),
    "write its own /tmp": lambda: write("/tmp/probe"),
    "read a credential": lambda: pathlib.Path(os.environ["CREDENTIALS_DIRECTORY"], "token").read_bytes(),
    "open a socket": lambda: socket.socket(socket.AF_INET).close(),
    "reach Redis' socket": lambda: connect("/run/redis.sock"),
    "write its configuration": lambda: write("/etc/regua/probe"),
    "write /usr": lambda: write("/usr/bin/probe"),
    "write /var/log": lambda: write("/var/log/probe"),
    "write /dev/shm": lambda: write("/dev/shm/probe"),
    "write a kernel setting": lambda: pathlib.Path("/proc/sys/kernel/domainname").write_text("x", encoding="ascii"),
    "see the homes": lambda: see(*os.listdir("/home")),
    "see root's home": lambda: see(*os.listdir("/root")),
    "see others' /tmp": lambda: see(*os.listdir("/tmp")),
    "see others' processes": lambda: see(*strangers()),
    "read the source of a credential": lambda: pathlib.Path("/etc/regua/credentials/token").read_bytes(),
    "read /etc/shadow": lambda: pathlib.Path("/etc/shadow").read_bytes(),
    "open a disk": lambda: see(*pathlib.Path("/dev").glob("[sv]da*")),
    "open a raw socket": lambda: socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP).close(),
    "open a netlink socket": lambda: socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0).close(),
    "become root": lambda: os.setuid(0),
    "make a namespace": lambda: call("unshare", CLONE_NEWUSER),
    "mount": lambda: call("mount", b"none", b"/tmp", b"tmpfs", 0, None),
    "trace its parent": lambda: call("ptrace", 16, os.getppid(), None, None),
    "set the host's name": lambda: socket.sethostname("probe"),
    "map memory to write and run": lambda: mmap.mmap(-1, 4096, prot=mmap.PROT_WRITE | mmap.PROT_EXEC).close(),
    "become a real-time process": lambda: os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1)),
    "make a file set-user-id": make_setuid,
    "speak another machine language": lambda: call("personality", 8),  # PER_LINUX32
}


def tried(attempt):
    try:
        attempt()
        return ""
    except OSError as error:
        return str(error)


if __name__ == "__main__":
    json.dump({name: tried(attempt) for name, attempt in ATTEMPTS.items()}, sys.stdout)
    print()
