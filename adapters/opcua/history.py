"""What a server kept of some nodes between two moments (Part 11)."""

from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from typing import Any

import numpy as np
from asyncua import ua
from asyncua.client.client import Client

from adapters.opcua.block import EPOCH, TICKS, quality_of
from adapters.opcua.publish import ticks
from core.clock import SECOND
from core.quality import archived
from core.readings import Readings

AT_ONCE = 50  # nodes in one request
VALUES = 1000  # of one node in one answer


async def read_history(
    client: Client,
    nodes: Sequence[ua.NodeId],
    numbers: Sequence[int],
    between: tuple[datetime, datetime],
    now: int,
) -> AsyncIterator[Readings]:
    """Give blocks of what was kept, each node's oldest first; nothing of what keeps no history.

    numbers: of the signals, as long as `nodes`. now: nanoseconds UTC.
    """
    details = ua.ReadRawModifiedDetails(
        IsReadModified=False,
        StartTime=naive(between[0]),
        EndTime=naive(between[1]),
        NumValuesPerNode=VALUES,
        ReturnBounds=False,
    )
    for first in range(0, len(nodes), AT_ONCE):
        waiting: dict[int, bytes | None] = dict.fromkeys(
            range(first, min(first + AT_ONCE, len(nodes)))
        )
        while waiting:
            wanted = ua.HistoryReadParameters(
                HistoryReadDetails=details,
                TimestampsToReturn=ua.TimestampsToReturn.Both,
                ReleaseContinuationPoints=False,
                NodesToRead=[
                    ua.HistoryReadValueId(NodeId=nodes[place], ContinuationPoint=point)
                    for place, point in waiting.items()
                ],
            )
            results = await client.uaclient.session.history_read(wanted)
            asked, waiting = waiting, {}
            for place, result in zip(asked, results, strict=True):
                if not result.StatusCode.is_good():
                    continue  # a node without a history; its gap stays marked
                block = block_of(result.HistoryData.DataValues or (), numbers[place], now)
                if len(block):
                    yield block
                # A server that gives the same point again would keep us for ever.
                if result.ContinuationPoint and result.ContinuationPoint != asked[place]:
                    waiting[place] = result.ContinuationPoint


def block_of(values: Sequence[Any], number: int, now: int) -> Readings:
    """Make readings of what was kept of one signal, marked as archive. What is no number is left
    out, and so is what has no time."""
    rows = []
    for value in values:
        found = value.Value.Value if value.Value else None
        stamp = ticks(value.SourceTimestamp or value.ServerTimestamp)
        if isinstance(found, (bool, int, float)) and np.isfinite(found) and stamp > EPOCH:
            status = value.StatusCode.value if value.StatusCode else 0
            code = archived(quality_of(status))
            rows.append(((stamp - EPOCH) * (SECOND // TICKS), float(found), code))
    times, numbers, codes = zip(*rows, strict=True) if rows else ((), (), ())
    return Readings.of(np.full(len(rows), number), times, numbers, codes, now)


def naive(moment: datetime) -> Any:
    """Give a moment as asyncua wants it, in UTC without a zone."""
    return moment.astimezone(UTC).replace(tzinfo=None)
