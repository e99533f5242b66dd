"""A TCP relay that can be cut or hang, for benches and tests."""

import asyncio
import contextlib
from typing import Any, Self


class Relay:
    """Pass bytes both ways between its own port and a server's, until told otherwise."""

    def __init__(self, target: int) -> None:
        self.target = target
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
        self.start(self.carry(reader, onward_writer))
        self.start(self.carry(onward_reader, writer))

    async def carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while some := await reader.read(65536):
                await self.passes.wait()
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
