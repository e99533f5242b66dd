"""Numbers of blocks of readings that several processes of one installation record."""

import asyncio
from pathlib import Path

import pytest

from gateway.ingest.taken_record import TakenTable
from gateway.timeseries.port import Taken
from tests.gateway.hall import store

STREAM = ("edge-1", "00f1e2d3c4b5a697", "telemetry")


@pytest.mark.usefixtures("on_postgresql")
def test_workers_that_take_blocks_of_one_stream_lose_nothing_of_each_other(tmp_path: Path) -> None:
    async def body() -> list[tuple[int, int]]:
        async with store(tmp_path) as one, store(tmp_path) as other:
            tables = [TakenTable(one), TakenTable(other)]
            await asyncio.gather(
                *(
                    tables[number % 2].add([Taken(*STREAM, [(number, number)])])
                    for number in range(1, 41)
                    if number != 7
                )
            )
            return await tables[0].of(*STREAM)

    assert asyncio.run(body()) == [(1, 6), (8, 40)]
