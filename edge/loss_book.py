"""The book of what the spool lets go of, by signal: written in the transaction that drops it."""

import sqlite3
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import astuple, dataclass
from typing import TypeVar

import numpy as np

from adapters import wire
from core.quality import REASON, Reason
from core.readings import Readings

T = TypeVar("T", wire.TelemetryBlock, wire.EventBlock)


@dataclass(frozen=True, slots=True)
class Lost:
    """Readings of one signal that are gone. first, last: their times, nanoseconds UTC."""

    numbering: int
    signal: int
    first: int
    last: int
    readings: int


def note_lost(
    connection: sqlite3.Connection, telemetry: Sequence[bytes], events: Sequence[bytes]
) -> None:
    """Write down what is in blocks that are dropped, within the transaction that drops them."""
    lost = _lost_readings(_understood(telemetry, wire.TelemetryBlock))
    connection.executemany(
        "INSERT INTO losses VALUES (?, ?, ?, ?, ?) ON CONFLICT (numbering, signal) DO UPDATE SET "
        "first = min(first, excluded.first), last = max(last, excluded.last), "
        "readings = readings + excluded.readings",
        map(astuple, lost),
    )
    counts = {
        "lost_readings": sum(each.readings for each in lost),
        "lost_events": sum(len(each.events) for each in _understood(events, wire.EventBlock)),
    }
    connection.executemany(
        "INSERT INTO meta VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET "
        "value = value + excluded.value",
        counts.items(),
    )


def _understood(payloads: Sequence[bytes], kind: type[T]) -> list[T]:
    """Decode blocks; one that cannot be, of a version that is gone, holds up no other."""
    found: list[T] = []
    for payload in payloads:
        with suppress(wire.WireError):
            found.append(wire.decode(payload, kind))
    return found


def _lost_readings(blocks: Sequence[wire.TelemetryBlock]) -> list[Lost]:
    found: list[Lost] = []
    for numbering in sorted({block.numbering for block in blocks}):
        rows = Readings.concat([wire.readings(b) for b in blocks if b.numbering == numbering])
        signals, place = np.unique(rows.signal, return_inverse=True)
        first = np.full(len(signals), np.iinfo(np.int64).max)
        last = np.full(len(signals), np.iinfo(np.int64).min)
        np.minimum.at(first, place, rows.time)
        np.maximum.at(last, place, rows.time)
        # A mark of what was lost before is none itself, but its times are.
        is_reading = (rows.quality & REASON) != Reason.DROPPED
        count = np.bincount(place[is_reading], minlength=len(signals))
        columns = (column.tolist() for column in (signals, first, last, count))
        found += [Lost(numbering, *row) for row in zip(*columns, strict=True)]
    return found
