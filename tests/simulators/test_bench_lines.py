"""The benchmarks of many devices and of broken lines run as a whole; how fast, is not a test."""

import asyncio
from pathlib import Path

import pytest

from simulators.bench import crowd, cuts, link


@pytest.mark.system
def test_a_thousand_devices_are_read_and_dead_ones_are_told(tmp_path: Path) -> None:
    result = asyncio.run(crowd.measure(tmp_path, 2.0))
    assert result.more["devices"] == 1000
    assert result.ours > 0
    assert float(result.more["poll_p95_s_beside_dead"]) > 0


@pytest.mark.system
def test_after_every_kind_of_break_a_fresh_sample_comes(tmp_path: Path) -> None:
    result = asyncio.run(cuts.measure(tmp_path, 3))
    assert result.lost == 0
    assert result.more["rounds"] == 3
    assert result.more["threads_left"] == 0
    assert result.more["sockets_left"] == 0


@pytest.mark.system
def test_alarms_come_and_nothing_is_lost_over_a_slow_link(tmp_path: Path) -> None:
    result = asyncio.run(link.measure(tmp_path, 10_000))
    assert result.lost == 0
    assert float(result.more["alarms"]) > 0
