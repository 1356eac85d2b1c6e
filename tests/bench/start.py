"""How long reguad takes from exec to READY=1, and what an idle one costs, with 64 shards on a real Kafka and Redis.

The topics are there already, as on every start but the first.
"""
import os
import pathlib
import sys
import time

sys.path[:0] = [str(pathlib.Path(__file__).resolve().parents[1] / "e2e")]
from regua_e2e import SHARDS, World  # noqa: E402 (the path is known only now)
from report import Bench, memory_mib  # noqa: E402

READY_MS = 300
IDLE_MIB = 64
PATIENCE_S = 60


def cpu_s(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def start(world):
    """Seconds until it said READY=1."""
    began = time.monotonic()
    world.start(ready=False)
    while time.monotonic() < began + PATIENCE_S:
        for at, text in list(world.notified.heard):
            if "READY=1" in text:
                return at - began
        time.sleep(0.005)
    raise AssertionError(f"not ready after {PATIENCE_S} s:\n{world.log_tail()}")


def idle(world, seconds):
    before = cpu_s(world.process.pid)
    time.sleep(seconds)
    rss, pss = memory_mib(world.process.pid)
    return rss, pss, (cpu_s(world.process.pid) - before) / seconds


def main():
    bench = Bench("start", "exec to READY=1, and what an idle process costs", {
        "starts": (7, "starts measured"), "shards": (64, "partitions of the ledger"), "idle": (10, "seconds of idleness")})
    ready = bench.figure("exec to READY=1", "ms", at_most=READY_MS)
    answering = bench.figure("exec to every shard running", "ms")
    memory = bench.figure("memory of an idle process, RSS", "MiB", at_most=IDLE_MIB)
    own = bench.figure("… of which its own, PSS", "MiB")
    busy = bench.figure("one core's share, idle", "%")
    bench.progress("starting Apache Kafka")
    with World(site=lambda text: text.replace(f"shards: {SHARDS}\n", f"shards: {bench.options.shards}\n")) as world:
        bench.progress("first start, which makes the topics")
        start(world)
        world.wait_ready()
        for turn in range(bench.options.starts):
            world.stop()
            bench.progress("starting", turn, bench.options.starts)
            began = time.monotonic()
            ready.add(start(world) * 1000)
            world.wait_ready()
            answering.add((time.monotonic() - began) * 1000)
        bench.progress("idle")
        rss, pss, share = idle(world, bench.options.idle)
        memory.add(rss)
        own.add(pss)
        busy.add(share * 100)
    bench.report()


if __name__ == "__main__":
    main()
