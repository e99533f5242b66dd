"""A relay in front of a broker that understands packets of MQTT 5; what it does to them is of its
kinds."""

import asyncio
from contextlib import suppress

PUBLISH, PUBACK, SUBSCRIBE = 3, 4, 8  # MQTT 5.0, section 2.1.2


class Relay:
    """Listens on `port`. target: port of the broker. Each kind has its own `carry_all`."""

    def __init__(self, port: int, target: int) -> None:
        self._port = port
        self._target = target
        self._tasks: set[asyncio.Task[None]] = set()

    async def open(self) -> None:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", self._port)

    async def close(self) -> None:
        self._server.close()
        for task in [*self._tasks]:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def carry_all(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        broker_reader: asyncio.StreamReader,
        broker_writer: asyncio.StreamWriter,
    ) -> None:
        """Carry packets of one client both ways, until either side has ended."""
        raise NotImplementedError

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(self._join(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _join(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            with suppress(OSError, asyncio.IncompleteReadError):
                broker_reader, broker_writer = await asyncio.open_connection(
                    "127.0.0.1", self._target
                )
                try:
                    await self.carry_all(reader, writer, broker_reader, broker_writer)
                finally:
                    broker_writer.close()
        finally:
            writer.close()


def acknowledged(identity: bytes) -> bytes:
    """Give the answer to a PUBLISH with QoS 1."""
    return bytes([PUBACK << 4, 2]) + identity


async def packet(reader: asyncio.StreamReader) -> bytes:
    """Read one packet whole. IncompleteReadError at the end."""
    head = await reader.readexactly(2)
    while head[-1] & 0x80:  # a length of several bytes
        head += await reader.readexactly(1)
    length = sum((byte & 0x7F) << 7 * place for place, byte in enumerate(head[1:]))
    return head + await reader.readexactly(length)


def identity_of(published: bytes) -> bytes:
    """Give the packet identifier of a PUBLISH with QoS 1."""
    start = _body(published)
    start += 2 + int.from_bytes(published[start : start + 2])
    return published[start : start + 2]


def topic_of(published: bytes) -> str:
    """Give the topic of a PUBLISH."""
    return _text(published, _body(published))


def filters_of(subscribe: bytes) -> list[str]:
    """Give the topic filters of a SUBSCRIBE with less than 128 bytes of properties."""
    start = _body(subscribe) + 2
    start += 1 + subscribe[start]
    found = []
    while start < len(subscribe):
        found.append(_text(subscribe, start))
        start += 2 + len(found[-1].encode()) + 1
    return found


def _body(found: bytes) -> int:
    """Give where a packet's fixed header ends."""
    start = 2
    while found[start - 1] & 0x80:
        start += 1
    return start


def _text(found: bytes, start: int) -> str:
    length = int.from_bytes(found[start : start + 2])
    return found[start + 2 : start + 2 + length].decode()
