"""Live readings: those that were asked for and may be seen, the latest at once."""

import asyncio
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from adapters.wire import SignalBirth
from core.readings import Readings
from tests.gateway.nothing_born import NothingBorn

SERIES = {"lamp-1-head": {"on": 11, "power": 12}, "lamp-2-head": {"on": 21, "power": 22}}
LATEST = Readings.of([11, 12, 21, 22], 5_000_000, [1.0, 40.0, 0.0, 0.0], 0, read_at=0)


class Lamps(NothingBorn):
    """Two street lights, one on each bank."""

    def family_of(self, device: str) -> str:
        return "street_light"

    def devices_of(self, family: str) -> Sequence[str]:
        return tuple(SERIES) if family == "street_light" else ()

    def series_of(self, device: str) -> Mapping[str, int]:
        return SERIES.get(device, {})

    def signals_of(self, device: str) -> Sequence[SignalBirth]:
        on = SignalBirth(key="on", name={"en": "On"}, kind="state", states={1: {"en": "lit"}})
        return (on, SignalBirth(key="power", name={"en": "Power"}, unit="W"))

    def latest(self, series: NDArray[np.uint32]) -> Readings:
        return LATEST.take(np.isin(LATEST.signal, series))


class Recorded:
    """A history of three readings of whatever is asked, each a second after the start."""

    async def range(self, series: int, start: int, end: int, points: int) -> tuple[Readings, bool]:
        times = [start, start + 1_000_000_000, end - 1]
        return Readings.of([series] * 3, times, [1.0, math.nan, series], [0, 130, 0], 0), True


def shown(message: dict[str, Any]) -> list[tuple[str, str, float | None]]:
    return list(zip(message["device"], message["signal"], message["value"], strict=True))


async def subscribe(live: Any, **wanted: Any) -> None:
    await live.next("hello")
    await live.socket.send(json.dumps({"kind": "subscribe", **wanted}))


def test_the_latest_readings_come_at_once(play: Any) -> None:
    async def scene(gateway: Any) -> None:
        gateway.parts.hub.directory = Lamps()
        async with gateway.watching() as live:
            await subscribe(live, devices=["lamp-1-head"])
            values = await live.next("values")
        assert shown(values) == [("lamp-1-head", "on", 1.0), ("lamp-1-head", "power", 40.0)]
        assert values["time_ms"] == [5, 5]

    play(scene)


def test_only_what_was_asked_for_and_may_be_seen_arrives(play: Any) -> None:
    async def scene(gateway: Any) -> None:
        gateway.parts.hub.directory = Lamps()
        async with gateway.watching("left") as live:
            await subscribe(live, devices=["lamp-2-head"], families={"street_light": "on"})
            assert shown(await live.next("values")) == [("lamp-1-head", "on", 1.0)]
            gateway.parts.hub.readings(
                Readings.of([11, 12, 21, 22, 900], 6_000_000, [0.0, 1.0, 2.0, 3.0, 4.0], 0, 0)
            )
            assert shown(await live.next("values")) == [("lamp-1-head", "on", 0.0)]

    play(scene)


def test_a_value_that_is_not_known_is_null(play: Any) -> None:
    async def scene(gateway: Any) -> None:
        gateway.parts.hub.directory = Lamps()
        async with gateway.watching() as live:
            await subscribe(live, families={"street_light": "on"})
            await live.next("values")
            gateway.parts.hub.readings(Readings.of([11], 1, [math.nan], 130, 0))
            values = await live.next("values")
        assert (values["value"], values["quality"]) == ([None], [130])

    play(scene)


def test_the_pulse_says_how_old_the_newest_reading_is(play: Any) -> None:
    async def scene(gateway: Any) -> None:
        async with gateway.watching() as live:
            await live.next("hello")
            gateway.parts.hub.readings(Readings.of([11], 1, [1.0], 0, 0))
            assert 0 <= (await live.next("pulse"))["data_age_s"] < 3

    play(scene)


def test_a_burst_is_gathered_to_the_newest_of_each_series(play: Any) -> None:
    async def scene(gateway: Any) -> None:
        gateway.parts.hub.directory = Lamps()
        async with gateway.watching() as live:
            await subscribe(live, families={"street_light": "on"})
            await live.next("values")
            for number in range(1000):
                gateway.parts.hub.readings(Readings.of([11], number, [number], 0, 0))
            messages = 0
            async with asyncio.timeout(3):
                while shown(await live.next("values")) != [("lamp-1-head", "on", 999.0)]:
                    messages += 1
            assert messages <= 1

    play(scene)


def test_a_device_shows_its_signals_with_their_latest_readings(play: Any) -> None:
    async def scene(gateway: Any) -> None:
        gateway.app.state.parts = replace(gateway.parts, directory=Lamps())
        async with gateway.signed_in() as browser:
            device = (await browser.get("/api/v1/devices/lamp-1-head")).json()
        assert (device["family"], device["edge"], device["online"]) == (
            "street_light",
            "edge-1",
            None,
        )
        on, power = device["signals"]
        assert (on["value"], on["states"]) == (1.0, {"1": {"en": "lit"}})
        assert (power["value"], power["unit"]) == (40.0, "W")
        assert power["time"] == "1970-01-01T00:00:00.005000Z"

    play(scene)


def test_a_series_is_given_in_columns(play: Any) -> None:
    async def scene(gateway: Any) -> None:
        gateway.app.state.parts = replace(gateway.parts, directory=Lamps(), history=Recorded())
        async with gateway.signed_in() as browser:
            answer = await browser.get(
                "/api/v1/devices/lamp-1-head/signals/power/series",
                params={"start": "2026-05-01T00:00:00Z", "end": "2026-05-01T00:10:00Z"},
            )
        assert answer.json() == {
            "device": "lamp-1-head",
            "signal": "power",
            "unit": "W",
            "time_ms": [1777593600000, 1777593601000, 1777594199999],
            "value": [1.0, None, 12.0],
            "quality": [0, 130, 0],
            "downsampled": True,
        }

    play(scene)


def test_a_series_that_cannot_be_is_refused(play: Any) -> None:
    async def scene(gateway: Any) -> None:
        gateway.app.state.parts = replace(gateway.parts, directory=Lamps())
        device = "/api/v1/devices/lamp-1-head/signals"
        async with gateway.signed_in() as browser:

            async def status(path: str, **query: str) -> int:
                return (await browser.get(path, params=query)).status_code

            assert await status(f"{device}/colour/series") == 404
            assert await status("/api/v1/devices/lamp-2-head/signals/on/series") == 404
            assert await status(f"{device}/on/series", start="2026-05-01T00:00:00") == 422
            turned = {"start": "2026-05-02T00:00:00Z", "end": "2026-05-01T00:00:00Z"}
            assert await status(f"{device}/on/series", **turned) == 422

    play(scene)
