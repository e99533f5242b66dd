"""Publish responses read by their layout: a run of like values by numpy, not one after another.

A data change of a number is some forty bytes of fixed layout (Part 6, 5.2.2.16 and 5.2.2.17); once
the first of a run is known, all are read at once. What has no fixed layout (a text, an array) is
left to asyncua, value by value.
"""

import struct
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from asyncua import ua
from asyncua.common.utils import Buffer
from asyncua.ua.object_ids import ObjectIds
from asyncua.ua.ua_binary import nodeid_from_binary, struct_from_binary
from asyncua.ua.uaerrors import UaError
from asyncua.ua.uatypes import datetime_to_win_epoch

# Built-in types that are numbers (Part 6, 5.1.2).
NUMBERS = {
    1: "?", 2: "i1", 3: "u1", 4: "<i2", 5: "<u2", 6: "<i4", 7: "<u4", 8: "<i8", 9: "<u8",
    10: "<f4", 11: "<f8",
}  # fmt: skip
HAS_VALUE = 1  # bits of the first byte of a DataValue, and what then follows, in this order
FOLLOWING = ((2, "status", "<u4"), (4, "source", "<i8"), (16, "source_fraction", "<u2"),
             (8, "server", "<i8"), (32, "server_fraction", "<u2"))  # fmt: skip
WORD = struct.Struct("<i")
HEAD = struct.Struct("<Ii")  # subscription, how many sequence numbers can be had again
MESSAGE = struct.Struct("<?Iqi")  # more are waiting, sequence number, time, notifications

CHANGES = ObjectIds.DataChangeNotification_Encoding_DefaultBinary
EVENTS = ObjectIds.EventNotificationList_Encoding_DefaultBinary
STATUS = ObjectIds.StatusChangeNotification_Encoding_DefaultBinary

CHANGE = np.dtype(
    [("row", "<u4"), ("is_number", "?"), ("value", "<f8"), ("status", "<u4"), ("source", "<i8"),
     ("server", "<i8")]
)  # fmt: skip
"""A data change. Times: 100 ns since 1601, 0 where there is none. value: NaN for no number."""


@dataclass(frozen=True, slots=True)
class Published:
    """One publish response. ended: the status with which the subscription ended, if it did."""

    subscription: int
    sequence: int  # to be acknowledged; 0 for a keep-alive
    changes: Any  # CHANGE[n], in the order in which the server gives them
    events: tuple[ua.EventFieldList, ...] = ()
    ended: int | None = None


def read_published(body: Buffer) -> Published:
    """Read the body of a PublishResponse (Part 4, 5.14.5). UaError where it is none or refused."""
    nodeid_from_binary(body)
    struct_from_binary(ua.ResponseHeader, body).ServiceResult.check()
    data = bytes(body)
    try:
        return read_message(data)
    except (struct.error, IndexError, ValueError) as error:
        raise UaError(f"a publish response of {len(data)} bytes: {error}") from error


def read_message(data: bytes) -> Published:
    subscription, available = HEAD.unpack_from(data)
    place = HEAD.size + 4 * max(0, available)
    _, sequence, _, notifications = MESSAGE.unpack_from(data, place)
    place += MESSAGE.size
    runs: list[Any] = []
    events: list[ua.EventFieldList] = []
    ended = None
    for _ in range(max(0, notifications)):
        buffer = Buffer(data, place)
        kind = nodeid_from_binary(buffer).Identifier
        place = buffer.cur_pos + 1  # one byte says that a length follows
        (length,) = WORD.unpack_from(data, place)
        place += WORD.size
        if length < 0:  # it would lead back, and round and round
            raise ValueError(f"a notification of {length} bytes")
        if kind == CHANGES:
            read_changes(data, place, runs)
        elif kind == EVENTS:
            events += struct_from_binary(ua.EventNotificationList, Buffer(data, place)).Events
        elif kind == STATUS:
            (ended,) = struct.unpack_from("<I", data, place)
        place += length
    return Published(
        subscription,
        sequence if notifications > 0 else 0,
        np.concatenate(runs) if runs else np.empty(0, CHANGE),
        tuple(events),
        ended,
    )


