"""A TCP relay that can be cut or hang, or be as slow as a poor link, for benches and tests."""

import asyncio
import contextlib
from dataclasses import dataclass
from typing import Any, Self

CHUNK = 65_536  # bytes read at once
WAITS = 512  # chunks in the queue of one direction; then the sender is held back


@dataclass(frozen=True, slots=True)
class Slowness:
    """Of each direction. rate: bytes per second. delay_s: from one end to the other."""

    rate: float
    delay_s: float


class Relay:
    """Pass bytes both ways between its own port and a server's, until told otherwise."""

    def __init__(self, target: int, slowness: Slowness | None = None) -> None:
        self.target = target
        self.slowness = slowness
        self.passes = asyncio.Event()
        self.passes.set()
        self.server: asyncio.Server | None = None
        self.tasks: set[asyncio.Task[None]] = set()
        self.writers: set[asyncio.StreamWriter] = set()

    async def __aenter__(self) -> Self:
        self.port = 0
        await self.heal()
        return self

    async def __aexit__(self, *_error: Any) -> None:
        await self.cut()

    def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.start(self.join(reader, writer))

    def start(self, work: Any) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    async def join(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.writers.add(writer)
        try:
            onward_reader, onward_writer = await asyncio.open_connection("127.0.0.1", self.target)
        except OSError:  # nobody is there just now, and so nobody is here
            self.leave(writer)
            return
        self.writers.add(onward_writer)
        carry = self.carry if self.slowness is None else self.carry_slowly
        self.start(carry(reader, onward_writer))
        self.start(carry(onward_reader, writer))

    async def carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while some := await reader.read(CHUNK):
                await self.passes.wait()
                writer.write(some)
                await writer.drain()
        self.leave(writer)

    async def carry_slowly(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        """Let bytes in one after another at the rate, and out after the delay."""
        assert self.slowness is not None  # noqa: S101 - who calls has looked
        rate, delay_s = self.slowness.rate, self.slowness.delay_s
        loop = asyncio.get_running_loop()
        under_way: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue(WAITS)
        self.start(self.deliver(under_way, writer))
        free_at = loop.time()
        with contextlib.suppress(OSError):
            while some := await reader.read(max(1, int(rate / 20))):
                free_at = max(free_at, loop.time()) + len(some) / rate
                await under_way.put((free_at + delay_s, some))
                await asyncio.sleep(free_at - loop.time())
        await under_way.put((loop.time(), b""))

    async def deliver(
        self, under_way: asyncio.Queue[tuple[float, bytes]], writer: asyncio.StreamWriter
    ) -> None:
        loop = asyncio.get_running_loop()
        with contextlib.suppress(OSError):
            while True:
                due, some = await under_way.get()
                if not some:
                    break
                await asyncio.sleep(due - loop.time())
                writer.write(some)
                await writer.drain()
        self.leave(writer)

    def leave(self, writer: asyncio.StreamWriter) -> None:
        self.writers.discard(writer)
        writer.close()

    def hang(self) -> None:
        """Keep every connection open and pass nothing on."""
        self.passes.clear()

    async def heal(self) -> None:
        """Pass on what waits, and take connections, on the same port as before."""
        self.passes.set()
        if self.server is None:
            self.server = await asyncio.start_server(self.accept, "127.0.0.1", self.port)
            self.port = self.server.sockets[0].getsockname()[1]

    async def cut(self) -> None:
        """Close every connection and the port."""
        if self.server is None:
            return
        server, self.server = self.server, None
        server.close()
        for task in [*self.tasks]:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)
        for writer in self.writers:
            writer.close()
        for writer in self.writers:
            with contextlib.suppress(OSError):
                await writer.wait_closed()
        self.writers.clear()
        await server.wait_closed()
