"""Obeys the gateway: checks an order, writes, reads back, and tells what became of it.

Each command is executed at most once, however often it is delivered and whenever the edge is
killed: its id is on disk before the device hears of it.
"""

import asyncio
import sqlite3
from collections.abc import Callable
from typing import Literal

import msgspec
import structlog

from adapters import wire
from adapters.contract import Point
from core.clock import Clock
from core.errors import Retryable
from edge.journal import Journal
from edge.spool import Spool
from edge.writing import Refused, Writer

KEPT = 10_000  # ids; a broker does not deliver anything that old again
AT_ONCE = 100

log = structlog.get_logger()


class Commands:
    """gateway_time: nanoseconds UTC by the gateway's clock, for it is the gateway that says when an
    order expires. on_commanded: a point has got a value from a person, in the turn of its line."""

    def __init__(
        self,
        writer: Writer,
        *,
        spool: Spool,
        journal: Journal,
        clock: Clock,
        gateway_time: Callable[[], int],
        on_commanded: Callable[[Point, float], None] = lambda _point, _value: None,
    ) -> None:
        self._writer = writer
        self._spool = spool
        self._journal = journal
        self._clock = clock
        self._gateway_time = gateway_time
        self._on_commanded = on_commanded
        self._orders: asyncio.Queue[wire.CommandOrder] = asyncio.Queue(AT_ONCE)

    def take(self, order: wire.CommandOrder) -> None:
        """Take an order; refuse it when a hundred wait already."""
        try:
            self._orders.put_nowait(order)
        except asyncio.QueueFull:
            log.warning("command refused", command=order.command, reason="too many at once")
            self._tell(order.command, "refused", text="The edge is busy. Try again in a minute.")

    async def run(self) -> None:
        """Execute orders until cancelled; those of one device one after another."""
        await self._finish_interrupted()
        async with asyncio.TaskGroup() as group:
            while True:
                order = await self._orders.get()
                group.create_task(self._execute(order), name=f"command {order.command}")

    async def _finish_interrupted(self) -> None:
        """Tell of commands that a killed edge had begun: nobody knows what became of them."""

        def begun(connection: sqlite3.Connection) -> list[str]:
            rows = connection.execute("SELECT id FROM commands WHERE result IS NULL")
            return [identifier for (identifier,) in rows]

        for identifier in await self._spool.ask(begun):
            text = "The edge stopped while it wrote. Look at the device before you try again."
            self._tell(identifier, "unknown", text=text)

    async def _execute(self, order: wire.CommandOrder) -> None:
        known = await self._spool.ask(_claiming(order.command))
        if known is not None:
            if known:  # its result may have been lost; one that is still under way will tell
                self._journal.record([msgspec.msgpack.decode(known, type=wire.CommandResult)])
            return
        try:
            value = await self._write(order)
        except Refused as reason:
            self._tell(order.command, "refused", text=str(reason))
        except Expired:
            self._tell(order.command, "expired", text="It came too late and was not carried out.")
        except (Retryable, TimeoutError) as error:
            text = f"The device did not confirm: {error or 'no answer in time'}. Look at it first."
            self._tell(order.command, "unknown", text=text)
        except Exception as error:  # an adapter's bug must not stop the commands of others
            log.exception("command failed", command=order.command)
            self._tell(order.command, "unknown", text=f"The edge failed: {type(error).__name__}.")
        else:
            self._tell(order.command, "confirmed", value=value)

    async def _write(self, order: wire.CommandOrder) -> float:
        self._expire(order)
        point = self._writer.checked(order.device, order.signal, order.value)
        async with self._writer.turn(point):
            self._expire(order)
            try:
                value = await self._writer.write(point, order.value)
            except (Retryable, TimeoutError):
                self._on_commanded(point, order.value)  # it may have been carried out
                raise
            self._on_commanded(point, order.value)
            return value

    def _expire(self, order: wire.CommandOrder) -> None:
        if self._gateway_time() >= order.expires_at:
            raise Expired

    def _tell(
        self,
        command: str,
        state: Literal["confirmed", "refused", "expired", "unknown"],
        *,
        value: float | None = None,
        text: str = "",
    ) -> None:
        log.info("command", command=command, state=state)
        time = self._clock.time_ns()
        self._journal.record(
            [wire.CommandResult(command=command, state=state, time=time, value=value, text=text)]
        )


class Expired(Exception):
    """Tell that an order came too late."""


def _claiming(command: str) -> Callable[[sqlite3.Connection], bytes | None]:
    """Note that a command is begun. Gives None if it is new, b"" if begun, else its result."""

    def claim(connection: sqlite3.Connection) -> bytes | None:
        row = connection.execute("SELECT result FROM commands WHERE id = ?", (command,)).fetchone()
        if row is not None:
            return row[0] or b""
        connection.execute("INSERT INTO commands (id) VALUES (?)", (command,))
        connection.execute(
            "DELETE FROM commands WHERE result IS NOT NULL AND number <= "
            "(SELECT max(number) FROM commands) - ?",
            (KEPT,),
        )
        return None

    return claim
