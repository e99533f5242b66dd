"""Word of other processes that they have written to the outbox, by PostgreSQL's NOTIFY.

It is sent by the transaction that writes, and comes after its commit. It only wakes whoever reads:
a word that is lost costs the second until they look by themselves.
"""

import asyncio
from contextlib import suppress

import asyncpg
import structlog

from gateway.storage.database import CHANNEL, Database
from gateway.storage.failures import StoreAway

LISTENER = "kvartal gateway, listening"  # application_name of the connection
ASK_EVERY_S = 10.0  # whether it is still there: nothing else is ever sent on it
ANSWER_WITHIN_S = 5.0
PAUSE_S = 1.0

log = structlog.get_logger()


async def listen(database: Database) -> None:
    """Wake who reads the outbox at each commit of another process, for ever."""
    while True:
        try:
            await _listen(database)
        except (StoreAway, OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            log.info("commits of other processes are looked for each second", reason=str(error))
        await asyncio.sleep(PAUSE_S)


async def _listen(database: Database) -> None:
    """Listen until the connection is lost, which is raised. It is one of the pool's, for good."""
    async with database.reading() as session:
        pooled = await session.connection()
        driver = (await pooled.get_raw_connection()).driver_connection
        assert driver is not None  # noqa: S101 - just connected
        try:
            await _hear(driver, database)
        finally:
            await pooled.invalidate()  # nobody else is to hear what comes on it


async def _hear(driver: asyncpg.Connection, database: Database) -> None:
    lost = asyncio.Event()

    def hear(_connection: object, _process: int, _channel: str, sender: object) -> None:
        if sender != database.sender:
            database.wake()

    driver.add_termination_listener(lambda _connection: lost.set())
    await driver.execute(f"SET application_name = '{LISTENER}'")
    await driver.add_listener(CHANNEL, hear)
    database.wake()  # what came before is not told
    while True:
        with suppress(TimeoutError):
            async with asyncio.timeout(ASK_EVERY_S):
                await lost.wait()
        await driver.execute("SELECT 1", timeout=ANSWER_WITHIN_S)
