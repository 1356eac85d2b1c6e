"""A TCP proxy in front of Redis that can hide that Redis was gone.

    with Proxy("/run/redis.sock") as proxy:
        use(f"redis://127.0.0.1:{proxy.port}/0")
        proxy.hold()        # every connection comes to rest between two requests, and what clients send then waits here
        ...                 # Redis is killed, loses its tail, is started again
        proxy.release()     # the same client connections go on, each over a new one to Redis

It reads both directions as RESP, so that a connection is only ever held where nothing is under way: no reply is awaited, no
transaction is open, no WATCH is armed. One that does not come to such a place is cut, for a proxy that keeps it would hide a
lost WATCH, and that no real one can do and be believed.
"""
import asyncio
import contextlib
import threading

REST_S = 2.0  # time to come to rest
READ_BYTES = 1 << 16


class Framing:
    """Counts whole RESP values in a stream of bytes; `words` sees the first word of each that is an array."""

    def __init__(self, words=None):
        self.rest = b""
        self.left = [1]  # values still to come, by depth; the outermost is always one
        self.words = words
        self.first = False
        self.whole = 0

    @property
    def between(self):
        return not self.rest and len(self.left) == 1

    def feed(self, data):
        data, at = self.rest + data, 0
        while True:
            end = data.find(b"\r\n", at)
            if end < 0:
                break
            kind, number = data[at : at + 1], data[at + 1 : end]
            after = end + 2
            if kind == b"*" and int(number) > 0:
                self.left.append(int(number))
                self.first = len(self.left) == 2
                at = after
                continue
            if kind == b"$" and int(number) >= 0:
                if len(data) < after + int(number) + 2:
                    break
                if self.first and self.words is not None:
                    self.words(data[after : after + int(number)].upper())
                after += int(number) + 2
            self.first = False
            at = after
            self._value()
        self.rest = data[at:]

    def _value(self):
        while len(self.left) > 1:
            self.left[-1] -= 1
            if self.left[-1] > 0:
                return
            self.left.pop()
        self.whole += 1


class Link:
    """One client's connection, and the one to Redis that serves it now."""

    def __init__(self, proxy, reader, writer):
        self.proxy = proxy
        self.client_reader, self.client_writer = reader, writer
        self.asked, self.answered = Framing(self._word), Framing()
        self.multi = self.watching = False
        self.server_writer = None
        self.pump = None

    def _word(self, word):
        if word == b"MULTI":
            self.multi = True
        elif word == b"WATCH":
            self.watching = True
        elif word in (b"EXEC", b"DISCARD", b"UNWATCH"):
            self.multi = self.watching = False

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
                self.client_writer.write(data)
                await self.client_writer.drain()
                self.proxy.moved.set()
        if not self.proxy.holding:
            self.cut()

    async def serve(self):
        try:
            await self.connect()
            while data := await self.client_reader.read(READ_BYTES):
                while self.proxy.holding and self.at_rest:
                    await self.proxy.released.wait()
                self.asked.feed(data)
                self.server_writer.write(data)
                await self.server_writer.drain()
        except OSError:
            pass
        finally:
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

    def close(self):
        async def end():
            for link in list(self.links):
                link.cut()

        self._call(end())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()
