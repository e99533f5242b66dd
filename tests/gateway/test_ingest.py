"""From the broker to the stores: what is acknowledged is stored, once, and nothing else suffers.

A real broker and a real gateway; the edge is written out here, message by message.
"""

import copy
from pathlib import Path
from typing import Any

import msgspec
import pytest
import zstandard

from adapters import wire
from core.readings import Readings
from gateway.cases import incident_block
from gateway.cases.meaning import Meaning, meaning_of
from gateway.ingest import parked
from tests.gateway.conftest import TOWN, Gateway  # type: ignore[import-not-found]
from tests.gateway.edge_by_hand import CLOCK, EPOCH, Edge, connected, play


async def powers(gateway: Gateway) -> list[float]:
    """Give what is stored of the power of lamp 1."""
    async with gateway.signed_in() as browser:
        answer = await browser.get("/api/v1/devices/lamp-1-head/signals/power/series")
        return list(answer.json()["value"])


async def shown(gateway: Gateway) -> dict[str, Any]:
    """Give the edge as its page shows it."""
    async with gateway.signed_in(place="prirechye") as browser:
        (edge,) = (await browser.get("/api/v1/edges")).json()
        return dict(edge)


async def overloads(gateway: Gateway) -> list[bool]:
    """Give for each overload whether it is active."""
    async with gateway.signed_in() as browser:
        found: list[dict[str, Any]] = (await browser.get("/api/v1/incidents")).json()
        return [each["active"] for each in found if each["condition"] == "overload"]


def test_what_was_acknowledged_is_there_after_a_restart(tmp_path: Path, broker: str) -> None:
    async def first(_gateway: Gateway, edge: Edge) -> None:
        edge.be_born()
        for seq, value in enumerate([40.0, 41.0, 42.0], 1):
            edge.say(seq, value)
        await edge.until_acknowledged("telemetry", 1, 2, 3)

    async def second(gateway: Gateway, _edge: Edge) -> None:
        assert await powers(gateway) == [40.0, 41.0, 42.0]

    play(tmp_path, broker, first)
    play(tmp_path, broker, second)


def test_a_block_that_comes_again_is_acknowledged_again_and_stored_once(
    tmp_path: Path, broker: str
) -> None:
    async def story(gateway: Gateway, edge: Edge) -> None:
        edge.be_born()
        edge.say(1, 40.0)
        await edge.until_acknowledged("telemetry", 1)
        edge.heard.clear()
        edge.say(1, 40.0)
        await edge.until_acknowledged("telemetry", 1)
        assert await powers(gateway) == [40.0]

    play(tmp_path, broker, story)


def test_readings_without_a_birth_are_not_acknowledged_but_asked_for(
    tmp_path: Path, broker: str
) -> None:
    async def story(gateway: Gateway, edge: Edge) -> None:
        edge.say(1, 40.0, numbering=7)
        await edge.until(lambda: edge.heard_of("rebirth") > 0)
        assert edge.acknowledged("telemetry") == set()
        edge.be_born(numbering=7)
        edge.say(1, 40.0, numbering=7)
        await edge.until_acknowledged("telemetry", 1)
        assert await powers(gateway) == [40.0]

    play(tmp_path, broker, story)


def test_readings_that_follow_a_birth_at_once_are_understood_by_it(
    tmp_path: Path, broker: str
) -> None:
    async def story(_gateway: Gateway, edge: Edge) -> None:
        edge.be_born()
        for seq in range(1, 51):
            edge.say(seq, float(seq))
        await edge.until_acknowledged("telemetry", *range(1, 51))

    play(tmp_path, broker, story)


def telemetry(**changes: Any) -> bytes:
    """Give block 9 of telemetry as it should be, but for the changes."""
    now = CLOCK.time_ns()
    block = {"v": 1, "edge": "edge-1", "epoch": EPOCH, "seq": 9, "lowest": 1, "numbering": 1,
             "read_at": now, **wire.columns(Readings.of([1], now, [1.0], 0, now))}  # fmt: skip
    return zstandard.compress(msgspec.msgpack.encode(block | changes))


UNSIZED = zstandard.ZstdCompressor(write_content_size=False)
BOMB = bytes(200_000_000)


