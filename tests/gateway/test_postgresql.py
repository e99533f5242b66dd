"""What only PostgreSQL can do to a gateway: other writers, and a store that goes away."""

import asyncio
import os
import signal
from collections.abc import Sequence
from pathlib import Path

import pytest
from sqlalchemy import text

from core.errors import ConfigError
from gateway.settings import load_settings
from gateway.storage.database import Database
from gateway.storage.failures import StoreAway, Unstorable
from gateway.storage.opened import opened
from gateway.storage.outbox import Change, OutboxReader, publish
from gateway.storage.tables import OutboxRow
from gateway.tasks import Tasks
from tests.adapters.certificates import Authority
from tests.gateway.conftest import TOWN, started
from tests.gateway.hall import LEFT, condition, hall, store
from tests.gateway.postgresql import PASSWORD, Cluster

SECURED = "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()"
WAITING = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"


async def until_one_waits(database: Database) -> None:
    """Wait until a writer waits for another one's end."""
    async with asyncio.timeout(20), database.reading() as session:
        while not await session.scalar(text(WAITING)):
            await asyncio.sleep(0.01)


async def process_of(database: Database) -> int:
    """Give the process of PostgreSQL that serves the next session."""
    async with database.reading() as session:
        return int(await session.scalar(text("SELECT pg_backend_pid()")) or 0)


@pytest.mark.usefixtures("on_postgresql")
def test_two_gateways_never_open_two_cases_of_one_problem(tmp_path: Path) -> None:
    async def body() -> list[tuple[str | None, int]]:
        async with hall(tmp_path) as one, hall(tmp_path) as other:
            async with one.database.transaction() as session:
                await one.intake.take_events(session, "edge-1", [condition("lift-1", "stopped")])
                second = asyncio.create_task(other.take(condition("lift-1", "trapped")))
                await until_one_waits(one.database)
            await second
            return [(case.asset, case.incidents) for case in await other.worklist(LEFT)]

    assert asyncio.run(body()) == [("lift-1", 2)]


@pytest.mark.usefixtures("on_postgresql")
def test_a_reader_of_the_outbox_never_steps_over_what_is_committed_late(tmp_path: Path) -> None:
    got: list[str] = []

    async def take(rows: Sequence[OutboxRow]) -> None:
        got.extend(row.place_path for row in rows)

    async def write(database: Database, what: str) -> None:
        async with database.transaction() as session:
            await publish(session, Change(topic="order", place_path=what, body={}))

    async def body() -> None:
        async with store(tmp_path) as one, store(tmp_path) as other:
            reader = OutboxReader(other, ("order",), take, name="orders")
            await reader.start()
            async with Tasks(lambda: None) as tasks:
                async with one.transaction() as session:
                    await publish(session, Change(topic="order", place_path="first", body={}))
                    second = asyncio.create_task(write(other, "second"))
                    await until_one_waits(one)  # the second would like to overtake the first
                    tasks.start("reader", reader.run())
                await second
                async with asyncio.timeout(20):
                    while len(got) < 2:
                        await asyncio.sleep(0.01)

    asyncio.run(body())
    assert got == ["first", "second"]


@pytest.mark.usefixtures("on_postgresql")
def test_a_killed_connection_is_told_and_the_next_one_works(tmp_path: Path) -> None:
    async def body() -> None:
        async with store(tmp_path) as database:
            with pytest.raises(StoreAway):
                await _write_over_a_killed_connection(database)
            async with asyncio.timeout(20):
                while not await _answers(database):
                    await asyncio.sleep(0.05)
            async with database.reading() as session:
                assert await session.scalar(text("SELECT count(*) FROM outbox")) == 0

    asyncio.run(body())


async def _write_over_a_killed_connection(database: Database) -> None:
    async with database.transaction() as session:
        await publish(session, Change(topic="order", place_path="lost", body={}))
        os.kill(int(await session.scalar(text("SELECT pg_backend_pid()")) or 0), signal.SIGKILL)


async def _answers(database: Database) -> bool:
    try:
        await process_of(database)
    except StoreAway:
        return False
    return True


