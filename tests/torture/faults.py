"""What is done to a run while its crowd is under way. A fault is a class with `strike`; what it needs is made in `prepare`.

Acts follow each other with a pause in which the daemon has to get somewhere. Each act ends with everything running again. A fault
that in none of its acts did what it is there for has proved nothing: the run fails.
"""
import collections
import json
import os
import subprocess
import threading
import time

import confluent_kafka

import servers
from proxy import Proxy

# name of a crash point → about how often a process passes it in its first seconds under load
POINTS = {
    "before-decided": 2000,
    "after-decided": 2000,
    "decided-before-action": 2000,
    "action-in-outbox": 2000,
    "before-exec": 200,
    "exec-unanswered": 200,
    "after-exec": 200,
    "stored-before-claim": 1000,
    "claimed-before-fold": 1000,
    "before-first-byte": 1000,
    "before-restore": 8,
    "accepted-before-outcome": 1000,
    "outcome-before-commit": 6,
    "ingest-before-commit": 3,
    "merge-in-outbox": 1000,
    "forward-in-outbox": 30,
}
POINT_WAIT_S = 12  # a process that has not come past its point by then is killed where it stands
SESSION_S = 2
CLAIM_S = 10
SHARDS = 4  # of the installation
REST_S = (0.5, 2.0)  # between two acts


def crash_build():
    """The build with crash points; a mutant is one throughout."""
    return os.environ.get("RG_REGUAD") or servers.program("reguad", servers.ROOT / "build" / "torture")


class Kill:
    """SIGKILL: at a random instant, or at a crash point, for which the process has to be started. Which one comes next decides
    how the process starts again, so kills that follow each other cost one start each."""

    def __init__(self, run, point=None):
        self.run = run
        self.point = point
        self.nth = max(1, int(POINTS[point] * run.dice.random() ** 2)) if point else 0
        self.early = run.dice.random() < 0.2  # while it starts, folds or waits for its shards
        self.after_s = run.dice.uniform(0.1, 3.0) if self.early else run.dice.uniform(0, 2.0)

    def start(self):
        if self.point is None:
            self.run.world.start(ready=False)
        else:
            self.run.world.start(ready=False, program=crash_build(), REGUA_CRASH_AT=f"{self.point}:{self.nth}")

    def strike(self, following):
        """`following`: the act after this one."""
        world, hit = self.run.world, False
        if self.point and world.environment.get("REGUA_CRASH_AT") is None:
            self.note(None)
            self.start()
        try:
            if self.point is None and not self.early:
                world.wait_ready()
            world.process.wait(POINT_WAIT_S if self.point else self.after_s)
            hit = self.point is not None and world.process.returncode == -9
            assert hit, f"reguad ended by itself with {world.process.returncode}:\n{world.log_tail()}"
        except subprocess.TimeoutExpired:
            pass
        self.note(self.point if hit else None)
        (following if isinstance(following, Kill) else Kill(self.run)).start()

    def note(self, point):
        self.run.world.kill()
        self.run.struck.add("kill")
        self.run.kills.append({"point": point, "nth": self.nth if point else 0, "ends": self.run.ends()})


class Fault:
    """One that leaves the first process alive, or starts it again as it was."""

    def __init__(self, run):
        self.run = run
        self.dice = run.dice

    kind = ""

    def strike(self, _following):
        self.run.ready()
        if self.act():
            self.run.struck.add(self.kind)

    def act(self):
        """Whether it did what it is there for."""
        raise NotImplementedError

    def note(self, text):
        self.run.notes.append(text)

    def owners(self):
        """Of each shard who has it, and how many batches were made."""
        redis = self.run.world.redis
        return [
            (redis.ask("GET", f"regua:{{{shard}}}:own"), int(redis.ask("HGET", f"regua:{{{shard}}}:pos", "b") or 0))
            for shard in range(SHARDS)
        ]


class Term(Fault):
    """Ends it as systemd does, and starts it again: what was claimed and not begun is given back."""

    def act(self):
        daemon = self.dice.choice(self.run.daemons)
        daemon.stop()
        daemon.start(ready=False)
        self.note("ended in peace")
        return True


class Pause(Fault):
    """A process stands still for longer than its session, so that the other one takes over, and then goes on."""

    def act(self):
        daemon = self.dice.choice(self.run.daemons)
        long = self.dice.random() < 0.3  # longer than its claims are good for
        still_s = self.dice.uniform(CLAIM_S + 0.5, CLAIM_S + 3) if long else self.dice.uniform(SESSION_S + 0.5, SESSION_S + 3)
        daemon.pause()
        before = self.owners()
        time.sleep(still_s)
        taken = sum(owner != was for (owner, _), (was, _) in zip(self.owners(), before))
        daemon.resume()
        self.note(f"paused {still_s:.1f} s, {taken} shards were taken over")
        return taken > 0


