"""The adapter against a server of another make."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import aclosing, asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from adapters.contract import Acknowledging, Event, Historical, Point
from adapters.opcua.adapter import OpcUaConnection
from core.clock import SystemClock
from core.errors import Permanent
from core.quality import GOOD, Reason, quality
from core.readings import Readings
from tests.adapters.conformance import run
from tests.adapters.foreign_opcua import ForeignServer, foreign_server
from tests.adapters.opcua_rig import opened, points_of, profile, reading

POINTS = points_of(
    profile({"level": "nsu=urn:foreign:plant;s={unit}.Level"}),
    unit="T1",
)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ForeignServer]:
    with foreign_server(tmp_path_factory.mktemp("foreign")) as running:
        yield running


async def level(server: ForeignServer, folder: Path, **options: Any) -> float:
    async with reading(server.address, POINTS, folder, **options) as line:
        await line.until_read()
        return line.values["pump.level"]


@pytest.mark.parametrize("security", ["sign", "sign_and_encrypt"])
def test_its_values_come_over_a_secured_channel(
    server: ForeignServer, tmp_path: Path, security: str
) -> None:
    pin = server.fingerprint
    assert run(level(server, tmp_path, security=security, server_fingerprint=pin)) == 50


def test_its_values_come_without_security_too(server: ForeignServer, tmp_path: Path) -> None:
    assert run(level(server, tmp_path)) == 50


def test_it_takes_a_name_and_a_password(server: ForeignServer, tmp_path: Path) -> None:
    who = {"username": "operator", "password": "s3cret"}
    pin = server.fingerprint
    found = run(level(server, tmp_path, security="sign_and_encrypt", server_fingerprint=pin, **who))
    assert found == 50


def test_a_wrong_password_is_permanent(server: ForeignServer, tmp_path: Path) -> None:
    who = {"username": "operator", "password": "wr0ng"}
    pin = server.fingerprint
    with pytest.raises(Permanent, match="user operator is refused"):
        run(level(server, tmp_path, security="sign_and_encrypt", server_fingerprint=pin, **who))


def test_its_certificate_is_refused_until_somebody_trusts_it(
    server: ForeignServer, tmp_path: Path
) -> None:
    with pytest.raises(Permanent, match="no certificate is trusted yet") as refusal:
        run(level(server, tmp_path, security="sign"))
    assert server.fingerprint in str(refusal.value)


def test_a_server_that_does_not_know_us_is_permanent_and_says_what_it_must_trust(
    tmp_path: Path,
) -> None:
    async def test(server: ForeignServer) -> None:
        options = {"security": "sign", "server_fingerprint": server.fingerprint}
        async with opened(server.address, POINTS, tmp_path / "ours", **options):
            pass

    with (
        foreign_server(tmp_path / "theirs", trusts_anybody=False) as server,
        pytest.raises(Permanent, match=r"the server must trust .*certificate\.der, SHA-256"),
    ):
        run(test(server))


def test_browsing_finds_its_variables(server: ForeignServer) -> None:
    async def test() -> dict[str, str]:
        async with opened(server.address) as connection:
            return {point.address: point.kind async for point in connection.browse()}

    found = run(test())
    assert found["nsu=urn:foreign:plant;s=T1.Level"] == "Double"


def test_what_it_kept_is_read_oldest_first_and_marked_as_archive(server: ForeignServer) -> None:
    async def test() -> list[tuple[float, int]]:
        async with reading(server.address, POINTS) as line:
            await line.until_read()
            began = SystemClock().now()
            for value in (61, 62, 63):
                server.tell(f"level {value}")
                await line.until(lambda wanted=value: line.values["pump.level"] == wanted)
            assert isinstance(line.connection, Historical)
            kept = line.connection.history(POINTS, began, SystemClock().now())
            blocks = [block async for block in kept]
        server.tell("level 50")
        return [
            pair
            for block in blocks
            for pair in zip(block.value.tolist(), block.quality.tolist(), strict=True)
        ]

    archive = quality(GOOD, Reason.ARCHIVE)
    assert run(test()) == [(61, archive), (62, archive), (63, archive)]


def test_a_node_without_a_history_gives_none(server: ForeignServer) -> None:
    points = points_of(profile({"resets": "nsu=urn:foreign:plant;s={unit}.Resets"}), unit="T1")

    async def test() -> list[Readings]:
        async with reading(server.address, points) as line:
            await line.until_read()
            now = SystemClock().now()
            assert isinstance(line.connection, Historical)
            kept = line.connection.history(points, now - timedelta(hours=1), now)
            return [block async for block in kept]

    assert run(test()) == []


ALARMED = points_of(
    profile(
        {"level": "nsu=urn:foreign:plant;s={unit}.Level"},
        findings=[
            {
                "key": "level_high", "severity": "high", "problem": "heating.low",
                "name": {"ru": "Уровень", "en": "Level"},
                "opcua": {
                    "source": "nsu=urn:foreign:plant;s={unit}.Level", "condition": "LevelHigh",
                },
            }
        ],
    ),
    unit="T1",
)  # fmt: skip


@asynccontextmanager
async def watching(
    server: ForeignServer, folder: Path | None = None, **options: Any
) -> AsyncIterator[tuple[OpcUaConnection, list[Event]]]:
    """Open a connection whose events are collected."""
    seen: list[Event] = []

    async def collect(connection: OpcUaConnection) -> None:
        async with aclosing(connection.stream()) as stream:  # type: ignore[type-var]
            async for item in stream:
                seen.extend([item] if isinstance(item, Event) else [])

    async with opened(server.address, ALARMED, folder, **options) as connection:
        collecting = asyncio.create_task(collect(connection))
        try:
            yield connection, seen
        finally:
            collecting.cancel()
            await asyncio.wait([collecting])
            server.tell("level 50")


async def until(claim: Callable[[], object]) -> None:
    async with asyncio.timeout(15):
        while not claim():
            await asyncio.sleep(0.02)


def states(seen: list[Event]) -> list[bool]:
    return [event.active for event in seen if event.condition == "level_high"]


def test_its_own_alarm_is_taken_over_and_cleared(server: ForeignServer) -> None:
    async def test() -> tuple[bool, str]:
        async with watching(server) as (_connection, seen):
            await until(lambda: states(seen))  # nothing stands yet: told by the refresh
            first = states(seen)[0]
            server.tell("level 90")
            await until(lambda: states(seen)[-1])
            text = seen[-1].text
            server.tell("level 50")
            await until(lambda: not states(seen)[-1])
            return first, text

    first, text = run(test())
    assert first is False
    assert "severity" in text


def test_an_alarm_that_stood_before_we_came_is_told(server: ForeignServer) -> None:
    server.tell("level 97")

    async def test() -> None:
        async with watching(server) as (_connection, seen):
            await until(lambda: True in states(seen))

    run(test())


def test_an_acknowledgement_reaches_the_server_with_its_comment(server: ForeignServer) -> None:
    async def test() -> str:
        async with watching(server) as (connection, seen):
            server.tell("level 91")
            await until(lambda: True in states(seen))
            assert isinstance(connection, Acknowledging)
            await connection.acknowledge("pump.level_high", "on my way")
            server.tell("acked?")
            return await asyncio.to_thread(server.hear, "acked")

    assert run(test()) == "acked true on my way"


@asynccontextmanager
async def console(
    server: ForeignServer, folder: Path
) -> AsyncIterator[tuple[OpcUaConnection, list[Event]]]:
    """Sign in as the operator of the server's own console."""
    who = {"username": "operator", "password": "s3cret", "server_fingerprint": server.fingerprint}
    async with watching(server, folder, security="sign_and_encrypt", **who) as found:
        yield found


