"""A TCP proxy in front of Redis that can hide that Redis was gone.

    with Proxy("/run/redis.sock") as proxy:
        use(f"redis://127.0.0.1:{proxy.port}/0")
        proxy.hold()        # every connection comes to rest between two requests, and what clients send then waits here
        ...                 # Redis is killed, loses its tail, is started again
        proxy.release()     # the same client connections go on, each over a new one to Redis

        shard = proxy.catch(5)    # the next transaction that queues some actions does not get its EXEC; None: there was none
        ...                       # its client is killed
        proxy.let_go_after_one(9) # it reaches Redis right after the next transaction of that shard, before anything else does

It reads both directions as RESP, so that a connection is only ever held where nothing is under way: no reply is awaited, no
transaction is open, no WATCH is armed. One that does not come to such a place is cut, for a proxy that keeps it would hide a
lost WATCH, and that no real one can do and be believed. An EXEC held back is what a network may do to the last words of a process
that is gone. Everything else passes as soon as it is a whole command, for a client may wait for the answer before it goes on.
"""
import asyncio
import contextlib
import re
import threading

REST_S = 2.0  # time to come to rest
READ_BYTES = 1 << 16


SHARD = re.compile(rb"\{(\d+)\}")
EXEC = b"*1\r\n$4\r\nEXEC\r\n"
WORDS_MAX = 4  # of a command, to be looked at
QUEUED = b"q"  # what :act says of an action that nobody has claimed
SOME = 5  # one alone may follow from a record of the ledger, and whoever has the shard next finds it there again


class Framing:
    """Cuts a stream of bytes into whole RESP values, however it was cut into writes."""

    def __init__(self):
        self.rest = b""
        self.left = [1]  # values still to come, by depth; the outermost is always one
        self.words = []  # the first of the value that is under way
        self.bytes = []  # and as much of it as there is
        self.whole = 0

    @property
    def between(self):
        return not self.rest and not self.bytes

    def feed(self, data):
        """Those that are whole now: the first words of each, and its bytes."""
        data, at, values = self.rest + data, 0, []
        while (end := data.find(b"\r\n", at)) >= 0:
            kind, number, after = data[at : at + 1], data[at + 1 : end], end + 2
            if kind == b"$" and int(number) >= 0:
                if len(data) < after + int(number) + 2:
                    break
                if len(self.words) < WORDS_MAX:
                    self.words.append(data[after : after + int(number)])
                after += int(number) + 2
            self.bytes.append(data[at:after])
            at = after
            if kind == b"*" and int(number) > 0:
                self.left.append(int(number))
            elif self._ends():
                values.append((self.words, b"".join(self.bytes)))
                self.words, self.bytes = [], []
                self.whole += 1
        self.rest = data[at:]
        return values

    def _ends(self):
        """One value has come: whether the outermost is whole with it."""
        while len(self.left) > 1:
            self.left[-1] -= 1
            if self.left[-1] > 0:
                return False
            self.left.pop()
        return True


class Link:
    """One client's connection, and the one to Redis that serves it now."""

    def __init__(self, proxy, reader, writer):
        self.proxy = proxy
        self.client_reader, self.client_writer = reader, writer
        self.asked, self.answered = Framing(), Framing()
        self.multi = self.watching = False
        self.shard = None  # of the transaction that is open, or was the last
        self.writes = False  # whether it changes anything
        self.queues = 0  # how many actions it queues
        self.exec_at = 0  # which of our requests it ended with; 0: it is open, or there was none
        self.server_writer = None
        self.pump = None
        self.lost = False  # its transaction was caught

    def _command(self, word=b"", key=b"", _field=b"", value=b""):
        word, named = word.upper(), SHARD.search(key)
        if word == b"MULTI":
            self.multi, self.shard, self.exec_at = True, None, 0
            self.writes, self.queues = False, 0
        elif word == b"WATCH":
            self.watching = True
        elif word == b"UNWATCH":
            self.watching = False
        elif word in (b"EXEC", b"DISCARD"):
            self.multi = self.watching = False
            self.writes = self.writes and word == b"EXEC"
        elif self.multi and named:
            self.shard, self.writes = int(named[1]), self.writes or not word.endswith(b"GET")
            self.queues += word == b"HSET" and key.endswith(b":act") and value == QUEUED

    def _ask(self, data):
        """What of it is to be sent on."""
        before, ready = self.asked.whole, []
        for number, (words, raw) in enumerate(self.asked.feed(data), before + 1):
            was_open = self.multi
            self._command(*words)
            if was_open and not self.multi:
                self.exec_at = number
                if self.proxy.caught(self):
                    break
            ready.append(raw)
        return b"".join(ready)

    @property
    def at_rest(self):
        quiet = self.asked.between and self.answered.between and self.asked.whole == self.answered.whole
        return quiet and not self.multi and not self.watching

    async def connect(self):
        reader, self.server_writer = await asyncio.open_unix_connection(self.proxy.upstream)
        self.pump = asyncio.create_task(self._down(reader))

    async def _down(self, reader):
        """Until Redis goes away: hidden while we hold, else the client hears of it."""
        with contextlib.suppress(OSError):
            while data := await reader.read(READ_BYTES):
                self.answered.feed(data)
                await self.proxy.answered(self)
                if self.lost:
                    continue
                self.client_writer.write(data)
                await self.client_writer.drain()
                self.proxy.moved.set()
        if not self.proxy.holding or self.lost:
            self.cut()

    async def serve(self):
        try:
            await self.connect()
            while data := await self.client_reader.read(READ_BYTES):
                while self.proxy.holding and self.at_rest:
                    await self.proxy.released.wait()
                self.server_writer.write(self._ask(data))
                await self.server_writer.drain()
                if self.lost:
                    return  # the client is left without an answer, and its last word is the proxy's now
        except OSError:
            pass
        finally:
            if not self.lost:
                self.cut()
            self.proxy.links.discard(self)

    def cut(self):
        for writer in (self.client_writer, self.server_writer):
            if writer is not None:
                writer.close()


