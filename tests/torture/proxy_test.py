#!/usr/bin/python3
"""The proxy before Redis: whatever goes through it comes out as it went in, however it was cut into writes; and a transaction that
is caught reaches Redis right after the next one of its shard."""
import pathlib
import random
import socket
import sys
import tempfile
import threading

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))
import servers  # noqa: E402 (the path is known only now)
from proxy import Framing, Proxy  # noqa: E402

PATIENCE_S = 10
ACT, POS = "regua:{2}:act", "regua:{2}:pos"
DECIDE = (
    ("MULTI",),
    ("MSET", "regua:{2}:d:d1", "x" * 70000, "regua:{2}:i:F1", "EXEC"),
    *(("HSET", ACT, action, "q") for action in "acdef"),
    ("EXEC",),
)
CLAIM = (("MULTI",), *(("HSET", ACT, action, "w:1:1") for action in "bghij"), ("HSET", ACT, "k", "q"), ("EXEC",))
KEEP = (("MULTI",), ("HSET", POS, "b", "1"), ("EXEC",))
READ = (("MULTI",), ("HMGET", ACT, "a", "b"), ("EXEC",))


def wire(*commands):
    return b"".join(
        b"*%d\r\n" % len(command) + b"".join(b"$%d\r\n%s\r\n" % (len(word), word.encode()) for word in command) for command in commands
    )


class Client:
    def __init__(self, proxy):
        self.socket = socket.create_connection(("127.0.0.1", proxy.port), PATIENCE_S)
        self.answers = Framing()

    def close(self):
        self.socket.close()

    def say(self, data, cut=None):
        for at in range(0, len(data), cut or len(data)):
            self.socket.sendall(data[at : at + (cut or len(data))])

    def hear(self, count):
        """So many answers, as they were written."""
        heard = []
        while len(heard) < count:
            data = self.socket.recv(1 << 16)
            assert data, "the proxy has hung up"
            heard += [raw for _, raw in self.answers.feed(data)]
        return heard

    def ask(self, *commands, cut=None):
        self.say(wire(*commands), cut)
        return self.hear(len(commands))


def test_framing():
    values = [b"+OK\r\n", b":12\r\n", b"$-1\r\n", b"*-1\r\n", b"*0\r\n", b"$0\r\n\r\n", b"$5\r\n\r\n\r\n!\r\n",
              b"*2\r\n*2\r\n:1\r\n$1\r\na\r\n*0\r\n", b"*1\r\n*1\r\n*1\r\n-ERR\r\n", wire(("GET", "MULTI"))]
    data, dice = b"".join(values), random.Random(1)
    for _ in range(300):
        framing, found, at = Framing(), [], 0
        while at < len(data):
            size = dice.randint(1, 9)
            found += [raw for _, raw in framing.feed(data[at : at + size])]
            at += size
        assert found == values and framing.between and framing.whole == len(values)


def test_passes(proxy, redis):
    """Also while one is looked for, and once only."""
    client, found = Client(proxy), []
    watcher = threading.Thread(target=lambda: found.append(proxy.catch(1)))
    watcher.start()
    for cut in (None, 1, 7, 4096):
        before = len(redis.ask("LRANGE", "list", "0", "-1"))
        answers = client.ask(("PING",), ("WATCH", "regua:{2}:own"), *KEEP, ("RPUSH", "list", "x"), *READ, cut=cut)
        assert [answers[0], answers[4], answers[5]] == [b"+PONG\r\n", b"*1\r\n:%d\r\n" % (before == 0), b":%d\r\n" % (before + 1)], answers
        assert answers[8] == b"*1\r\n*2\r\n$-1\r\n$-1\r\n", answers
    for command, answer in zip((*KEEP, *READ), (b"+OK", b"+QUEUED", b"*1", b"+OK", b"+QUEUED", b"*1")):
        assert client.ask(command)[0].startswith(answer), "somebody waits for each answer"
    watcher.join()
    assert found == [None]
    assert client.ask(("PING",), *DECIDE)[0] == b"+PONG\r\n", "nobody looks any more"
    assert redis.ask("HGET", ACT, "a") == b"q"
    client.close()


def test_catches(proxy, redis, cut, others):
    """`others`: how much of other talk stands before and behind it in the same write."""
    redis.ask("FLUSHALL")
    client, found = Client(proxy), []
    watcher = threading.Thread(target=lambda: found.append(proxy.catch(PATIENCE_S)))
    watcher.start()
    while not proxy.catching:
        pass
    client.say(wire(*[("PING",)] * others, *KEEP, *CLAIM, *DECIDE, *[("SET", "behind", "1")] * others), cut)
    watcher.join()
    assert found == [2]
    client.close()
    assert redis.ask("HGET", ACT, "a") is None and redis.ask("GET", "behind") is None
    assert redis.ask("HGET", ACT, "b") == b"w:1:1", "a claim decides nothing"
    late, met = Client(proxy), []
    speaker = threading.Thread(target=lambda: met.append(proxy.let_go_after_one(PATIENCE_S)))
    speaker.start()
    while not proxy.waiting:
        pass
    late.ask(*READ, ("HSET", "regua:{1}:pos", "b", "1"), *(("MULTI",), ("HSET", "regua:{1}:pos", "b", "2"), ("EXEC",)))
    assert redis.ask("HGET", ACT, "a") is None, "neither one that reads nor one of another shard"
    late.ask(*KEEP)
    assert redis.ask("HGET", ACT, "a") == b"q", "before its client hears of the other"
    speaker.join()
    assert met == [True]
    late.close()


def test_meets_nobody(proxy, redis):
    redis.ask("FLUSHALL")
    client = Client(proxy)
    threading.Timer(0.2, client.say, (wire(*DECIDE),)).start()
    assert proxy.catch(PATIENCE_S) == 2
    assert proxy.let_go_after_one(0.1) is False
    assert redis.ask("HGET", ACT, "a") == b"q"
    client.close()


def main():
    test_framing()
    with tempfile.TemporaryDirectory(prefix="regua-proxy-") as folder:
        redis = servers.Redis(folder)
        try:
            with Proxy(redis.socket) as proxy:
                test_passes(proxy, redis)
                for cut in (None, 1, 4096):
                    for others in (0, 3):
                        test_catches(proxy, redis, cut, others)
                test_meets_nobody(proxy, redis)
        finally:
            redis.stop()


if __name__ == "__main__":
    main()
