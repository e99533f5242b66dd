"""Readings whose time cannot be right: kept, not shown, and told as an alarm of their device."""

from pathlib import Path
from typing import Any

import pytest

from adapters import wire
from core.clock import SECOND, to_datetime
from core.quality import BAD, GOOD, Reason
from core.readings import Readings
from tests.gateway.conftest import Gateway  # type: ignore[import-not-found]
from tests.gateway.edge_by_hand import CLOCK, Edge, play
from tests.gateway.test_edge_loss import until

HOUR = 3600 * SECOND
DAY = 24 * HOUR
POWER = 1  # number of the power of lamp 1


def reading(value: float, *, off: int = 0, read_off: int = 0, quality: int = GOOD) -> Readings:
    """Give a reading of the power of lamp 1 whose time, or whose edge, is off by so much."""
    now = CLOCK.time_ns()
    return Readings.of([POWER], now + off, [value], quality, now + read_off)


async def power(gateway: Gateway) -> tuple[float | None, int | None]:
    """Give what is shown of the power of lamp 1, and its quality."""
    async with gateway.signed_in() as browser:
        device = (await browser.get("/api/v1/devices/lamp-1-head")).json()
    (found,) = [each for each in device["signals"] if each["key"] == "power"]
    return found["value"], found["quality"]


async def stored(gateway: Gateway, around: int) -> list[tuple[float, int]]:
    """Give value and quality of what is stored within a minute of a moment, ns UTC."""
    window = {
        "start": to_datetime(around - 60 * SECOND).isoformat(),
        "end": to_datetime(around + 60 * SECOND).isoformat(),
    }
    async with gateway.signed_in() as browser:
        path = "/api/v1/devices/lamp-1-head/signals/power/series"
        series = (await browser.get(path, params=window)).json()
    return list(zip(series["value"], series["quality"], strict=True))


async def clock_alarms(gateway: Gateway) -> list[tuple[str, bool]]:
    async with gateway.signed_in(place="prirechye") as browser:
        found: list[dict[str, Any]] = (await browser.get("/api/v1/incidents")).json()
    alarms = [each for each in found if each["condition"] == "clock_wrong"]
    return sorted((each["device"], each["active"]) for each in alarms)


@pytest.mark.parametrize("off", [DAY, 400 * DAY, -8 * DAY, -400 * DAY, HOUR])
def test_a_reading_from_a_wrong_clock_is_kept_with_its_time_and_not_shown(
    tmp_path: Path, broker: str, off: int
) -> None:
    async def story(gateway: Gateway, edge: Edge) -> None:
        edge.be_born()
        edge.send_readings(1, reading(40.0))
        now = CLOCK.time_ns()
        edge.send_readings(2, reading(99.0, off=off))
        await edge.until_acknowledged("telemetry", 1, 2)
        assert await power(gateway) == (40.0, GOOD)
        assert await stored(gateway, now + off) == [(99.0, BAD | Reason.QUARANTINED)]
        await until(lambda: clock_alarms(gateway), [("lamp-1-head", True)])

    play(tmp_path, broker, story)


def test_an_hour_behind_is_within_what_a_backlog_may_be_and_is_stored_as_it_is(
    tmp_path: Path, broker: str
) -> None:
    async def story(gateway: Gateway, edge: Edge) -> None:
        edge.be_born()
        edge.send_readings(1, reading(40.0))
        edge.send_readings(2, reading(39.0, off=-HOUR, read_off=-HOUR))
        await edge.until_acknowledged("telemetry", 1, 2)
        assert await power(gateway) == (40.0, GOOD)  # what is older does not replace it
        assert await stored(gateway, CLOCK.time_ns() - HOUR) == [(39.0, GOOD)]

    play(tmp_path, broker, story)


def test_the_alarm_clears_when_the_clock_is_right_again(tmp_path: Path, broker: str) -> None:
    async def story(gateway: Gateway, edge: Edge) -> None:
        edge.be_born()
        edge.send_readings(1, reading(40.0, off=DAY))
        await until(lambda: clock_alarms(gateway), [("lamp-1-head", True)])
        edge.send_readings(2, reading(41.0))
        await until(lambda: clock_alarms(gateway), [("lamp-1-head", False)])
        assert await power(gateway) == (41.0, GOOD)

    play(tmp_path, broker, story, clock_right_for_s=0)


