"""An installation of several processes: who takes what, and what happens when one of them dies."""

import asyncio
import random
import signal
from pathlib import Path
from typing import Any

import pytest

from core.errors import ConfigError
from gateway.settings import load_settings
from gateway.storage import leases
from gateway.storage.leases import Deposed, Lease
from gateway.storage.outbox import Change, last_seq, publish
from tests.gateway.edge_by_hand import Edge, connected
from tests.gateway.hall import store
from tests.gateway.installation import Installation, Spool, installed
from tests.gateway.miserly_broker import MiserlyBroker
from tests.ports import free_port

UNSHARED = "the broker shares no readings out: each process stores all of them"
POSTGRESQL = "postgresql://kvartal@/kvartal"
INFLUX = {"series_store": "influxql", "series_url": "http://127.0.0.1:8086"}


@pytest.mark.parametrize(
    ("options", "wrong"),
    [
        ({"roles": "api"}, "roles: api alone need stores"),
        ({"roles": "api,ingest", "database_url": POSTGRESQL}, "found duckdb"),
        ({"roles": "worker", **INFLUX}, "found SQLite"),
        ({"roles": "api,cook"}, "found 'cook'"),
        ({"roles": ""}, "--roles"),
    ],
)
def test_a_role_without_stores_that_others_reach_is_refused(
    options: dict[str, Any], wrong: str
) -> None:
    with pytest.raises(ConfigError) as refused:
        load_settings(**options)
    assert wrong in str(refused.value)


def test_roles_may_stand_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KVARTAL_GATEWAY_ROLES", "ingest, api")
    settings = load_settings(database_url=POSTGRESQL, **INFLUX)
    assert settings.roles == ("ingest", "api")


@pytest.mark.usefixtures("on_postgresql")
def test_a_lease_has_one_holder_and_outlasts_its_restart(tmp_path: Path) -> None:
    async def body() -> list[bool]:
        async with store(tmp_path) as one, store(tmp_path) as other, store(tmp_path) as again:
            return [
                await Lease(one, "worker", "one").taken(),
                await Lease(other, "worker", "other").taken(),
                await Lease(again, "worker", "one").taken(),
            ]

    assert asyncio.run(body()) == [True, False, True]


@pytest.mark.usefixtures("on_postgresql")
def test_who_was_frozen_while_another_took_over_writes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leases, "GOOD_FOR_S", 0)

    async def body() -> int:
        async with store(tmp_path) as frozen, store(tmp_path) as other:
            await Lease(frozen, "worker", "frozen").taken()
            await Lease(other, "worker", "other").until_taken()
            with pytest.raises(Deposed):
                async with frozen.transaction() as session:
                    await publish(session, Change(topic="order", place_path="", body={}))
            async with other.transaction() as session:
                await publish(session, Change(topic="order", place_path="", body={}))
                return await last_seq(session)

    assert asyncio.run(body()) == 1


@pytest.fixture
def installation(tmp_path: Path, on_postgresql: str) -> Any:
    with installed(tmp_path) as found:
        yield found


@pytest.mark.system
@pytest.mark.timeout(240)
def test_readings_are_shared_out_and_survive_the_death_of_who_takes_them(
    installation: Installation,
) -> None:
    async def body() -> None:
        for name in ("one", "two"):
            installation.start(name, "ingest")
        installation.start("worker", "worker")
        for process in installation.processes.values():
            await process.until(missing=[])
        chance = random.Random(26)
        async with connected(installation.broker) as edge:
            spool = Spool(edge, installation.folder / "oracle")
            edge.be_born()
            for _ in range(4):
                for _ in range(40):
                    spool.read(5)
                    await asyncio.sleep(0)
                await asyncio.sleep(chance.random() / 2)
                victim = installation.processes[chance.choice(["one", "two"])]
                victim.kill()
                spool.read(5)
                victim.start()
            await spool.until_empty()
            assert installation.stored() == spool.told()

    asyncio.run(_with_town(installation, body))


@pytest.mark.system
@pytest.mark.timeout(240)
def test_whoever_works_a_page_of_another_process_shows_it(installation: Installation) -> None:
    async def body() -> None:
        pages = installation.start("pages", "api")
        first = installation.start("first", "worker,ingest")
        await first.until(stands_by=False, missing=[])
        second = installation.start("second", "worker,ingest")
        await second.until(stands_by=True, missing=[])
        await pages.until(missing=[])
        async with (
            connected(installation.broker) as edge,
            installation.page("pages").watching("prirechye") as live,
        ):
            edge.be_born()
            assert await _next_of(live, "edge", online=True)
            edge.tell(1, active=True)
            await edge.until_acknowledged("events", 1)
            assert await _next_of(live, "incident", cleared_at=None)

            edge.heard.clear()
            first.kill()
            await _new_leader(edge)
            edge.tell(2, active=False)
            await edge.until_acknowledged("events", 2)
            incident = await _next_of(live, "incident")
            assert incident["cleared_at"]

            third = installation.start("third", "worker,ingest")
            await third.until(stands_by=True)
            edge.heard.clear()
            second.signal(signal.SIGSTOP)
            await _new_leader(edge)
            edge.tell(3, active=True)
            await edge.until_acknowledged("events", 3)
            second.signal(signal.SIGCONT)
            await second.until_ended()
            edge.tell(4, active=False)
            await edge.until_acknowledged("events", 4)
        async with installation.page("pages").signed_in() as browser:
            answer = await browser.get("/api/v1/incidents")
            found = [(each["condition"], bool(each["cleared_at"])) for each in answer.json()]
        assert found == [("overload", True), ("overload", True)]

    asyncio.run(_with_town(installation, body))


@pytest.mark.system
@pytest.mark.timeout(240)
def test_where_a_broker_shares_nothing_out_each_process_stores_all_and_says_so(
    installation: Installation,
) -> None:
    async def body() -> None:
        for name in ("one", "two"):
            installation.start(name, "ingest")
        installation.start("worker", "worker")
        for name in ("one", "two"):
            await installation.processes[name].until(missing=[], warnings=[UNSHARED])
        await installation.processes["worker"].until(missing=[], warnings=[])
        async with connected(installation.broker) as edge:
            spool = Spool(edge, installation.folder / "oracle")
            edge.be_born()
            for _ in range(20):
                spool.read(5)
            installation.processes["one"].kill()
            for _ in range(20):
                spool.read(5)
            await spool.until_empty()
            assert installation.stored() == spool.told()

    async def behind_the_relay() -> None:
        url, port = installation.broker, free_port()
        relay = MiserlyBroker(port, int(url.rpartition(":")[2]))
        await relay.open()
        installation.broker = f"mqtt://127.0.0.1:{port}"
        try:
            await _with_town(installation, body)
        finally:
            await relay.close()
        assert relay.swallowed >= 2  # a proof of each process that stores

    asyncio.run(behind_the_relay())


async def _with_town(installation: Installation, body: Any) -> None:
    await installation.import_town()
    await body()


async def _new_leader(edge: Edge) -> None:
    """Wait for the roll call of a process that takes over, within a minute, and answer it."""
    async with asyncio.timeout(60):
        while not edge.heard_of("rebirth"):
            await asyncio.sleep(0.01)
    edge.be_born()


async def _next_of(live: Any, topic: str, **fields: object) -> dict[str, Any]:
    """Give the next change of this topic with these fields."""
    while True:
        change = await live.next("change")
        body: dict[str, Any] = change.get(topic) or {}
        if body and fields.items() <= body.items():
            return body
