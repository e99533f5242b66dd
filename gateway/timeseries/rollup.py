"""Sums up readings by minutes, hours and days: what is left of them when they are too many."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.clock import SECOND
from core.quality import is_bad
from core.readings import Readings

DAY = 86_400 * SECOND
LEVELS = {"minutes": 60 * SECOND, "hours": 3600 * SECOND, "days": DAY}
"""Width of a bucket in nanoseconds; buckets begin at whole multiples of it, UTC."""

COLUMNS: dict[str, str] = {
    "series": "u4",
    "time": "i8",
    "count": "i8",
    "sum": "f8",
    "minimum": "f8",
    "minimum_time": "i8",
    "minimum_quality": "u1",
    "maximum": "f8",
    "maximum_time": "i8",
    "maximum_quality": "u1",
    "first": "f8",
    "first_time": "i8",
    "last": "f8",
    "last_time": "i8",
    "bad": "i8",
    "bad_time": "i8",
    "bad_quality": "u1",
}
"""count to last: of the good and uncertain values. bad: how many others, and the first of them."""

Columns = dict[str, NDArray[Any]]


def summed_up(rows: Readings, width: int) -> Columns:
    """Give COLUMNS with a row for each series and bucket.

    rows: by series, then time, one a moment. Where nothing was counted, the values are NaN; times
    and qualities of what is not there mean nothing.
    """
    bucket = rows.time // width
    is_first = np.ones(len(rows), np.bool_)
    is_first[1:] = (np.diff(rows.signal) != 0) | (np.diff(bucket) != 0)
    starts = np.flatnonzero(is_first)
    group = np.cumsum(is_first) - 1
    is_counted = ~is_bad(rows.quality) & ~np.isnan(rows.value)
    value = rows.value
    low = np.minimum.reduceat(np.where(is_counted, value, np.inf), starts)
    high = np.maximum.reduceat(np.where(is_counted, value, -np.inf), starts)
    count = np.add.reduceat(is_counted, starts, dtype=np.int64)
    lowest = _first(is_counted & (value == low[group]), group, len(starts))
    highest = _first(is_counted & (value == high[group]), group, len(starts))
    first = _first(is_counted, group, len(starts))
    last = len(rows) - 1 - _first(is_counted[::-1], group[::-1], len(starts))
    bad = _first(~is_counted, group, len(starts))
    is_there = count > 0
    found: Columns = {
        "series": rows.signal[starts],
        "time": bucket[starts] * width,
        "count": count,
        "sum": np.add.reduceat(np.where(is_counted, value, 0.0), starts),
        "minimum": np.where(is_there, low, np.nan),
        "minimum_time": rows.time[lowest],
        "minimum_quality": rows.quality[lowest],
        "maximum": np.where(is_there, high, np.nan),
        "maximum_time": rows.time[highest],
        "maximum_quality": rows.quality[highest],
        "first": np.where(is_there, value[first], np.nan),
        "first_time": rows.time[first],
        "last": np.where(is_there, value[last], np.nan),
        "last_time": rows.time[last],
        "bad": np.add.reduceat(~is_counted, starts, dtype=np.int64),
        "bad_time": rows.time[bad],
        "bad_quality": rows.quality[bad],
    }
    return {name: np.asarray(found[name], dtype) for name, dtype in COLUMNS.items()}


def _first(mask: NDArray[np.bool_], group: NDArray[np.intp], groups: int) -> NDArray[np.intp]:
    """Give the first marked row of each group; 0 for a group without one."""
    rows = np.flatnonzero(mask)
    of = group[rows]
    is_first = np.ones(len(rows), np.bool_)
    is_first[1:] = np.diff(of) != 0
    found = np.zeros(groups, np.intp)
    found[of[is_first]] = rows[is_first]
    return found
