"""What the numbers mean: the birth in force, and former ones whose readings still wait.

An edge that got a new configuration while its gateway was away still has readings in the former
numbering; without their birth nobody could ever take them.
"""

import asyncio
import hashlib
import json
import sqlite3

from adapters import wire
from core.clock import Clock
from edge.inventory import Inventory
from edge.spool import Spool, note

NOT_IN_FORCE = 2**53  # instead of the first block of a numbering; above every block's number


class Births:
    """Install an inventory before anything is read with its numbers.

    A numbering is on disk before it is used, and in force from the block that follows the end of
    `install`: what is read while that waits for the disk has the former one.
    """

    def __init__(self, spool: Spool, clock: Clock) -> None:
        self._spool = spool
        self._clock = clock
        self._inventory: Inventory | None = None
        self._former: list[tuple[int, bytes]] = []  # (first number of the next one, message)
        self._installing = asyncio.Lock()

    async def install(self, inventory: Inventory) -> None:
        """Give an inventory its numbering: the last one, if its numbers mean the same.

        The caller awaits nothing between this and reading by the new numbers.
        """
        async with self._installing:
            inventory.numbering, kept = await self._keep(inventory)
            first = self._spool.next("telemetry")
            # In one transaction with that block, or before it.
            self._spool.ask(lambda connection: _put_in_force(connection, first))
            begins = [min(each, first) for _, each, _ in kept]
            self._former = [
                (begins[position + 1], payload)
                for position, (_, _, payload) in enumerate(kept[:-1])
            ]
            self._inventory = inventory

    def _keep(
        self, inventory: Inventory
    ) -> asyncio.Future[tuple[int, list[tuple[int, int, bytes]]]]:
        """Give the numbering, and all that are kept: number, first block, message."""
        layout = hashlib.sha256(json.dumps(inventory.layout).encode()).hexdigest()

        def settle(connection: sqlite3.Connection) -> tuple[int, list[tuple[int, int, bytes]]]:
            known = dict(
                connection.execute(
                    "SELECT key, value FROM meta WHERE key IN ('numbering', 'layout')"
                ).fetchall()
            )
            numbering = int(known.get("numbering", 0))
            if known.get("layout") != layout:
                numbering += 1
                note("numbering", numbering)(connection)
                note("layout", layout)(connection)
            birth = inventory.birth(self._spool.epoch, self._clock.time_ns())
            birth.numbering = numbering
            connection.execute(
                "INSERT INTO births VALUES (?, ?, ?) "
                "ON CONFLICT (numbering) DO UPDATE SET payload = excluded.payload",
                (numbering, NOT_IN_FORCE, wire.encode(birth)),
            )
            connection.execute(
                "DELETE FROM births WHERE numbering < (SELECT max(numbering) FROM births "
                "WHERE first <= ?) AND numbering NOT IN (SELECT numbering FROM losses)",
                (self._spool.lowest("telemetry"),),
            )
            return numbering, connection.execute(
                "SELECT numbering, first, payload FROM births ORDER BY numbering"
            ).fetchall()

        return self._spool.ask(settle)

    def messages(self) -> list[bytes]:
        """Give the births to send, the one in force last."""
        if self._inventory is None:
            return []
        lowest = self._spool.lowest("telemetry")
        needed = [payload for ends_before, payload in self._former if lowest < ends_before]
        now = self._clock.time_ns()
        return [*needed, wire.encode(self._inventory.birth(self._spool.epoch, now))]


def _put_in_force(connection: sqlite3.Connection, first: int) -> None:
    """Say with which block the newest numbering begins, and one that was never used ended."""
    connection.execute("UPDATE births SET first = ? WHERE first = ?", (first, NOT_IN_FORCE))
