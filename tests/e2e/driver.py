"""Time and the world around a World: the clock that a test turns, and the systems that answer the daemon while it does."""
import contextlib
import http.client
import json
import mmap
import pathlib
import struct
import time

from topics import PATIENCE_S, Topic, instant


class Clock:
    """Turns the daemon's clock while everything is at rest. Time only grows."""

    LAYOUT = "=8sIIqq"

    def __init__(self, world, path, start_ms):
        self.world = world
        self.path = pathlib.Path(path)
        self.now = start_ms
        self.path.write_bytes(struct.pack(self.LAYOUT, b"RGCLOCK1", 1, 0, start_ms, start_ms).ljust(4096, b"\0"))
        with self.path.open("r+b") as file:
            self.page = mmap.mmap(file.fileno(), 4096)

    def set(self, ms):
        assert ms >= self.now, "time only grows"
        self.now = ms
        self.page[24:32] = struct.pack("=q", ms)
        self.page[16:24] = struct.pack("=q", ms)

    def settle(self, timeout=PATIENCE_S):
        """Everything published so far is read, folded, decided and delivered, as of a millisecond later; what tests play
        around the daemon (receipts, the system that suspends) has answered too. Returns the last status."""
        while True:
            self.set(self.now + 1)
            self.world.redis.ask("HSET", "regua:{all}:fresh", "want", self.now)
            status = self._until_rest(timeout)
            if not any([reaction() for reaction in self.world.reactions]):
                return status

    def _until_rest(self, timeout):
        deadline = time.monotonic() + timeout
        resting, status = 0, None
        while resting < 2:
            self.world.check_alive()
            with contextlib.suppress(OSError, http.client.HTTPException):
                status = self.world.status()
            rest = status is not None and status["at_rest"] and status["now_ms"] >= self.now
            resting = resting + 1 if rest else 0
            if time.monotonic() > deadline:
                raise AssertionError(
                    f"not at rest at {instant(self.now)} after {timeout} s:\n{json.dumps(status, indent=1)}\n"
                    + self.world.log_tail()
                )
            if resting < 2:
                time.sleep(0.01)
        return status

    def advance_to(self, target_ms, stride_ms=1800_000):
        """Through all instants at which something is due, at least `stride_ms` apart: late is allowed, early never."""
        while True:
            due = self.settle().get("next_due_ms")
            if due is None or due > target_ms:
                break
            self.set(min(max(due, self.now + stride_ms), target_ms))
            if self.now == target_ms:
                break
        self.set(max(self.now, target_ms))
        return self.settle()

    def play(self, schedule, until_ms=None, stride_ms=7200_000):
        """[(instant, call), …]: each call is made when the clock has come to its instant and everything was at rest. Schedules
        are long: every debtor is looked at each day, and not for each of these the world has to come to rest."""
        for when, call in sorted(schedule, key=lambda entry: entry[0]):
            self.advance_to(when, stride_ms)
            call()
        if until_ms is not None:
            self.advance_to(until_ms, stride_ms)


class Receipts:
    """Plays the providers' delivery receipts: for each delivery that the ledger tells of, what `answer(outcome)` says (a list of
    provider facts) comes back as delivery.receipt events on a source topic."""

    def __init__(self, world, answer):
        self.world = world
        self.answer = answer
        self.topic = Topic(world.kafka.bootstrap, world.topic("ledger"))
        world.readers["receipts"] = self.topic
        world.reactions.append(self)

    def __call__(self):
        sent = False
        for record in self.topic.read():
            outcome = record.json if record.kind == "outcome" else {}
            if outcome.get("verdict") != "accepted" or outcome.get("channel") == "signals":
                continue
            for status in self.answer(outcome):
                self.world.event("delivery.receipt", action=outcome["action"], status=status, flush=False)
                sent = True
        self.world.flush()
        return sent


class Switchboard:
    """Plays the system that suspends and restores services: confirms each signal."""

    TYPES = {"regua.service.suspend_requested": "service.suspended", "regua.service.restore_requested": "service.restored"}

    def __init__(self, world):
        self.world = world
        self.topic = Topic(world.kafka.bootstrap, world.topic("signals"))
        world.readers["switchboard"] = self.topic
        world.reactions.append(self)

    def __call__(self):
        sent = False
        for record in self.topic.read():
            signal = record.json
            self.world.event(self.TYPES[signal["type"]], debtor=record.key.decode(), flush=False)
            sent = True
        self.world.flush()
        return sent
