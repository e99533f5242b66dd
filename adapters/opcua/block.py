"""Data changes of a publish response to columns of readings: quality and time."""

from functools import lru_cache
from typing import Any

import numpy as np
from asyncua.ua.status_codes import StatusCodes
from numpy.typing import NDArray

from core.clock import SECOND
from core.quality import BAD, GOOD, UNCERTAIN, Reason, quality

TICKS = 10_000_000  # a second has; a time stamp counts them since 1601 (Part 6, 5.2.2.5)
EPOCH = 11_644_473_600 * TICKS  # the year 1970
EARLIEST = 631_152_000 * TICKS + EPOCH  # 1990: a device whose clock was never set is before it
AHEAD = 86_400 * TICKS  # and one that is wrong by years is beyond tomorrow

MALFORMED = quality(BAD, Reason.MALFORMED)
NO_CLOCK = quality(UNCERTAIN, Reason.CLOCK_UNSYNCHRONISED)

REASONS = {
    StatusCodes.BadNoCommunication: Reason.LOST_LINE,
    StatusCodes.BadCommunicationError: Reason.LOST_LINE,
    StatusCodes.BadNotConnected: Reason.LOST_LINE,
    StatusCodes.BadWaitingForInitialData: Reason.LOST_LINE,
    StatusCodes.BadOutOfRange: Reason.OUT_OF_RANGE,
    StatusCodes.BadNodeIdUnknown: Reason.REFUSED,
    StatusCodes.BadNodeIdInvalid: Reason.REFUSED,
    StatusCodes.BadNotReadable: Reason.REFUSED,
    StatusCodes.BadUserAccessDenied: Reason.REFUSED,
    StatusCodes.UncertainLastUsableValue: Reason.STALE,
    StatusCodes.UncertainNoCommunicationLastUsableValue: Reason.STALE,
    StatusCodes.UncertainSubstituteValue: Reason.SUBSTITUTED,
    StatusCodes.UncertainEngineeringUnitsExceeded: Reason.OUT_OF_RANGE,
}

Columns = tuple[NDArray[np.intp], NDArray[np.int64], NDArray[np.float64], NDArray[np.uint8]]


@lru_cache(maxsize=1024)
def quality_of(status: int) -> int:
    """Turn a status code of OPC UA (Part 4, 7.39) into our byte. Its top two bits are the same."""
    verdict = (GOOD, UNCERTAIN, BAD, BAD)[status >> 30]
    if verdict == GOOD:
        return GOOD
    code = status & 0xFFFF_0000  # the rest are flags
    return quality(
        verdict, REASONS.get(code, Reason.DEVICE_FAILURE if verdict == BAD else Reason.NONE)
    )


def qualities(statuses: NDArray[np.uint32]) -> NDArray[np.uint8]:
    """Turn status codes into our bytes."""
    if not statuses.any():
        return np.zeros(len(statuses), np.uint8)
    different, place = np.unique(statuses, return_inverse=True)
    return np.array([quality_of(status) for status in different.tolist()], np.uint8)[place]


def times(
    source: NDArray[np.int64], server: NDArray[np.int64], now: int
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Give nanoseconds UTC, and where the source's own time cannot be right.

    The source's time where it can be, else the server's, else `now` (nanoseconds UTC).
    """
    latest = now // 100 + EPOCH + AHEAD
    is_source = (source > EARLIEST) & (source < latest)
    is_server = (server > EARLIEST) & (server < latest)
    stamp = np.where(is_source, source, np.where(is_server, server, now // 100 + EPOCH))
    return (stamp - EPOCH) * (SECOND // TICKS), (source > 0) & ~is_source


def columns(changes: Any, now: int) -> Columns:
    """Give row, time, value and quality of data changes (`adapters.opcua.publish.CHANGE`).

    now: nanoseconds UTC, for what comes without a time stamp that can be right.
    """
    stamps, is_doubted = times(changes["source"], changes["server"], now)
    codes = qualities(changes["status"])
    codes[is_doubted & (codes == GOOD)] = NO_CLOCK
    values = changes["value"].astype(np.float64)
    wrong = ~np.isfinite(values)
    if wrong.any():
        values[wrong] = np.nan
        codes[wrong & (codes < BAD)] = MALFORMED
    return changes["row"].astype(np.intp), stamps, values, codes
