"""The bench's sink counts what is missing, else it would report a fast edge that loses."""

import asyncio
from collections.abc import Sequence

import numpy as np
import pytest

from adapters import wire
from adapters.mqtt.link import MqttLink
from core.readings import Readings
from simulators.bench.sink import Sink

SIGNAL = 7


def missing(*blocks: Sequence[int]) -> int:
    """Give how many counts the sink misses in these blocks of one signal."""

    async def count() -> int:
        sink = Sink(MqttLink("mqtt://127.0.0.1:1", "bench"), "edge-1")
        sink.watch(np.array([SIGNAL]))
        for number, counts in enumerate(blocks, 1):
            readings = Readings.of([SIGNAL, 900] * len(counts), 1, np.repeat(counts, 2), 0, 1)
            sink.take(
                wire.TelemetryBlock(
                    edge="edge-1", epoch="0" * 16, seq=number, lowest=1, numbering=1, read_at=1,
                    **wire.columns(readings),
                )
            )  # fmt: skip
        return sink.missing

    return asyncio.run(count())


@pytest.mark.parametrize(
    ("blocks", "lost"),
    [
        ([[5, 6, 7], [8]], 0),
        ([[5, 7, 8], [9]], 1),
        ([[5], [9]], 3),
        ([[65534, 65535, 0], [1]], 0),
    ],
)
def test_a_count_that_was_skipped_is_missing(blocks: list[list[int]], lost: int) -> None:
    assert missing(*blocks) == lost
