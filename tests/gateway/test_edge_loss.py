"""An edge that is gone is an incident of the edge, and no other; a restart of it is none."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from adapters import wire
from core.clock import SystemClock
from gateway.cases.edge_loss import missed_at
from gateway.ingest.births import Births
from gateway.ingest.downlink import Downlink
from gateway.ingest.edges import Edges
from gateway.ingest.fleet import Fleet
from gateway.ingest.latest import LatestValues
from gateway.ingest.parked import Parked
from gateway.registry.directory import EdgeState
from gateway.registry.document import decode_registry
from gateway.registry.snapshot import RegistrySnapshot
from simulators.bench.relay import Relay
from tests.gateway.conftest import Gateway, started, words  # type: ignore[import-not-found]
from tests.gateway.edge_by_hand import CLOCK, WITHIN_S, Edge, connected, play
from tests.gateway.hall import hall
from tests.gateway.hall import town as town_of_two

REGION = "prirechye"
OTHER = {"id": "edge-2", "name": words("Edge 2", "Узел 2"), "place": "left"}
LOST_AFTER_S = 30.0


class MovedClock(SystemClock):
    """The clock of this machine, moved on by hand."""

    def __init__(self) -> None:
        self.moved_s = 0.0

    def now(self) -> datetime:
        return super().now() + timedelta(seconds=self.moved_s)

    def monotonic(self) -> float:
        return super().monotonic() + self.moved_s


@pytest.fixture
def town(town: dict[str, Any]) -> dict[str, Any]:
    """Give a town whose edge 1 stands in the street of its devices, and edge 2 has none."""
    town["edges"][0]["place"] = "lesnaya"
    for device in town["devices"]:
        device["place"] = "lesnaya"
    town["edges"].append(OTHER)
    return town


async def seen(gateway: Gateway, path: str, place: str = REGION) -> list[dict[str, Any]]:
    async with gateway.signed_in("dispatcher", place) as browser:
        return list((await browser.get(f"/api/v1/{path}")).json())


async def losses(gateway: Gateway) -> list[tuple[str, bool]]:
    """Give every incident of the town by its device, the oldest first, and whether it is active."""
    found = await seen(gateway, "incidents")
    return [(each["device"], each["active"]) for each in reversed(found)]


async def online(gateway: Gateway) -> dict[str, bool]:
    return {edge["id"]: edge["online"] for edge in await seen(gateway, "edges")}


async def until(ask: Callable[[], Awaitable[object]], wanted: object) -> None:
    """Wait until what is asked is so."""
    async with asyncio.timeout(WITHIN_S):
        while await ask() != wanted:
            await asyncio.sleep(0.05)


async def be_there(gateway: Gateway, edge: Edge, *names: str) -> None:
    """Let edges be born, and wait until that is known."""
    for name in names:
        edge.be_born(name=name)
    for name in names:
        await until(lambda name=name: is_online(gateway, name), True)  # type: ignore[misc]


async def is_online(gateway: Gateway, name: str) -> bool:
    return (await online(gateway))[name]


def test_an_edge_that_is_cut_off_is_one_incident_with_a_case(
    tmp_path: Path, broker: str, town: dict[str, Any]
) -> None:
    async def story(gateway: Gateway, _edge: Edge) -> None:
        async with (
            Relay(int(broker.rpartition(":")[2])) as relay,
            connected(f"mqtt://127.0.0.1:{relay.port}", "far-edge") as far,
        ):
            await be_there(gateway, far, "edge-1")
            await relay.cut()
            await until(lambda: losses(gateway), [("edge-1", True)])
        (case,) = await seen(gateway, "cases")
        (incident,) = await seen(gateway, "incidents")
        assert (case["category"], case["priority"], case["place"], case["active_incidents"]) == (
            "device.edge", "high", "lesnaya", 1,
        )  # fmt: skip
        assert case["title"] == {"ru": "Узел «Узел 1» не на связи", "en": "Edge “Edge 1” is gone"}
        assert "(2)" in incident["consequence"]["en"]
        assert all(set(incident[part]) == {"ru", "en"} for part in ("cause", "action"))
        assert await online(gateway) == {"edge-1": False, "edge-2": False}
        assert await seen(gateway, "cases", "right") == []

    play(tmp_path, broker, story, town=town, edge_lost_after_s=0)


def test_an_edge_of_the_region_is_missed_by_each_municipality_whose_devices_it_reads(
    tmp_path: Path, broker: str
) -> None:
    async def story(gateway: Gateway, edge: Edge) -> None:
        await be_there(gateway, edge, "edge-1")
        edge.die()
        await until(lambda: losses(gateway), [("edge-1", True)] * 2)
        for place in ("left", "right"):
            (case,) = await seen(gateway, "cases", place)
            (incident,) = await seen(gateway, "incidents", place)
            assert (case["category"], case["place"]) == ("device.edge", place)
            assert "(1)" in incident["consequence"]["en"]
        edge.be_born()
        await until(lambda: losses(gateway), [("edge-1", False)] * 2)
        assert await seen(gateway, "cases") == []

    play(tmp_path, broker, story, edge_lost_after_s=0)


def test_both_municipalities_may_take_note_of_the_loss_of_one_edge(
    tmp_path: Path, broker: str
) -> None:
    async def story(gateway: Gateway, edge: Edge) -> None:
        await be_there(gateway, edge, "edge-1")
        edge.die()
        await until(lambda: losses(gateway), [("edge-1", True)] * 2)
        for place in ("left", "right"):
            (incident,) = await seen(gateway, "incidents", place)
            async with gateway.signed_in("dispatcher", place) as browser:
                answer = await browser.post(
                    "/api/v1/incidents/acknowledge", json={"incidents": [incident["id"]]}
                )
            assert answer.status_code == 200
        assert all(each["acknowledged"] for each in await seen(gateway, "incidents"))

    play(tmp_path, broker, story, edge_lost_after_s=0)


def test_a_municipality_that_gets_its_first_device_of_a_lost_edge_misses_it_too(
    tmp_path: Path, broker: str, town: dict[str, Any]
) -> None:
    async def story(gateway: Gateway, edge: Edge) -> None:
        await be_there(gateway, edge, "edge-1")
        edge.die()
        await until(lambda: losses(gateway), [("edge-1", True)])
        moved = town["devices"][1] | {"place": "beregovaya"}
        await gateway.import_registry(town | {"devices": [town["devices"][0], moved]})
        await until(lambda: losses(gateway), [("edge-1", True)] * 2)
        (case,) = await seen(gateway, "cases", "right")
        assert (case["category"], case["place"]) == ("device.edge", "right")
        edge.be_born()
        await until(lambda: losses(gateway), [("edge-1", False)] * 2)

    play(tmp_path, broker, story, town=town, edge_lost_after_s=0)


@pytest.mark.parametrize(
    ("edge", "devices", "missed"),
    [
        ("prirechye", (), {"prirechye": 0}),
        ("prirechye", ("prirechye", "lesnaya"), {"prirechye": 1, "left": 1}),
        ("lesnaya", ("lesnaya-5", "prirechye", "beregovaya"), {"lesnaya": 2, "right": 1}),
        ("lesnaya", ("beregovaya",), {"lesnaya": 0, "right": 1}),
    ],
)
def test_where_an_edge_is_missed(
    town: dict[str, Any], edge: str, devices: tuple[str, ...], missed: dict[str, int]
) -> None:
    town["edges"][0]["place"] = edge
    town["devices"] = [
        town["devices"][0] | {"id": f"device-{number}", "place": place}
        for number, place in enumerate(devices)
    ]
    town["bindings"] = []
    registry = RegistrySnapshot(decode_registry(json.dumps(town).encode()), 1)
    assert missed_at(registry, registry.edges["edge-1"], CLOCK.now()) == missed


def test_the_untouched_case_of_an_edge_that_is_back_closes_by_itself(
    tmp_path: Path, broker: str, town: dict[str, Any]
) -> None:
    async def story(gateway: Gateway, edge: Edge) -> None:
        await be_there(gateway, edge, "edge-1")
        edge.die()
        await until(lambda: losses(gateway), [("edge-1", True)])
        edge.be_born()
        await until(lambda: losses(gateway), [("edge-1", False)])
        (case,) = await seen(gateway, "cases?state=all")
        assert (case["state"], case["active_incidents"]) == ("closed", 0)

    play(tmp_path, broker, story, town=town, edge_lost_after_s=0)


def test_a_case_that_somebody_has_seen_waits_for_them(
    tmp_path: Path, broker: str, town: dict[str, Any]
) -> None:
    async def story(gateway: Gateway, edge: Edge) -> None:
        await be_there(gateway, edge, "edge-1")
        edge.die()
        await until(lambda: losses(gateway), [("edge-1", True)])
        async with gateway.signed_in("dispatcher", REGION) as browser:
            await browser.post("/api/v1/incidents/acknowledge", json={"incidents": [1]})
        edge.be_born()
        await until(lambda: losses(gateway), [("edge-1", False)])
        (case,) = await seen(gateway, "cases")
        assert case["state"] == "routed"

    play(tmp_path, broker, story, town=town, edge_lost_after_s=0)


def test_a_restart_of_an_edge_is_no_incident(
    tmp_path: Path, broker: str, town: dict[str, Any]
) -> None:
    clock = MovedClock()

    async def story(gateway: Gateway, edge: Edge) -> None:
        await be_there(gateway, edge, "edge-1", "edge-2")
        edge.die()
        edge.die("edge-2")
        await until(lambda: online(gateway), {"edge-1": False, "edge-2": False})
        await be_there(gateway, edge, "edge-1")

        async def later() -> list[tuple[str, bool]]:
            clock.moved_s += LOST_AFTER_S
            return await losses(gateway)

        # The other one stays away: once it is an incident, this one has been looked at too.
        await until(later, [("edge-2", True)])

    settings = {"edge_lost_after_s": LOST_AFTER_S, "edge_silent_s": 3600}
    play(tmp_path, broker, story, town=town, clock=clock, **settings)


def test_an_edge_that_says_nothing_is_gone_and_comes_back_with_a_birth(
    tmp_path: Path, broker: str, town: dict[str, Any]
) -> None:
    clock = MovedClock()

    async def story(gateway: Gateway, edge: Edge) -> None:
        await be_there(gateway, edge, "edge-1")
        edge.heard.clear()
        clock.moved_s += 60
        await until(lambda: losses(gateway), [("edge-1", True)])
        assert (await online(gateway))["edge-1"] is False
        edge.say(1, 40.0)
        await edge.until(lambda: edge.heard_of("rebirth") > 0)
        edge.be_born()
        await until(lambda: losses(gateway), [("edge-1", False)])

    play(tmp_path, broker, story, town=town, clock=clock, edge_silent_s=60, edge_lost_after_s=0)


def test_an_edge_that_was_never_there_is_not_missed(
    tmp_path: Path, broker: str, town: dict[str, Any]
) -> None:
    async def story(gateway: Gateway, edge: Edge) -> None:
        await be_there(gateway, edge, "edge-2")
        edge.die("edge-2")
        await until(lambda: losses(gateway), [("edge-2", True)])

    play(tmp_path, broker, story, town=town, edge_lost_after_s=0)


def test_what_was_gone_before_the_gateway_started_is_known_and_what_is_fine_does_not_flash(
    tmp_path: Path, broker: str, town: dict[str, Any]
) -> None:
    third = OTHER | {"id": "edge-3", "name": words("Edge 3", "Узел 3")}
    town["edges"].append(third)

    async def before(gateway: Gateway, edge: Edge) -> None:
        await be_there(gateway, edge, "edge-1", "edge-2", "edge-3")
        edge.die("edge-2")
        await until(lambda: losses(gateway), [("edge-2", True)])

    async def after(gateway: Gateway, edge: Edge) -> None:
        assert await losses(gateway) == [("edge-2", True)]
        await be_there(gateway, edge, "edge-1", "edge-3")
        edge.die("edge-3")
        await until(lambda: losses(gateway), [("edge-2", True), ("edge-3", True)])
        edge.be_born(name="edge-2")
        await until(lambda: losses(gateway), [("edge-2", False), ("edge-3", True)])

    play(tmp_path, broker, before, town=town, edge_lost_after_s=0)
    play(tmp_path, broker, after, town=town, edge_lost_after_s=0)


def test_an_edge_that_died_while_the_gateway_was_away_is_missed(
    tmp_path: Path, broker: str, town: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.ingest.edges.SILENT_AFTER_S", 1.0)

    async def before(gateway: Gateway, edge: Edge) -> None:
        await be_there(gateway, edge, "edge-1", "edge-2")

    async def after(gateway: Gateway, edge: Edge) -> None:
        await be_there(gateway, edge, "edge-1")
        await until(lambda: losses(gateway), [("edge-2", True)])

    play(tmp_path, broker, before, town=town)
    play(tmp_path, broker, after, town=town, edge_lost_after_s=0)


def test_an_edge_that_leaves_the_registry_is_missed_no_more(
    tmp_path: Path, broker: str, town: dict[str, Any]
) -> None:
    async def story(gateway: Gateway, edge: Edge) -> None:
        await be_there(gateway, edge, "edge-2")
        edge.die("edge-2")
        await until(lambda: losses(gateway), [("edge-2", True)])
        await gateway.import_registry(town | {"edges": town["edges"][:1]})
        await until(lambda: losses(gateway), [("edge-2", False)])

    play(tmp_path, broker, story, town=town, edge_lost_after_s=0)


def test_no_edge_can_speak_of_the_loss_of_another(
    tmp_path: Path, broker: str, town: dict[str, Any]
) -> None:
    async def story(gateway: Gateway, edge: Edge) -> None:
        await be_there(gateway, edge, "edge-1", "edge-2")
        edge.die("edge-2")
        await until(lambda: losses(gateway), [("edge-2", True)])
        back = wire.Condition(
            device="edge-2", condition="edge_lost", active=False, time=1, number=1
        )
        gone = wire.Condition(device="edge-1", condition="edge_lost", active=True, time=1, number=2)
        edge.send_events(1, back, gone, wire.ActiveSet(time=2, conditions=[]))
        await edge.until_acknowledged("events", 1)
        assert await losses(gateway) == [("edge-2", True)]

    play(tmp_path, broker, story, town=town, edge_lost_after_s=0)


def test_without_a_broker_nobody_can_say_that_an_edge_is_gone(
    tmp_path: Path, broker: str, town: dict[str, Any]
) -> None:
    clock = MovedClock()

    async def body() -> None:
        async with Relay(int(broker.rpartition(":")[2])) as relay:
            url = f"mqtt://127.0.0.1:{relay.port}"
            async with (
                connected(broker) as edge,
                started(tmp_path, town, broker=url, clock=clock, edge_lost_after_s=0) as gateway,
            ):
                await edge.until(lambda: edge.heard_of("rebirth") > 0)
                await be_there(gateway, edge, "edge-1", "edge-2")
                edge.die("edge-2")
                await until(lambda: losses(gateway), [("edge-2", True)])
                await relay.cut()
                clock.moved_s += 3600
                # That one left the registry is noticed by the watch, which has then looked again.
                await gateway.import_registry(town | {"edges": town["edges"][:1]})
                await until(lambda: losses(gateway), [("edge-2", False)])
                assert await online(gateway) == {"edge-1": True}

    asyncio.run(body())


def test_a_device_behind_an_edge_that_is_gone_is_not_said_to_answer(
    tmp_path: Path, broker: str, town: dict[str, Any]
) -> None:
    async def presence(gateway: Gateway) -> set[tuple[bool | None, bool]]:
        devices = await seen(gateway, "devices")
        return {(each["online"], each["edge_online"]) for each in devices}

    async def story(gateway: Gateway, edge: Edge) -> None:
        await be_there(gateway, edge, "edge-1")
        edge.send_events(1, wire.ActiveSet(time=1, conditions=[]))
        await until(lambda: presence(gateway), {(True, True)})
        edge.die("edge-1")
        await until(lambda: presence(gateway), {(None, False)})

    play(tmp_path, broker, story, town=town, edge_lost_after_s=0)


def test_an_edge_that_leaves_the_registry_while_it_is_lost_breaks_nothing(tmp_path: Path) -> None:
    async def scenario() -> bool:
        async with hall(tmp_path) as here:
            births = Births(here.clock, here.registry)
            fleet = Fleet(births, LatestValues(), Parked(tmp_path / "parked"))
            edges = Edges(here.clock, here.database, here.registry, births=births, fleet=fleet,
                          downlink=Downlink(), silent_after_s=60)  # fmt: skip
            fleet.edges["edge-1"] = EdgeState(online=True, revision_in_force=1)
            without = replace(town_of_two(), edges=(), endpoints=(), devices=(), bindings=())
            async with here.database.transaction():  # whoever imports the registry is before it
                losing = asyncio.create_task(edges.lose("edge-1", "its line broke"))
                here.registry.snapshot = RegistrySnapshot(without, 2)
            await losing
            return fleet.edge_state("edge-1").online

    assert asyncio.run(scenario()) is False
