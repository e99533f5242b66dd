"""What the numbers mean: the birth in force, and former ones whose readings still wait.

An edge that got a new configuration while its gateway was away still has readings in the former
numbering; without their birth nobody could ever take them.
"""

import hashlib
import json
import sqlite3

from adapters import wire
from core.clock import Clock
from edge.inventory import Inventory
from edge.spool import Spool, note


class Births:
    """Install an inventory before anything is read with its numbers."""

    def __init__(self, spool: Spool, clock: Clock) -> None:
        self._spool = spool
        self._clock = clock
        self._inventory: Inventory | None = None
        self._former: list[tuple[int, bytes]] = []  # (first number of the next one, message)

    async def install(self, inventory: Inventory) -> None:
        """Give an inventory its numbering: the last one, if its numbers mean the same."""
        layout = hashlib.sha256(json.dumps(inventory.layout).encode()).hexdigest()
        first = self._spool.next("telemetry")

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
                (numbering, first, wire.encode(birth)),
            )
            connection.execute(
                "DELETE FROM births WHERE numbering < (SELECT max(numbering) FROM births "
                "WHERE first <= ?)",
                (self._spool.lowest("telemetry"),),
            )
            return numbering, connection.execute(
                "SELECT numbering, first, payload FROM births ORDER BY numbering"
            ).fetchall()

        inventory.numbering, kept = await self._spool.ask(settle)
        self._former = [
            (kept[position + 1][1], payload) for position, (_, _, payload) in enumerate(kept[:-1])
        ]
        self._inventory = inventory

    def messages(self) -> list[bytes]:
        """Give the births to send, the one in force last."""
        if self._inventory is None:
            return []
        lowest = self._spool.lowest("telemetry")
        needed = [payload for ends_before, payload in self._former if lowest < ends_before]
        now = self._clock.time_ns()
        return [*needed, wire.encode(self._inventory.birth(self._spool.epoch, now))]