class Proxy:
    def __init__(self, upstream):
        self.upstream = str(upstream)
        self.links = set()
        self.holding = False
        self.catching = False
        self.speaker = None  # the link whose transaction was caught
        self.waiting = False  # for the next transaction of that shard
        self.port = None
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.thread.start()
        self._call(self._open())

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def _call(self, work):
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(30)

    async def _open(self):
        self.moved, self.released = asyncio.Event(), asyncio.Event()
        self.has_caught, self.has_let_go = asyncio.Event(), asyncio.Event()
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]

    async def _serve(self, reader, writer):
        link = Link(self, reader, writer)
        self.links.add(link)
        await link.serve()

    def hold(self):
        """How many connections stand still and will not notice anything, and how many others were cut."""
        return self._call(self._hold())

    async def _hold(self):
        self.released.clear()
        self.holding = True
        deadline = self.loop.time() + REST_S
        while not all(link.at_rest for link in self.links) and self.loop.time() < deadline:
            self.moved.clear()
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self.moved.wait(), 0.05)
        restless = [link for link in self.links if not link.at_rest]
        for link in restless:
            self.links.discard(link)
            link.cut()
        return len(self.links), len(restless)

    def release(self):
        self._call(self._release())

    async def _release(self):
        for link in list(self.links):
            link.server_writer.close()
            await link.pump
            await link.connect()
        self.holding = False
        self.released.set()

    # ---- a transaction that comes late ----

    def catch(self, wait_s):
        """Its shard."""
        return self._call(self._catch(wait_s))

    async def _catch(self, wait_s):
        self.has_caught.clear()
        self.catching, self.speaker = True, None
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(self.has_caught.wait(), wait_s)
        self.catching = False
        return self.speaker.shard if self.speaker is not None else None

    def caught(self, link):
        """Whether the word that would end the transaction of a link stays here."""
        if not self.catching or link.queues < SOME:
            return False
        self.catching, self.speaker = False, link
        link.lost = True
        self.has_caught.set()
        return True

    def let_go_after_one(self, wait_s):
        """True when another has made one meanwhile; else it is let go all the same."""
        return self._call(self._let_go(wait_s))

    async def _let_go(self, wait_s):
        self.has_let_go.clear()
        self.waiting = True
        try:
            await asyncio.wait_for(self.has_let_go.wait(), wait_s)
            return True
        except asyncio.TimeoutError:
            self.waiting = False
            await self._speak()
            return False

    async def _speak(self):
        with contextlib.suppress(OSError):
            answers = self.speaker.exec_at
            self.speaker.server_writer.write(EXEC)
            await self.speaker.server_writer.drain()
            while self.speaker.answered.whole < answers and not self.speaker.pump.done():
                await asyncio.sleep(0.001)
        self.speaker.cut()

    async def answered(self, link):
        """Before the answer to a transaction of that shard reaches its client."""
        done = self.waiting and link is not self.speaker and link.shard == self.speaker.shard and link.writes
        if done and 0 < link.exec_at <= link.answered.whole:
            self.waiting = False
            await self._speak()
            self.has_let_go.set()

    def close(self):
        async def end():
            for link in list(self.links):
                link.cut()

        self._call(end())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()
