"""Readings in a server that takes InfluxDB's line protocol; how they are read is for each to say.

The server has no transaction over readings and the numbers of their blocks. So the numbers are
recorded elsewhere, after the server accepted the readings; what is written twice in between does
no harm, for a series has one reading a moment.
"""

import asyncio
import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Self

import numpy as np
import structlog

from adapters.private_file import write_whole
from core.readings import Readings
from gateway.timeseries.influx_server import InfluxServer, Query, Refused
from gateway.timeseries.port import Taken, TakenRecord

POINTS_A_REQUEST = 100_000  # 5 MB; InfluxDB refuses more than 25 MB
TAG = "series"

log = structlog.get_logger()


class LineProtocolStore:
    """The half of a store that writes. Use it as `async with`.

    aside: folder for what the server refuses, with lines as they were sent.
    """

    path: str
    precision: str

    def __init__(self, server: InfluxServer, record: TakenRecord, aside: Path) -> None:
        self._server = server
        self._bucket = server.account.bucket
        self._record = record
        self._aside = aside

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_error: object) -> None:
        self._server.close()

    def lines(self, readings: Readings) -> bytes:
        """Write readings in line protocol."""
        raise NotImplementedError

    @property
    def target(self) -> Query:
        """Give the part of a request that says where it goes."""
        raise NotImplementedError

    async def ping(self) -> None:
        """Ask the server for little. StoreUnavailable: it is away, or has no bucket for us."""
        raise NotImplementedError

    async def append(self, blocks: Sequence[Readings], taken: Sequence[Taken]) -> None:
        """Write readings, then record the numbers under which they came."""
        for part in _parts(blocks):
            try:
                await self._write(part)
            except Refused:
                await self._write_each(part)
        if taken:
            await self._record.add(taken)

    async def taken(self, edge: str, epoch: str, stream: str) -> list[tuple[int, int]]:
        """Give the numbers of blocks that are recorded, as closed ranges."""
        return await self._record.of(edge, epoch, stream)

    def figures(self) -> dict[str, int | str]:
        """Give how many files of refused readings wait for a person."""
        return {"refused_files": sum(1 for _ in self._aside.glob("*.lines"))}

    async def _write(self, blocks: Sequence[Readings]) -> None:
        lines = await asyncio.to_thread(lambda: self.lines(Readings.concat(blocks)))
        await self._server.write(self.path, {**self.target, "precision": self.precision}, lines)

    async def _write_each(self, blocks: Sequence[Readings]) -> None:
        """Write blocks one by one, and put those aside that are refused: they would come again."""
        for block in blocks:
            try:
                await self._write([block])
            except Refused as error:
                file = await asyncio.to_thread(self._put_aside, self.lines(block))
                refusal = {"file": str(file), "readings": len(block), "error": str(error)}
                log.error("readings are refused by the store, put aside", **refusal)  # noqa: TRY400 - no bug

    def _put_aside(self, lines: bytes) -> Path:
        """Keep lines durably, under a name that is the same when they come again."""
        self._aside.mkdir(mode=0o700, parents=True, exist_ok=True)
        file = self._aside / f"{hashlib.sha256(lines).hexdigest()[:16]}.lines"
        write_whole(file, lines)
        return file


def _parts(blocks: Sequence[Readings]) -> Iterator[list[Readings]]:
    """Gather blocks up to the size of a request; a block that is larger is cut."""
    part: list[Readings] = []
    points = 0
    for block in blocks:
        for start in range(0, len(block), POINTS_A_REQUEST):
            piece = block.take(np.arange(start, min(len(block), start + POINTS_A_REQUEST)))
            if part and points + len(piece) > POINTS_A_REQUEST:
                yield part
                part, points = [], 0
            part.append(piece)
            points += len(piece)
    if part:
        yield part
