"""What a real server's subscription brings, and how it can be asked for less."""

import math
from collections.abc import Iterator
from datetime import datetime

import pytest
from asyncua import ua
from asyncua.common.node import Node
from asyncua.ua.status_codes import StatusCodes
from structlog.testing import capture_logs

from adapters.profile import Profile
from core.clock import SystemClock
from core.quality import BAD, GOOD, UNCERTAIN, Reason, quality
from tests.adapters.conformance import Line, run
from tests.adapters.opcua_rig import URI, ServerThread, points_of, profile, reading


@pytest.fixture(scope="module")
def plant() -> Iterator[ServerThread]:
    async def build(it: ServerThread) -> None:
        await it.server.register_namespace(URI)
        for key in ("flow", "level"):
            await it.variable(f"ns=2;s=P1.{key}", 10.0, ua.VariantType.Double)
        await it.variable("ns=2;s=P1.name", "pump", ua.VariantType.String)
        await it.variable("ns=2;s=P1.list", [1, 2], ua.VariantType.Int16)

    with ServerThread(build) as running:
        yield running


def model(**more: object) -> Profile:
    return profile({key: f"nsu=urn:test;s={{unit}}.{key}" for key in ("flow", "level")}, **more)


def node(plant: ServerThread, key: str) -> Node:
    return plant.server.get_node(f"ns=2;s=P1.{key}")


async def show(plant: ServerThread, key: str, *values: float) -> None:
    for value in values:
        await plant.give(node(plant, key), value, ua.VariantType.Double)


async def after(plant: ServerThread, line: Line, *values: float) -> list[float]:
    """Give what arrives of `flow` while the server shows some values, then `level` a last one."""
    await line.until_read()
    before = line.counts["pump.flow"]
    await plant.aside(show(plant, "flow", *values))
    await plant.aside(show(plant, "level", -5.0))
    await line.until(lambda: line.values["pump.level"] == -5.0)
    return [line.counts["pump.flow"] - before, line.values["pump.flow"]]


def test_small_changes_stay_in_the_server_where_the_profile_says_so(plant: ServerThread) -> None:
    async def test() -> list[float]:
        await plant.aside(show(plant, "flow", 10.0))
        await plant.aside(show(plant, "level", 10.0))
        async with reading(plant.address, points_of(model(deadband=5))) as line:
            return await after(plant, line, 11.0, 12.0, 30.0)

    assert run(test()) == [1, 30.0]


def test_a_server_that_does_not_repeat_its_conditions_costs_no_signal(plant: ServerThread) -> None:
    finding = {
        "key": "level_high", "severity": "high", "problem": "heating.low",
        "name": {"ru": "Уровень", "en": "Level"},
        "opcua": {"source": "nsu=urn:test;s={unit}.level"},
    }  # fmt: skip

    async def test() -> None:
        async with reading(plant.address, points_of(model(findings=[finding]))) as line:
            await line.until_read()

    with capture_logs() as logs:
        run(test())
    assert [(each["at"], each["error"]) for each in logs if each["event"] == "trouble begins"] == [
        ("line: conditions", "those that stand now are not told: BadNothingToDo")
    ]


def test_of_more_values_than_the_queue_holds_the_newest_stay(plant: ServerThread) -> None:
    async def test() -> list[float]:
        await plant.aside(show(plant, "flow", 10.0))
        await plant.aside(show(plant, "level", 10.0))
        async with reading(plant.address, points_of(model(queue=2, poll_s=1))) as line:
            return await after(plant, line, 1.0, 2.0, 3.0, 4.0)

    assert run(test()) == [2, 4.0]


def test_a_filter_that_the_server_refuses_costs_no_signal(plant: ServerThread) -> None:
    # Percent of a range, and these nodes state none.
    points = points_of(model(deadband=5, deadband_percent=True))

    async def test() -> dict[str, int]:
        async with reading(plant.address, points) as line:
            await line.until_read()
            return line.qualities

    assert run(test()) == {"pump.flow": GOOD, "pump.level": GOOD}


def test_a_text_and_a_list_are_bad_and_spoil_nothing_else(plant: ServerThread) -> None:
    nodes = {key: f"nsu=urn:test;s={{unit}}.{key}" for key in ("name", "flow", "list", "level")}

    async def test() -> set[str]:
        async with reading(plant.address, points_of(profile(nodes))) as line:
            await line.until_read()
            return {name for name in line.values if line.is_bad(name)}

    assert run(test()) == {"pump.name", "pump.list"}


async def shown_as(plant: ServerThread, value: float, **more: object) -> tuple[float, int, float]:
    """Give value, quality and age (seconds) of what the server shows of `flow`."""
    await plant.aside(plant.give(node(plant, "flow"), value, ua.VariantType.Double, **more))
    async with reading(plant.address, points_of(model())) as line:
        await line.until_read()
        name = "pump.flow"
        age = (SystemClock().time_ns() - line.times[name]) / 1e9
        return line.values[name], line.qualities[name], age


@pytest.mark.parametrize("year", [1970, 2099])
def test_a_clock_that_is_wrong_by_years_is_doubted(plant: ServerThread, year: int) -> None:
    stamp = datetime(year, 1, 1, 0, 0, 1)  # noqa: DTZ001 - OPC UA time is naive UTC
    value, code, age = run(shown_as(plant, 4.5, SourceTimestamp=stamp, ServerTimestamp=stamp))
    assert (value, code) == (4.5, quality(UNCERTAIN, Reason.CLOCK_UNSYNCHRONISED))
    assert abs(age) < 20


@pytest.mark.parametrize("number", [math.nan, math.inf])
def test_what_a_server_shows_and_is_no_number_is_bad(plant: ServerThread, number: float) -> None:
    value, code, _age = run(shown_as(plant, number))
    assert (math.isnan(value), code) == (True, quality(BAD, Reason.MALFORMED))


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (StatusCodes.BadNoCommunication, quality(BAD, Reason.LOST_LINE)),
        (StatusCodes.BadOutOfRange, quality(BAD, Reason.OUT_OF_RANGE)),
        (StatusCodes.BadSensorFailure, quality(BAD, Reason.DEVICE_FAILURE)),
        (StatusCodes.UncertainSubstituteValue, quality(UNCERTAIN, Reason.SUBSTITUTED)),
    ],
)
def test_a_status_of_the_server_becomes_a_quality(
    plant: ServerThread, status: int, code: int
) -> None:
    shown = ua.StatusCode(ua.UInt32(status))
    assert run(shown_as(plant, 4.5, StatusCode=shown))[1] == code