class Stop(Fault):
    """As Pause, and it stands still at a crash point: for its session, or for longer than its claims are good for; before a
    transaction until the other process has taken the shard over and made one of its own, for then both have the same number."""

    def act(self):
        world = self.run.world
        wanted = self.run.options.stop or list(POINTS)
        point = wanted[len(self.run.notes) % len(wanted)]
        nth = max(1, int(POINTS[point] * self.dice.random() ** 2))
        world.stop()
        world.start(ready=False, program=crash_build(), REGUA_STOP_AT=f"{point}:{nth}")
        deadline = time.monotonic() + POINT_WAIT_S
        while not world.is_stopped() and time.monotonic() < deadline:
            time.sleep(0.01)
        if not world.is_stopped():
            self.note(f"did not come to {point}")
            return False
        began = time.monotonic()
        if point == "before-exec":
            self.wait_for_one_batch()
        elif self.dice.random() < 0.3:
            time.sleep(self.dice.uniform(CLAIM_S + 0.5, CLAIM_S + 3))
        else:
            time.sleep(self.dice.uniform(SESSION_S + 1, SESSION_S + 3))
        world.resume()
        self.note(f"stopped at {point} for {time.monotonic() - began:.1f} s")
        return True

    def wait_for_one_batch(self):
        """Whose transaction is held up nobody knows: it is one of those that change hands."""
        before, changed = self.owners(), set()
        wanted = self.dice.choice((1, 2))
        deadline = time.monotonic() + 3 * SESSION_S
        while len(changed) < wanted and time.monotonic() < deadline:
            for shard, (owner, batch) in enumerate(self.owners()):
                if owner != before[shard][0] and batch > before[shard][1]:
                    changed.add(shard)


class Broker(Fault):
    """The only broker is killed; nothing of its log is lost, for the machine lives."""

    def act(self):
        kafka = self.run.world.kafka.own
        kafka.kill(0)
        down_s = self.dice.uniform(0, 3)
        time.sleep(down_s)
        kafka.revive(0)
        self.note(f"broker down {down_s:.1f} s")
        return True


class RedisKilled(Fault):
    def act(self):
        down_s = self.dice.uniform(0, 2)
        self.run.world.redis.kill()
        time.sleep(down_s)
        self.run.world.redis.start()
        self.note(f"redis down {down_s:.1f} s")
        return True


class Tail(Fault):
    """Redis is killed and its last seconds are gone."""

    def act(self):
        redis, began = self.run.world.redis, time.monotonic()
        redis.kill()
        lost_bytes, text = self.cut(redis, began)
        redis.start()
        self.note(text)
        return lost_bytes > 0

    def cut(self, redis, began):
        """Forgets some of what was written before that instant, and all after it: how many bytes. What is older than the stream
        stays: who is looked at for the first time once more is not cut before tomorrow, nor told that he will be."""
        lost_s = min(self.dice.uniform(0.1, 3), began - self.run.crowd.began)
        before = [size for instant, size in self.run.sizes if instant <= began - lost_s]
        whole = redis.log_file.stat().st_size
        left = before[-1] if before else whole
        redis.cut(left)
        return whole - left, f"redis lost {lost_s:.1f} s, {(whole - left) >> 10} KiB"


class HiddenTail(Tail):
    """The same, and those connections that were at rest do not notice: a proxy keeps them."""

    def act(self):
        redis, began = self.run.world.redis, time.monotonic()
        kept, cut = self.run.proxy.hold()
        redis.kill()
        lost_bytes, text = self.cut(redis, began)
        redis.start()
        self.run.proxy.release()
        self.note(f"{text}, unnoticed by {kept} of {kept + cut} connections")
        return lost_bytes > 0 and kept > 0


class LateExec(Fault):
    """The last transaction of a process that is killed is still on its way, and reaches Redis when the next owner of the shard has
    made one, which has the same number."""

    def act(self):
        world, proxy = self.run.world, self.run.proxy
        shard = proxy.catch(POINT_WAIT_S)
        if shard is None:
            self.note("no transaction came")
            return False
        world.kill()
        world.start(ready=False)
        met = proxy.let_go_after_one(4 * SESSION_S)
        self.note(f"a transaction of shard {shard} came late" + ("" if met else ", and met nobody"))
        return met