@pytest.mark.usefixtures("on_postgresql")
def test_a_gateway_whose_store_is_gone_says_so_and_works_again(
    tmp_path: Path, postgresql: Cluster
) -> None:
    async def body() -> None:
        async with started(tmp_path, TOWN) as gateway, gateway.signed_in() as browser:
            assert (await browser.get("/readyz")).json()["store"] == "postgresql"
            await asyncio.to_thread(postgresql.stop)
            refused = await browser.get("/api/v1/cases")
            assert (refused.status_code, refused.headers["Retry-After"]) == (503, "5")
            assert refused.json()["detail"].startswith("The store of cases does not answer.")
            assert (await browser.get("/readyz")).status_code == 503
            assert (await browser.get("/healthz")).status_code == 200
            await asyncio.to_thread(postgresql.start)
            assert (await browser.get("/readyz")).status_code == 200
            assert (await browser.get("/api/v1/cases")).json() == []
            await gateway.import_registry(TOWN)  # its readers of the outbox live, too
            await gateway.until_shown()

    asyncio.run(body())


@pytest.mark.usefixtures("on_postgresql")
def test_what_postgresql_cannot_hold_is_refused_not_repeated(tmp_path: Path) -> None:
    async def write(database: Database, place_path: str) -> None:
        async with database.transaction() as session:
            await publish(session, Change(topic="order", place_path=place_path, body={}))

    async def body() -> None:
        async with store(tmp_path) as database:
            with pytest.raises(Unstorable, match="too long"):
                await write(database, "x" * 501)
            with pytest.raises(Unstorable):
                await write(database, "a\0b")
            await write(database, "good")

    asyncio.run(body())


def test_the_password_comes_from_a_file_and_a_wrong_one_is_told(
    tmp_path: Path, postgresql: Cluster, on_postgresql: str
) -> None:
    file = tmp_path / "password"
    file.write_text(f"{PASSWORD}\n")
    options = {
        "data_dir": tmp_path,
        "database_url": postgresql.url_by_password(on_postgresql),
        "database_password_file": file,
    }

    async def body() -> str:
        async with opened(load_settings(None, **options)) as database:
            assert await process_of(database)
        file.write_text("another secret\n")
        with pytest.raises(ConfigError, match="password authentication failed") as refusal:
            async with opened(load_settings(None, **options), waits=True):
                pass
        return str(refusal.value)

    assert "another secret" not in asyncio.run(body())


def test_a_server_with_a_certificate_is_spoken_to_by_tls_and_a_strange_one_refused(
    tmp_path: Path, postgresql: Cluster, on_postgresql: str
) -> None:
    ours, other = Authority(tmp_path, "ours"), Authority(tmp_path, "other")
    postgresql.secure(*ours.sign("database", host="db.example"))
    password = tmp_path / "password"
    password.write_text(PASSWORD)
    options = {"data_dir": tmp_path, "database_password_file": password}
    url = postgresql.url_by_password(on_postgresql)

    async def is_secured(**more: object) -> bool:
        settings = load_settings(None, **options, **more)
        async with opened(settings, waits=True) as database, database.reading() as session:
            return bool(await session.scalar(text(SECURED)))

    async def body() -> None:
        assert await is_secured(database_url=url, database_ca_file=ours.file)
        with pytest.raises(ConfigError, match=r"refused: unable to get .* as database_ca_file"):
            await is_secured(database_url=url, database_ca_file=other.file)
        other_name = url.replace("127.0.0.1", "localhost")
        with pytest.raises(ConfigError, match=r"refused: Hostname mismatch.* a name that stands"):
            await is_secured(database_url=other_name, database_ca_file=ours.file)

    asyncio.run(body())


@pytest.mark.parametrize(
    ("url", "wrong"),
    [
        ("postgresql://kvartal:secret@db.example/kvartal", "use database_password_file"),
        ("mysql://kvartal@db.example/kvartal", "wanted postgresql:// or sqlite://, found mysql://"),
        ("postgresql://db.example", "wanted the account and the database"),
        ("secret", "wanted a URL like postgresql://"),
    ],
)
def test_a_url_that_cannot_be_is_refused_without_being_quoted(url: str, wrong: str) -> None:
    with pytest.raises(ConfigError, match=wrong) as refusal:
        load_settings(database_url=url)
    assert "secret" not in str(refusal.value)