@pytest.mark.parametrize(
    "nonsense",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"{}", id="another format"),
        pytest.param(b"\x28\xb5\x2f\xfd nonsense", id="a frame of nonsense"),
        pytest.param(wire.encode(wire.Rebirth(reason="x")), id="another message"),
        pytest.param(telemetry()[:-5], id="truncated"),
        pytest.param(telemetry(v=99), id="an unknown version"),
        pytest.param(telemetry(value=bytes(80)), id="columns of different lengths"),
        pytest.param(telemetry(time=bytes(7)), id="a column that ends within a number"),
        pytest.param(telemetry(value=BOMB), id="a bomb that says its size"),
        pytest.param(UNSIZED.compress(BOMB), id="a bomb that does not"),
        pytest.param(telemetry(edge="edge-2"), id="the name of another edge"),
    ],
)
def test_a_message_that_cannot_be_understood_spoils_only_itself(
    tmp_path: Path, broker: str, nonsense: bytes
) -> None:
    async def story(gateway: Gateway, edge: Edge) -> None:
        edge.be_born()
        edge.say(1, 40.0)
        edge.send("telemetry", nonsense)
        edge.say(2, 41.0)
        await edge.until_acknowledged("telemetry", 1, 2)
        assert edge.heard_of("refusal") == 1
        assert (await shown(gateway))["refused"] == 1

    play(tmp_path, broker, story)


def test_refused_messages_are_counted_over_a_restart_and_shown_as_they_come(
    tmp_path: Path, broker: str
) -> None:
    async def first(gateway: Gateway, edge: Edge) -> None:
        edge.be_born()
        edge.say(1, 40.0)
        await edge.until_acknowledged("telemetry", 1)
        async with gateway.watching(place="prirechye") as live:
            await live.next("hello")
            edge.send("telemetry", telemetry(v=98))
            edge.send("events", telemetry(v=99))
            change = await live.next("change")
            while change.get("edge", {}).get("refused") != 2:  # incidents come too
                change = await live.next("change")
        assert change["edge"]["refusal"] == "EventHead: version 99, accepted are 1"

    async def second(gateway: Gateway, _edge: Edge) -> None:
        assert (await shown(gateway))["refused"] == 2

    play(tmp_path, broker, first)
    play(tmp_path, broker, second)


def test_an_edge_that_was_never_understood_is_counted(tmp_path: Path, broker: str) -> None:
    async def story(gateway: Gateway, edge: Edge) -> None:
        edge.send("birth", telemetry(v=99))
        await edge.until(lambda: edge.heard_of("refusal") == 1)
        assert (await shown(gateway))["refused"] == 1

    play(tmp_path, broker, story)


def test_an_edge_that_the_registry_does_not_have_is_told_at_its_birth(
    tmp_path: Path, broker: str
) -> None:
    async def story(_gateway: Gateway, edge: Edge) -> None:
        async with connected(broker, "stranger", name="edge-2") as stranger:
            stranger.be_born(name="edge-2")
            await stranger.until(lambda: stranger.heard_of("refusal") == 1)
        edge.be_born()
        edge.say(1, 40.0)
        await edge.until_acknowledged("telemetry", 1)

    play(tmp_path, broker, story)


def test_a_birth_of_a_billion_signals_is_refused(tmp_path: Path, broker: str) -> None:
    signals = [{"key": f"s{number}", "name": {}} for number in range(20_000)]
    birth = {
        "v": 1, "edge": "edge-1", "epoch": EPOCH, "numbering": 1, "revision": 1, "software": "",
        "sent_at": 1,
        "profiles": [{"profile": "lamp", "family": "lamp", "name": {}, "signals": signals}],
        "devices": [{"device": "lamp-1-head", "profile": "lamp", "first": 0}] * 50_000,
    }  # fmt: skip
    bomb = zstandard.compress(msgspec.msgpack.encode(birth))

    async def story(gateway: Gateway, edge: Edge) -> None:
        edge.send("birth", bomb)
        edge.be_born()
        edge.say(1, 40.0)
        await edge.until_acknowledged("telemetry", 1)
        assert (await shown(gateway))["refusal"] == (
            "Birth: 1000000000 signals, wanted at most 1048576"
        )

    play(tmp_path, broker, story)