def said(seen: list[Event]) -> list[tuple[bool, bool | None]]:
    """Give what the server said: active, acknowledged. This make names who did the one before."""
    return [(event.active, event.acknowledged) for event in seen]


def test_an_acknowledgement_at_its_own_console_is_told(
    server: ForeignServer, tmp_path: Path
) -> None:
    async def test() -> list[tuple[bool, bool | None]]:
        async with console(server, tmp_path) as (operator, shown), watching(server) as (_, seen):
            server.tell("level 91")
            await until(lambda: True in states(shown) and True in states(seen))
            await operator.acknowledge("pump.level_high", "seen")
            await until(lambda: seen[-1].acknowledged)
            return said(seen)[-2:]

    assert run(test()) == [(True, False), (True, True)]


def test_what_is_over_waits_until_it_is_acknowledged(server: ForeignServer, tmp_path: Path) -> None:
    async def test() -> list[tuple[bool, bool | None]]:
        async with console(server, tmp_path) as (operator, shown), watching(server) as (_, seen):
            server.tell("level 92")
            await until(lambda: True in states(shown) and True in states(seen))
            server.tell("level 50")
            await until(lambda: not states(shown)[-1] and not states(seen)[-1])
            await operator.acknowledge("pump.level_high", "seen")
            await until(lambda: seen[-1].acknowledged)
            return said(seen)[-3:]

    assert run(test()) == [(True, False), (False, None), (False, True)]


def test_a_condition_that_the_server_has_not_cannot_be_acknowledged(
    server: ForeignServer,
) -> None:
    async def test() -> None:
        async with watching(server) as (connection, _seen):
            await connection.acknowledge("pump.other", "")

    with pytest.raises(Permanent, match=r"pump\.other: the server has no such condition"):
        run(test())


def counting(method: str) -> list[Point]:
    """Points whose value is set by a method."""
    model = profile(
        {"resets": "nsu=urn:foreign:plant;s={unit}.Resets"},
        method=f"nsu=urn:foreign:plant;s={{unit}}.{method}",
        method_of="nsu=urn:foreign:plant;s=Plant",
    )
    return points_of(model, unit="T1")


async def call(server: ForeignServer, method: str, value: float) -> float:
    points = counting(method)
    async with reading(server.address, points) as line:
        await line.until_read()
        return await line.write("pump.resets", value)


def test_a_method_is_called_with_the_value_and_its_effect_read_back(server: ForeignServer) -> None:
    assert run(call(server, "Reset", 12)) == 12


def test_a_method_that_takes_no_number_is_not_called(server: ForeignServer) -> None:
    with pytest.raises(Permanent, match=r"nothing was sent.*takes 2 arguments, wanted 1"):
        run(call(server, "Mix", 12))


def test_a_method_that_is_not_there_is_told(server: ForeignServer) -> None:
    with pytest.raises(Permanent, match=r"pump\.resets: nothing was sent"):
        run(call(server, "Gone", 12))
