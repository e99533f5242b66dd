"""What a whole edge sends once more, and what does not wait for that."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from adapters import wire
from edge import uplink
from tests.edge.running import RunEdge, Running
from tests.edge.stand import eventually


def test_what_nobody_acknowledges_is_sent_again_until_somebody_does(with_edge: RunEdge) -> None:
    async def test(edge: Running) -> None:
        edge.gateway.acks = False
        edge.measure(60.0)
        await eventually(lambda: edge.gateway.temperatures() == [60.0])
        await eventually(lambda: len(edge.gateway.again) >= 2)
        edge.gateway.acks = True
        for value in range(30, 60):
            edge.measure(float(value))
        await eventually(lambda: edge.gateway.temperatures() == [60.0, *map(float, range(30, 60))])

    with_edge(test)


def test_a_block_that_is_missed_comes_again_while_others_are_acknowledged(
    with_edge: RunEdge,
) -> None:
    async def test(edge: Running) -> None:
        gateway = edge.gateway
        edge.measure(30.0)
        await eventually(lambda: gateway.temperatures() == [30.0])
        missed = max(gateway.telemetry) + 1
        gateway.missed = {missed}
        measured = [30.0]
        while gateway.misses.count(missed) < 3:
            measured.append(61.0 - measured[-1])
            before = len(gateway.telemetry) + len(gateway.misses)
            edge.measure(measured[-1])
            await eventually(lambda: len(gateway.telemetry) + len(gateway.misses) > before)  # noqa: B023 - awaited at once
        gateway.missed.clear()
        await eventually(lambda: missed in gateway.telemetry)
        await eventually(lambda: gateway.temperatures() == measured)

    with_edge(test)


def test_blocks_that_the_gateway_cannot_take_do_not_hold_up_the_others(with_edge: RunEdge) -> None:
    async def test(edge: Running) -> None:
        gateway = edge.gateway
        gateway.acks = False
        for value in (30.0, 31.0, 32.0):
            edge.measure(value)
            await eventually(lambda: gateway.temperatures()[-1:] == [value])  # noqa: B023 - awaited at once
        await eventually(lambda: len(gateway.again) >= 2)  # nobody is there
        poison = set(gateway.telemetry)
        assert len(poison) >= 3
        gateway.telemetry.clear()
        gateway.missed, gateway.acks = poison, True
        edge.measure(33.0, 34.0)
        await eventually(lambda: gateway.temperatures() == [33.0, 34.0])
        gateway.misses.clear()
        await eventually(lambda: set(gateway.misses) == poison)
        gateway.missed = set()
        await eventually(lambda: poison <= set(gateway.telemetry))

    with_edge(test)


def test_an_alarm_does_not_wait_behind_the_gap_that_a_kill_leaves(
    with_edge: RunEdge, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def test(edge: Running) -> None:
        edge.gateway.acks = False
        edge.measure(90.0)
        await eventually(lambda: edge.gateway.of(wire.Condition))
        await edge.stop()
        with closing(sqlite3.connect(tmp_path / "data" / "spool.db")) as file, file:
            file.execute("UPDATE meta SET value = value + 4096 WHERE key = 'events.reserved'")
        monkeypatch.setattr(uplink, "RESEND_AFTER_S", 600.0)
        edge.gateway.acks = True
        edge.start()
        await eventually(lambda: edge.gateway.next_event > 4096)
        edge.measure(60.0)
        await eventually(
            lambda: [each.active for each in edge.gateway.of(wire.Condition)][-1:] == [False]
        )
        await eventually(lambda: edge.gateway.next_event == max(edge.gateway.events) + 1)

    with_edge(test)


def test_a_rebirth_brings_birth_active_set_and_everything_unacknowledged(
    with_edge: RunEdge,
) -> None:
    async def test(edge: Running) -> None:
        edge.gateway.acks = False
        edge.measure(60.0)
        await eventually(lambda: edge.gateway.temperatures() == [60.0])
        edge.gateway.acks = True
        edge.gateway.telemetry.clear()
        edge.gateway.kinds.clear()
        for _ in range(3):  # one birth answers them all
            edge.gateway.send("rebirth", wire.Rebirth(reason="who are you"))
        await eventually(lambda: edge.gateway.temperatures() == [60.0])
        await eventually(lambda: len(edge.gateway.of(wire.ActiveSet)) == 2)
        assert len(edge.gateway.births) == 2
        assert "birth" in edge.gateway.kinds

    with_edge(test)


def test_what_is_held_makes_room_for_more_and_comes_again_after_a_rebirth(
    with_edge: RunEdge, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uplink, "WINDOW", 2)
    measured = [float(value) for value in range(30, 50)]

    async def test(edge: Running) -> None:
        gateway = edge.gateway
        gateway.holds = True
        for count, value in enumerate(measured, 1):
            edge.measure(value)
            await eventually(lambda: gateway.temperatures() == measured[:count])  # noqa: B023 - awaited at once
        assert gateway.again == []
        gateway.holds = False
        gateway.telemetry.clear()
        gateway.send("rebirth", wire.Rebirth(reason="the store was restarted"))
        await eventually(lambda: gateway.temperatures() == measured)

    with_edge(test)