def test_an_edge_cannot_speak_for_another(tmp_path: Path, broker: str) -> None:
    async def story(_gateway: Gateway, edge: Edge) -> None:
        edge.send("death", wire.Death(edge="edge-2", epoch=EPOCH))
        edge.send("events", wire.EventBlock(edge="edge-2", epoch=EPOCH, seq=1, lowest=1, events=[]))
        await edge.until(lambda: edge.heard_of("refusal") == 1)
        assert edge.acknowledged("events") == set()

    play(tmp_path, broker, story)


def test_readings_of_a_device_that_left_the_registry_hold_up_no_others(
    tmp_path: Path, broker: str
) -> None:
    async def story(gateway: Gateway, edge: Edge) -> None:
        edge.be_born()
        edge.say(1, 40.0)
        await edge.until_acknowledged("telemetry", 1)
        smaller = copy.deepcopy(TOWN)
        smaller["devices"] = smaller["devices"][1:]
        smaller["bindings"] = smaller["bindings"][1:]
        await gateway.import_registry(smaller)
        await edge.until(lambda: edge.offered() == 2)
        edge.be_born()
        edge.say(2, 41.0)
        edge.say(3, 42.0)
        await edge.until_acknowledged("telemetry", 2, 3)
        await gateway.import_registry(TOWN)
        await edge.until(lambda: edge.offered() == 3)
        assert await powers(gateway) == [40.0, 41.0, 42.0]

    play(tmp_path, broker, story)


def test_a_former_birth_explains_readings_and_changes_nothing_that_is_in_force(
    tmp_path: Path, broker: str
) -> None:
    async def story(gateway: Gateway, edge: Edge) -> None:
        edge.be_born(numbering=2, revision=5)
        edge.be_born(numbering=1, revision=1)
        edge.say(1, 40.0, numbering=1)
        await edge.until_acknowledged("telemetry", 1)
        async with gateway.signed_in(place="prirechye") as browser:
            (shown,) = (await browser.get("/api/v1/edges")).json()
        assert shown["revision_in_force"] == 5
        assert await powers(gateway) == [40.0]

    play(tmp_path, broker, story)


def test_a_number_that_was_never_born_spoils_only_its_own_reading(
    tmp_path: Path, broker: str
) -> None:
    async def story(gateway: Gateway, edge: Edge) -> None:
        edge.be_born()
        now = CLOCK.time_ns()
        block = Readings.of([1, 77], now, [40.0, 1.0], 0, now)
        edge.send_readings(1, block)
        await edge.until_acknowledged("telemetry", 1)
        assert await powers(gateway) == [40.0]

    play(tmp_path, broker, story)


def test_events_wait_for_the_block_that_is_missing(tmp_path: Path, broker: str) -> None:
    async def story(gateway: Gateway, edge: Edge) -> None:
        edge.be_born()
        edge.tell(2, active=False)
        edge.tell(1, active=True)
        await edge.until_acknowledged("events", 1, 2)
        assert await overloads(gateway) == [False]

    play(tmp_path, broker, story)


def test_events_go_on_when_the_edge_has_not_got_the_missing_block_any_more(
    tmp_path: Path, broker: str
) -> None:
    async def story(gateway: Gateway, edge: Edge) -> None:
        edge.be_born()
        edge.tell(5, active=True, lowest=5)
        await edge.until_acknowledged("events", 5)
        assert await overloads(gateway) == [True]

    play(tmp_path, broker, story)


def test_an_event_that_comes_again_changes_nothing(tmp_path: Path, broker: str) -> None:
    async def story(gateway: Gateway, edge: Edge) -> None:
        edge.be_born()
        edge.tell(1, active=True)
        edge.tell(1, active=True)
        edge.tell(2, active=True)
        await edge.until_acknowledged("events", 1, 2)
        assert await overloads(gateway) == [True]

    play(tmp_path, broker, story)


