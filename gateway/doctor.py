"""`kvartal gateway doctor`: which stores the settings name, whether they answer, what to do if not.

It changes nothing, and may be asked beside a gateway that runs.
"""

import asyncio
import http.client
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import urlsplit

import duckdb
from sqlalchemy import text

from adapters.mqtt.link import PORTS, MqttLink
from adapters.mqtt.tls import open_connection
from core.clock import SystemClock
from core.errors import KvartalError
from core.finding import Finding, free_disk
from gateway.series import REFUSED, open_series
from gateway.settings import Settings
from gateway.storage.database import POSTGRESQL, Database
from gateway.storage.failures import StoreAway, StoreRefuses
from gateway.storage.schema import known_revisions, revision_of
from gateway.timeseries.duckdb import DATABASE, SERIES
from gateway.timeseries.influx import LineProtocolStore
from gateway.timeseries.port import StoreUnavailable

ANSWER_S = 5.0
AFRESH = "none yet; the first start of the gateway makes it"


async def look(settings: Settings) -> AsyncIterator[Finding]:
    """Give one finding after another. ConfigError where a file of the settings cannot be used."""
    gateway = await asyncio.to_thread(_gateway, settings)
    is_running = gateway is not None
    yield gateway or Finding("gateway", f"does not run at {settings.listen}", good=True)
    database = Database(settings.database, settings.database_tls())
    try:
        yield await _cases(settings, database)
        if settings.series_store == "duckdb":
            yield await asyncio.to_thread(_duckdb, settings.data_dir)
        else:
            yield await _server(settings, database)
            yield _refused(settings.data_dir / REFUSED)
    finally:
        await database.close()
    yield await _broker(settings, is_running=is_running)
    folder = settings.data_dir.absolute()
    there = next(path for path in (folder, *folder.parents) if path.exists())
    yield free_disk(shutil.disk_usage(there).free, f"in {there}")


def _gateway(settings: Settings) -> Finding | None:
    """Ask the gateway itself; None where it does not run."""
    connection = http.client.HTTPConnection(settings.host, settings.port, timeout=ANSWER_S)
    try:
        connection.request("GET", "/readyz", headers={"Host": settings.hosts[0]})
        answer = connection.getresponse()
        said = answer.read(500).decode(errors="replace")
    except OSError:
        return None
    except http.client.HTTPException as error:
        said, status = str(error), 0
    else:
        status = answer.status
    finally:
        connection.close()
    found = f"runs at {settings.listen}" + ("" if status == 200 else f", not ready: {said}")
    return Finding("gateway", found, status == 200, advice="its log says what it waits for")


async def _cases(settings: Settings, database: Database) -> Finding:
    where = settings.database.render_as_string(hide_password=True)
    is_server = database.name == POSTGRESQL
    if not is_server and not await asyncio.to_thread(Path(settings.database.database or "").exists):
        return Finding("cases", f"{where}: {AFRESH}", good=True)
    version = "SHOW server_version" if is_server else "SELECT sqlite_version()"
    try:
        async with database.reading() as session:
            kind = (
                f"{'PostgreSQL' if is_server else 'SQLite'} {await session.scalar(text(version))}"
            )
            revision = await revision_of(session)
    except StoreRefuses as error:
        advice = "deploy/postgresql/README.md says how account, database and certificate are set up"
        return Finding("cases", f"{where}: {error}", good=False, advice=advice)
    except StoreAway as error:
        advice = "start it, or mend database_url; a gateway that runs waits for it"
        return Finding("cases", f"{where}: {error}", good=False, advice=advice)
    known = known_revisions()
    if revision and revision not in known:
        found = f"{kind}, {where}: its tables are of revision {revision}, which is not known here"
        return Finding("cases", found, good=False, advice="install the Kvartal that made them")
    behind = "" if revision == known[0] else f"; the next start makes it {known[0]}"
    return Finding("cases", f"{kind}, {where}, revision {revision or 'none'}{behind}", good=True)


def _duckdb(folder: Path) -> Finding:
    path = folder / DATABASE
    if not path.exists():
        return Finding("readings", f"DuckDB {path}: {AFRESH}", good=True)
    sealed = sum(1 for _ in (folder / SERIES).glob("*.parquet"))
    kind = f"DuckDB {duckdb.__version__}, {path}, {path.stat().st_size / 1e6:.0f} MB"
    kind += f", {sealed} sealed days"
    try:
        duckdb.connect(str(path), read_only=True).close()
    except duckdb.Error as error:
        if "lock" in str(error):
            return Finding("readings", f"{kind}, in use by a gateway", good=True)
        advice = "`kvartal gateway rebuild-series` makes it anew from the day files"
        return Finding("readings", f"{kind}: {error}", good=False, advice=advice)
    return Finding("readings", kind, good=True)


async def _server(settings: Settings, database: Database) -> Finding:
    where = f"{settings.series_store} {settings.series_url}, {settings.series_bucket},"
    try:
        async with open_series(settings, SystemClock(), database) as series:
            if isinstance(series.store, LineProtocolStore):
                await series.store.ping()
    except StoreUnavailable as error:
        advice = "start it, make the database, or mend the settings series_…; gateway/README.md"
        return Finding("readings", f"{settings.series_store}: {error}", good=False, advice=advice)
    return Finding("readings", f"{where} answers", good=True)


def _refused(folder: Path) -> Finding:
    files = sum(1 for _ in folder.glob("*.lines"))
    advice = "the log says why; mend it, send each file to the server's /write, and remove it"
    found = f"{files} files of readings that the server did not take, in {folder}"
    return Finding("refused", found, not files, needed=False, advice=advice)


async def _broker(settings: Settings, *, is_running: bool) -> Finding:
    """Log in at the broker; beside a gateway only connect: two of one name push each other out."""
    advice = "start it, or mend the settings broker_…; edges keep what they have"
    parts = urlsplit(settings.broker)
    address = parts.hostname or "", parts.port or PORTS[parts.scheme]
    try:
        tls = settings.broker_tls() if parts.scheme == "mqtts" else None
        (await asyncio.to_thread(open_connection, address, tls)).close()
        if not is_running:
            await _log_in(settings)
    except (KvartalError, OSError) as error:
        told = str(error) if settings.broker in str(error) else f"{settings.broker}: {error}"
        return Finding("broker", told, good=False, advice=advice)
    done = "answers" if is_running else "lets the gateway in"
    return Finding("broker", f"{settings.broker} {done}", good=True)


async def _log_in(settings: Settings) -> None:
    async with MqttLink(
        settings.broker,
        "kvartal-gateway-doctor",
        settings.broker_user,
        settings.broker_password,
        tls=settings.broker_tls,
    ) as link:
        await link.until_up(ANSWER_S)
