"""Holds one thread of another process, while the others go on: what a thread that hangs looks like from outside."""
import ctypes
import os
import pathlib
import threading

SEIZE, INTERRUPT = 0x4206, 0x4207  # ptrace(2)
WALL = 0x40000000  # waitpid(2): threads too
libc = ctypes.CDLL(None, use_errno=True)


def ptrace(request, number):
    if libc.ptrace(ctypes.c_long(request), ctypes.c_long(number), None, None) < 0:
        raise OSError(ctypes.get_errno(), f"ptrace of thread {number}: {os.strerror(ctypes.get_errno())}")


def hold(pid, name):
    """Until its process ends. Whoever holds a thread also has to see it end, or its process never would."""
    (number,) = (int(task.name) for task in pathlib.Path(f"/proc/{pid}/task").iterdir() if (task / "comm").read_text() == name + "\n")
    begun, wrong = threading.Event(), []

    def keep():  # only the thread that has seized one may ask things of it
        try:
            ptrace(SEIZE, number)
            ptrace(INTERRUPT, number)
            status = os.waitpid(number, WALL)[1]
        except OSError as error:
            wrong.append(error)
        begun.set()
        while not wrong and not os.WIFEXITED(status) and not os.WIFSIGNALED(status):
            status = os.waitpid(number, WALL)[1]

    threading.Thread(target=keep, daemon=True).start()
    begun.wait()
    if wrong:
        raise wrong[0]