def test_events_over_which_the_gateway_stumbles_are_put_aside_and_hold_up_no_alarm(
    tmp_path: Path, broker: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def stumbling(*asked: Any) -> Meaning:
        if "strange" in asked:
            raise LookupError("a mistake of the gateway's own")
        return await meaning_of(*asked)

    monkeypatch.setattr(incident_block, "meaning_of", stumbling)

    async def story(gateway: Gateway, edge: Edge) -> None:
        edge.be_born()
        edge.tell(1, active=True, condition="strange")
        edge.tell(2, active=True)
        await edge.until_acknowledged("events", 1, 2)
        assert await overloads(gateway) == [True]
        (file,) = (tmp_path / "parked").iterdir()
        kept = wire.decode(file.read_bytes(), wire.EventBlock)
        assert (kept.seq, len(kept.events)) == (1, 1)

    play(tmp_path, broker, story)


def test_senseless_events_for_which_there_is_no_room_are_dropped_and_counted(
    tmp_path: Path, broker: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parked, "MOST_OF_EDGE", 2)

    async def story(gateway: Gateway, edge: Edge) -> None:
        edge.be_born()
        for seq in (1, 2, 3):
            edge.send("events", unreadable(seq))
        edge.tell(4, active=True)
        await edge.until_acknowledged("events", 1, 2, 3, 4)
        assert await overloads(gateway) == [True]
        kept = sorted(file.read_bytes() for file in (tmp_path / "parked").iterdir())
        assert kept == sorted([unreadable(1), unreadable(2)])
        state = await shown(gateway)
        assert (state["parked"], state["refused"]) == (2, 1)

    play(tmp_path, broker, story)


def unreadable(seq: int) -> bytes:
    """Give a block of events of a kind that no version knows."""
    event = {"type": "prophecy", "device": "lamp-1-head", "time": 1}
    block = {"v": 1, "edge": "edge-1", "epoch": EPOCH, "seq": seq, "lowest": 1, "events": [event]}
    return zstandard.compress(msgspec.msgpack.encode(block))


def test_events_that_cannot_be_decoded_are_put_aside_and_hold_up_no_alarm(
    tmp_path: Path, broker: str
) -> None:
    async def story(gateway: Gateway, edge: Edge) -> None:
        edge.be_born()
        edge.send("events", unreadable(2))
        edge.send("events", unreadable(2))  # it is sent again while block 1 is missing
        edge.tell(3, active=True)
        edge.tell(1, active=False)
        await edge.until_acknowledged("events", 1, 2, 3)
        assert await overloads(gateway) == [True]
        assert edge.heard_of("refusal") == 0
        (file,) = (tmp_path / "parked").iterdir()
        assert file.read_bytes() == unreadable(2)
        assert (await shown(gateway))["parked"] == 1

    play(tmp_path, broker, story)


def test_more_events_than_a_block_may_have_are_put_aside_and_hold_up_no_alarm(
    tmp_path: Path, broker: str
) -> None:
    changes = [
        wire.DeviceChange(device="lamp-1-head", online=True, time=at)
        for at in range(10 * wire.MOST_EVENTS)
    ]

    async def story(gateway: Gateway, edge: Edge) -> None:
        edge.be_born()
        edge.send_events(1, *changes)
        edge.tell(2, active=True)
        await edge.until_acknowledged("events", 1, 2)
        assert await overloads(gateway) == [True]
        assert (await shown(gateway))["parked"] == 1

    play(tmp_path, broker, story)


def test_what_was_put_aside_counts_until_a_person_takes_it_away(
    tmp_path: Path, broker: str
) -> None:
    async def first(_gateway: Gateway, edge: Edge) -> None:
        edge.be_born()
        edge.send("events", unreadable(1))
        await edge.until_acknowledged("events", 1)

    async def second(gateway: Gateway, edge: Edge) -> None:
        edge.send("events", unreadable(1))
        await edge.until_acknowledged("events", 1)
        assert (await shown(gateway))["parked"] == 1

    play(tmp_path, broker, first)
    play(tmp_path, broker, second)


def test_a_block_without_readable_numbers_is_refused_and_kept_by_its_edge(
    tmp_path: Path, broker: str
) -> None:
    async def story(_gateway: Gateway, edge: Edge) -> None:
        edge.be_born()
        edge.send("events", unreadable(1)[:20])
        edge.tell(1, active=True)
        await edge.until_acknowledged("events", 1)
        assert edge.heard_of("refusal") == 1
        assert not (tmp_path / "parked").exists()

    play(tmp_path, broker, story)