class Late(Fault):
    """Words of processes long gone arrive now: for some seconds, behind claims just made, `released` and `uncertain` that name
    other claims than the one that stands, and decisions and outcomes once more."""

    SECONDS, SHARE = 3, 0.1

    def act(self):
        until, said = time.monotonic() + self.SECONDS, 0
        earlier = {"claim": collections.deque(maxlen=1000), "decided": collections.deque(maxlen=1000), "outcome": collections.deque(maxlen=1000)}
        consumer = self.consumer()
        while time.monotonic() < until:
            for message in consumer.consume(200, 0.05):
                kind = dict(message.headers() or []).get("regua_kind", b"").decode() if message.error() is None else ""
                if kind not in earlier:
                    continue
                if earlier[kind] and self.dice.random() < self.SHARE:
                    self.say(kind, message, self.dice.choice(earlier[kind]))
                    said += 1
                earlier[kind].append((message.partition(), message.value()))
            self.run.world.producer.poll(0)
        consumer.close()
        self.run.world.flush()
        self.note(f"{said} late words")
        return said > 0

    def consumer(self):
        world = self.run.world
        consumer = confluent_kafka.Consumer({"bootstrap.servers": world.kafka.bootstrap, "group.id": f"{world.prefix}-late", "fetch.wait.max.ms": 5, "log_level": 0})
        consumer.assign(
            [confluent_kafka.TopicPartition(world.topic("ledger"), shard, end) for shard, end in self.run.ends(settled=False).items()]
        )
        return consumer

    def say(self, kind, message, other):
        if kind != "claim":
            self.publish(kind, *other)
            return
        verdict = self.dice.choice(("released", "uncertain"))
        self.publish("outcome", message.partition(), misnamed(json.loads(message.value()), json.loads(other[1])["claim"], verdict))

    def publish(self, kind, partition, value):
        debtor = json.loads(value)["debtor"]
        self.run.world.publish("ledger", value, debtor, [("regua_kind", kind)], partition=partition, flush=False)


def misnamed(claim, other, verdict):
    """An outcome of that claim's action, which names another claim."""
    outcome = {
        "v": 1,
        "action": claim["action"],
        "claim": other,
        "claim_offset": 0,
        "debtor": claim["debtor"],
        "step": "late",
        "channel": "late",
        "verdict": verdict,
        "at_ms": claim["at_ms"],
    }
    return json.dumps(outcome)


class LateRelease(Fault):
    """It is killed, and before it is started again somebody long gone gives back what it had in its hands, naming each time the claim
    of somebody else: what may have been delivered already is nobody's to deliver anew."""

    def act(self):
        world = self.run.world
        time.sleep(self.dice.uniform(0, 2.0))
        world.kill()
        self.run.ends()  # what it had on its way has got there
        ledger = world.read("ledger")
        claims = {record.json["claim"]: record for record in ledger if record.kind == "claim"}
        ended = {(record.json["action"], record.json.get("claim")) for record in ledger if record.kind == "outcome"}
        stand = [claim for claim, record in claims.items() if (record.json["action"], claim) not in ended]
        for claim in stand:
            record, other = claims[claim], self.dice.choice(list(claims))
            if other == claim:
                continue
            value = misnamed(record.json, other, "released")
            world.publish("ledger", value, record.key, [("regua_kind", "outcome")], partition=record.partition, flush=False)
        world.flush()
        world.start(ready=False)
        self.note(f"{len(stand)} claims of a process that was killed were given back by others")
        return len(stand) > 0


KINDS = {
    "kill": Kill,
    "pause": Pause,
    "stop": Stop,
    "broker": Broker,
    "redis": RedisKilled,
    "tail": Tail,
    "hidden-tail": HiddenTail,
    "late-exec": LateExec,
    "term": Term,
    "late": Late,
    "late-release": LateRelease,
}
# How long an act lasts.
SECONDS = {
    "kill": 4.5,
    "pause": 8,
    "stop": 10,
    "broker": 10,
    "redis": 3.5,
    "tail": 3.5,
    "hidden-tail": 4.5,
    "late-exec": 6,
    "term": 4,
    "late": 4,
    "late-release": 5.5,
}
TWO_PROCESSES = {"pause", "stop"}
PROXIED = {"hidden-tail", "late-exec"}
OWN_KAFKA = {"broker"}


def watch_log(run):
    """Notes how Redis's file grows, for those who cut off its last seconds."""

    def look():
        while not run.over.wait(0.02):
            try:
                run.sizes.append((time.monotonic(), run.world.redis.log_file.stat().st_size))
            except (OSError, ValueError):
                pass

    run.sizes = collections.deque(maxlen=500)
    threading.Thread(target=look, daemon=True).start()


def lasts_s(kinds, acts):
    return sum(SECONDS[kinds[number % len(kinds)]] for number in range(acts))


def plan(run):
    """As many acts as there are to be, by turns of the kinds."""
    acts, points = [], list(run.options.point)
    for number in range(run.options.acts):
        kind = run.kinds[number % len(run.kinds)]
        if kind != "kill":
            acts.append(KINDS[kind](run))
            acts[-1].kind = kind
        elif points and (number > 0 or len(run.kinds) > 1):
            acts.append(Kill(run, points.pop(0)))
        else:
            acts.append(Kill(run))
    return acts


def torment(run):
    """The first process is already there, started by the shipped binary; whoever runs in the end is left to finish its work."""
    run.world.wait(lambda: run.world.inbox.entries("?limit=1&short=1"), "messages are under way")
    acts = plan(run)
    for act, following in zip(acts, [*acts[1:], None]):
        act.strike(following)
        if not isinstance(following, Kill):
            time.sleep(run.dice.uniform(*REST_S))
    run.ready()
