"""The benchmark of MQTT runs as a whole and loses nothing; how fast it is, is not a test."""

import asyncio
import json
from pathlib import Path

import pytest

from simulators.bench.message_source import DEVICES, message
from simulators.bench.mqtt import measure


@pytest.mark.system
def test_every_message_of_the_benchmark_arrives(tmp_path: Path) -> None:
    result = asyncio.run(measure(tmp_path, 0.5))
    assert result.lost == 0
    assert result.ours > 0
    assert result.ceiling > 0


def test_a_message_of_the_benchmark_is_a_publish_of_three_values() -> None:
    packet = message(7)
    topic = b"bench/7"
    assert packet[:2] == bytes([0x30, len(packet) - 2])
    assert packet[2:11] == bytes([0, len(topic)]) + topic
    assert json.loads(packet[11:]) == {"voltage": 200.07, "current": 0.007, "power": 49993}


def test_a_device_of_the_benchmark_never_repeats_itself() -> None:
    first, second = values(message(7)), values(message(7 + DEVICES))
    assert first.isdisjoint(second)


def values(packet: bytes) -> set[float]:
    return set(json.loads(packet[packet.index(b"{") :]).values())
