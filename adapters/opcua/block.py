"""Notifications of a subscription to columns, a whole publish response at a time."""

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import numpy as np
from asyncua import ua
from asyncua.ua.status_codes import StatusCodes
from numpy.typing import NDArray

from core.clock import to_nanoseconds
from core.quality import BAD, GOOD, UNCERTAIN, Reason, quality

EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)  # the year 1601 stands for "no time"

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


def number_of(value: Any) -> float | None:
    """Give a scalar as a number, None for what is not one."""
    return float(value) if isinstance(value, (int, float)) else None


def nanoseconds_of(stamp: datetime | None, now: int) -> int:
    """Give a time stamp in nanoseconds UTC, `now` where there is none. A naive one is UTC too."""
    if stamp is None:
        return now
    aware = stamp if stamp.tzinfo else stamp.replace(tzinfo=UTC)
    return to_nanoseconds(aware) if aware > EARLIEST else now


def columns(
    items: Sequence[ua.MonitoredItemNotification], now: int
) -> tuple[NDArray[np.intp], NDArray[np.int64], NDArray[np.float64], NDArray[np.uint8]]:
    """Give row (the client handle), time, value and quality of each notification.

    now: nanoseconds UTC, for what comes without a time stamp.
    """
    rows = np.empty(len(items), np.intp)
    times = np.empty(len(items), np.int64)
    values = np.empty(len(items), np.float64)
    codes = np.empty(len(items), np.uint8)
    for place, item in enumerate(items):
        data = item.Value
        code = quality_of(data.StatusCode.value) if data.StatusCode else GOOD
        number = number_of(data.Value.Value) if data.Value else None
        if number is None:
            number = np.nan
            code = code if code >= BAD else quality(BAD, Reason.MALFORMED)
        rows[place] = item.ClientHandle
        times[place] = nanoseconds_of(data.SourceTimestamp or data.ServerTimestamp, now)
        values[place] = number
        codes[place] = code
    return rows, times, values, codes