def read_changes(data: bytes, place: int, runs: list[Any]) -> None:
    """Read the items of a DataChangeNotification (Part 4, 7.25.2) that begins at `place`."""
    (left,) = WORD.unpack_from(data, place)
    place += WORD.size
    alone: list[tuple[int, bool, float, int, int, int]] = []  # what has no like beside it
    while left > 0:
        flags = data[place + 4]
        kind = data[place + 5] if flags & HAS_VALUE else 0
        layout = layout_of(flags, kind)
        if layout is None:
            change, place = read_other(data, place)
            alone.append(change)
            left -= 1
            continue
        size = layout.itemsize
        if left == 1 or data[place + size + 4 : place + size + 6] != data[place + 4 : place + 6]:
            alone.append(read_one(data, place, flags, kind))
            place += size
            left -= 1
            continue
        run = np.frombuffer(data, layout, min(left, (len(data) - place) // size), place)
        like = run["flags"] == flags
        if flags & HAS_VALUE:
            like &= run["kind"] == kind
        if not like.all():
            run = run[: int(np.argmin(like))]
        if alone:
            runs.append(np.array(alone, CHANGE))
            alone = []
        runs.append(as_changes(run))
        place += size * len(run)
        left -= len(run)
    if alone:
        runs.append(np.array(alone, CHANGE))


@lru_cache(maxsize=1024)
def layout_of(flags: int, kind: int) -> "np.dtype[Any] | None":
    """Give the layout of an item with a number of this type, or without a value; else None."""
    fields = [("row", "<u4"), ("flags", "u1")]
    if flags & HAS_VALUE:
        if kind not in NUMBERS:
            return None
        fields += [("kind", "u1"), ("value", NUMBERS[kind])]
    fields += [(name, form) for bit, name, form in FOLLOWING if flags & bit]
    return np.dtype(fields)


@lru_cache(maxsize=1024)
def reader_of(flags: int, kind: int) -> tuple[struct.Struct, tuple[int, int, int, int]]:
    """Give the same as a Struct, and where in it value, status and both times are; -1 if not."""
    layout = layout_of(flags, kind)
    assert layout is not None and layout.names is not None  # noqa: S101, PT018 - asked before
    names = layout.names
    codes = {np.dtype(form): code for form, code in FORMATS.items()}
    text = "".join(codes[layout.fields[name][0]] for name in names)  # type: ignore[index]
    wanted = ("value", "status", "source", "server")
    places = tuple(names.index(name) if name in names else -1 for name in wanted)
    return struct.Struct(f"<{text}"), places  # type: ignore[return-value]


FORMATS = {
    "?": "?", "i1": "b", "u1": "B", "<i2": "h", "<u2": "H", "<i4": "i", "<u4": "I", "<i8": "q",
    "<u8": "Q", "<f4": "f", "<f8": "d",
}  # fmt: skip


def read_one(
    data: bytes, place: int, flags: int, kind: int
) -> tuple[int, bool, float, int, int, int]:
    reader, (value, status, source, server) = reader_of(flags, kind)
    found = reader.unpack_from(data, place)
    return (
        found[0],
        value >= 0,
        found[value] if value >= 0 else np.nan,
        found[status] if status >= 0 else 0,
        found[source] if source >= 0 else 0,
        found[server] if server >= 0 else 0,
    )


def as_changes(run: Any) -> Any:
    """Bring a run of like items into the common form."""
    changes = np.zeros(len(run), CHANGE)
    names = run.dtype.names
    changes["is_number"] = "value" in names
    changes["value"] = np.nan
    for name in ("row", "value", "status", "source", "server"):
        if name in names:
            changes[name] = run[name]
    return changes


def read_other(data: bytes, place: int) -> tuple[tuple[int, bool, float, int, int, int], int]:
    """Read an item whose value is no plain number; give it and where the next one begins."""
    body = Buffer(data, place)
    item = struct_from_binary(ua.MonitoredItemNotification, body)
    found = item.Value
    times = [ticks(found.SourceTimestamp), ticks(found.ServerTimestamp)]
    status = found.StatusCode.value if found.StatusCode else 0
    return (item.ClientHandle, False, np.nan, status, times[0], times[1]), body.cur_pos


def ticks(stamp: Any) -> int:
    """Give a time stamp of asyncua in 100 ns since 1601."""
    return 0 if stamp is None else int(datetime_to_win_epoch(stamp))