def test_a_signal_that_is_right_does_not_excuse_another_one(tmp_path: Path, broker: str) -> None:
    async def story(gateway: Gateway, edge: Edge) -> None:
        edge.be_born()
        edge.send_readings(1, reading(40.0, off=DAY))
        await until(lambda: clock_alarms(gateway), [("lamp-1-head", True)])
        now = CLOCK.time_ns()
        edge.send_readings(2, Readings.of([0], now, [1.0], GOOD, now))  # on, by the edge's time
        edge.send_readings(3, Readings.of([3], now + DAY, [1.0], GOOD, now))  # power of lamp 2
        await until(lambda: clock_alarms(gateway), [("lamp-1-head", True), ("lamp-2-head", True)])

    play(tmp_path, broker, story, clock_right_for_s=0)


def test_where_the_edges_clock_is_wrong_no_device_is_blamed(tmp_path: Path, broker: str) -> None:
    async def story(gateway: Gateway, edge: Edge) -> None:
        edge.be_born()
        edge.send_readings(1, reading(40.0, off=400 * DAY, read_off=400 * DAY))
        now = CLOCK.time_ns()
        edge.send_readings(2, Readings.of([3], now + DAY, [1.0], GOOD, now))
        await until(lambda: clock_alarms(gateway), [("lamp-2-head", True)])
        assert await power(gateway) == (None, None)

    play(tmp_path, broker, story)


@pytest.mark.parametrize("kept", [GOOD | Reason.ARCHIVE, BAD | Reason.DROPPED])
def test_what_was_kept_or_lost_may_be_years_ago_and_never_tomorrow(
    tmp_path: Path, broker: str, kept: int
) -> None:
    async def story(gateway: Gateway, edge: Edge) -> None:
        edge.be_born()
        now = CLOCK.time_ns()
        block = Readings.of([POWER] * 2, [now - 1000 * DAY, now + DAY], [7.0, 8.0], kept, now)
        edge.send_readings(1, block)
        await edge.until_acknowledged("telemetry", 1)
        assert await stored(gateway, now - 1000 * DAY) == [(7.0, kept)]
        assert await stored(gateway, now + DAY) == [(8.0, BAD | Reason.QUARANTINED)]

    play(tmp_path, broker, story)


def test_quarantine_and_alarm_outlive_a_restart(tmp_path: Path, broker: str) -> None:
    async def before(gateway: Gateway, edge: Edge) -> None:
        edge.be_born()
        edge.send_readings(1, reading(40.0))
        edge.send_readings(2, reading(99.0, off=DAY))
        await edge.until_acknowledged("telemetry", 1, 2)
        await until(lambda: clock_alarms(gateway), [("lamp-1-head", True)])

    async def after(gateway: Gateway, edge: Edge) -> None:
        assert await power(gateway) == (40.0, GOOD)
        assert await clock_alarms(gateway) == [("lamp-1-head", True)]
        edge.be_born()
        edge.send_readings(3, reading(41.0))
        await until(lambda: clock_alarms(gateway), [("lamp-1-head", False)])

    play(tmp_path, broker, before)
    play(tmp_path, broker, after, clock_right_for_s=0)


def test_an_edge_neither_raises_nor_clears_what_the_gateway_says_of_clocks(
    tmp_path: Path, broker: str
) -> None:
    async def story(gateway: Gateway, edge: Edge) -> None:
        edge.be_born()
        edge.send_readings(1, reading(40.0, off=DAY))
        await until(lambda: clock_alarms(gateway), [("lamp-1-head", True)])
        own = wire.Condition(
            device="lamp-2-head", condition="clock_wrong", active=True, time=1, number=1
        )
        edge.send_events(1, own)
        edge.send_events(2, wire.ActiveSet(time=CLOCK.time_ns(), conditions=[]))
        await edge.until_acknowledged("events", 1, 2)
        assert await clock_alarms(gateway) == [("lamp-1-head", True)]

    play(tmp_path, broker, story)
