"""How far a value can be trusted: one byte, the top two bits a verdict, the low six a reason.

The verdict has the codes of OPC UA (Part 8, status code severity): 00 good, 01 uncertain, 10 bad.
"""

from enum import IntEnum, unique

import numpy as np
from numpy.typing import NDArray

VERDICT = 0b1100_0000
REASON = 0b0011_1111

GOOD = 0b00 << 6
UNCERTAIN = 0b01 << 6
BAD = 0b10 << 6


@unique
class Reason(IntEnum):
    NONE = 0
    LOST_LINE = 1
    OUT_OF_RANGE = 2
    STALE = 3
    CLOCK_UNSYNCHRONISED = 4
    SUBSTITUTED = 5
    ESTIMATED = 6
    MANUAL = 7
    ARCHIVE = 8
    MALFORMED = 9  # the answer could not be decoded
    REFUSED = 10  # the device answered with an error for this signal
    DEVICE_FAILURE = 11  # the device itself says its value is bad
    QUARANTINED = 12  # its time cannot be right, so it is kept and not shown
    DROPPED = 13  # marks the first and the last moment of what an edge had no room to keep


def quality(verdict: int, reason: Reason = Reason.NONE) -> int:
    """Join a verdict and a reason into one byte."""
    return verdict | int(reason)


QUARANTINE = quality(BAD, Reason.QUARANTINED)


def archived(code: int) -> int:
    """Give the verdict of a code, with the reason that the value is from a device's memory."""
    return code & VERDICT | Reason.ARCHIVE


def is_good(codes: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Mark the good ones. codes: uint8[n]; returns bool[n]."""
    good: NDArray[np.bool_] = (codes & VERDICT) == GOOD
    return good


def is_bad(codes: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Mark the bad ones. codes: uint8[n]; returns bool[n]."""
    bad: NDArray[np.bool_] = (codes & VERDICT) == BAD
    return bad
