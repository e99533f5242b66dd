"""Publish responses as asyncua encodes them are read value by value as they were."""

import math
import struct
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from asyncua import ua
from asyncua.common.utils import Buffer
from asyncua.ua.status_codes import StatusCodes
from asyncua.ua.ua_binary import struct_to_binary
from asyncua.ua.uaerrors import UaError
from hypothesis import given
from hypothesis import strategies as st

from adapters.opcua.block import columns
from adapters.opcua.publish import read_message, read_published
from core.quality import BAD, GOOD, UNCERTAIN, Reason, quality

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
NOW_NS = 1_777_636_800 * 10**9
START = datetime(1970, 1, 1)  # noqa: DTZ001 - OPC UA time is naive UTC

KINDS = {
    ua.VariantType.Boolean: st.booleans(),
    ua.VariantType.SByte: st.integers(-(2**7), 2**7 - 1),
    ua.VariantType.Byte: st.integers(0, 2**8 - 1),
    ua.VariantType.Int16: st.integers(-(2**15), 2**15 - 1),
    ua.VariantType.UInt16: st.integers(0, 2**16 - 1),
    ua.VariantType.Int32: st.integers(-(2**31), 2**31 - 1),
    ua.VariantType.UInt32: st.integers(0, 2**32 - 1),
    ua.VariantType.Int64: st.integers(-(2**53), 2**53),
    ua.VariantType.UInt64: st.integers(0, 2**53),
    ua.VariantType.Float: st.floats(width=32, allow_nan=False, allow_infinity=False),
    ua.VariantType.Double: st.floats(allow_nan=False, allow_infinity=False),
}
STAMPS = st.none() | st.integers(0, 10**9).map(
    lambda seconds: datetime(2000, 1, 1) + timedelta(seconds=seconds / 2)  # noqa: DTZ001
)


@st.composite
def numbers(draw: st.DrawFn) -> tuple[ua.DataValue, float]:
    kind = draw(st.sampled_from(list(KINDS)))
    value = draw(KINDS[kind])
    status = draw(st.sampled_from([StatusCodes.Good, StatusCodes.UncertainLastUsableValue]))
    shown = ua.DataValue(
        ua.Variant(value, kind),
        StatusCode=ua.StatusCode(ua.UInt32(status)),
        SourceTimestamp=draw(STAMPS),
        ServerTimestamp=draw(STAMPS),
    )
    return shown, float(value)


TEXTS = st.text(max_size=5).map(
    lambda text: (ua.DataValue(ua.Variant(text, ua.VariantType.String)), math.nan)
)
LISTS = st.lists(st.integers(0, 9), max_size=3).map(
    lambda items: (ua.DataValue(ua.Variant(items, ua.VariantType.Int16)), math.nan)
)
# Runs of one kind, and single ones between them.
ITEMS = st.lists(
    st.tuples(numbers() | TEXTS | LISTS, st.integers(1, 5)).map(lambda pair: [pair[0]] * pair[1]),
    max_size=12,
).map(lambda runs: [item for run in runs for item in run])


def response(values: list[ua.DataValue], **more: Any) -> Buffer:
    changes = ua.DataChangeNotification(
        MonitoredItems=[
            ua.MonitoredItemNotification(ClientHandle=row, Value=value)
            for row, value in enumerate(values)
        ]
    )
    answer = ua.PublishResponse()
    answer.Parameters = ua.PublishResult(
        SubscriptionId=7,
        AvailableSequenceNumbers=[3, 4],
        NotificationMessage=ua.NotificationMessage(
            SequenceNumber=4, NotificationData=more.pop("notifications", [changes])
        ),
    )
    return Buffer(struct_to_binary(answer))


@given(ITEMS)
def test_every_value_is_read_as_it_was_sent(items: list[tuple[ua.DataValue, float]]) -> None:
    found = read_published(response([value for value, _ in items])).changes
    assert found["row"].tolist() == list(range(len(items)))
    assert found["value"].tolist() == pytest.approx([number for _, number in items], nan_ok=True)


@given(ITEMS)
def test_every_status_is_read_as_it_was_sent(items: list[tuple[ua.DataValue, float]]) -> None:
    found = read_published(response([value for value, _ in items])).changes
    assert found["status"].tolist() == [value.StatusCode.value for value, _ in items]


def nanoseconds(stamp: datetime) -> int:
    return (stamp - START) // timedelta(microseconds=1) * 1000


@given(ITEMS)
def test_the_sources_time_counts_then_the_servers_then_ours(
    items: list[tuple[ua.DataValue, float]],
) -> None:
    _, times, _, _ = columns(read_published(response([each for each, _ in items])).changes, NOW_NS)
    stamps = [value.SourceTimestamp or value.ServerTimestamp for value, _ in items]
    assert times.tolist() == [NOW_NS if each is None else nanoseconds(each) for each in stamps]


def one(value: ua.DataValue) -> tuple[int, float, int]:
    """Give time, value and quality of one change that arrives at NOW."""
    _, times, values, codes = columns(read_published(response([value])).changes, NOW_NS)
    return int(times[0]), float(values[0]), int(codes[0])


@pytest.mark.parametrize("year", [1970, 2099])
def test_a_time_that_cannot_be_right_is_replaced_and_doubted(year: int) -> None:
    stamp = datetime(year, 1, 1, 0, 0, 1)  # noqa: DTZ001
    value = ua.DataValue(ua.Variant(1.5), SourceTimestamp=stamp)
    doubt = quality(UNCERTAIN, Reason.CLOCK_UNSYNCHRONISED)
    assert one(value) == (NOW_NS, 1.5, doubt)


def test_the_servers_time_stands_in_for_a_source_whose_time_cannot_be_right() -> None:
    server = datetime(2026, 5, 1, 11, 59)  # noqa: DTZ001
    value = ua.DataValue(
        ua.Variant(1.5),
        SourceTimestamp=datetime(1970, 1, 1, 0, 0, 1),  # noqa: DTZ001
        ServerTimestamp=server,
    )
    doubt = quality(UNCERTAIN, Reason.CLOCK_UNSYNCHRONISED)
    assert one(value) == (NOW_NS - 60 * 10**9, 1.5, doubt)


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
def test_what_is_no_finite_number_is_bad(number: float) -> None:
    time, value, code = one(ua.DataValue(ua.Variant(number, ua.VariantType.Double)))
    assert (time, math.isnan(value), code) == (NOW_NS, True, quality(BAD, Reason.MALFORMED))


def test_a_bad_status_keeps_its_reason_where_there_is_no_number() -> None:
    status = ua.StatusCode(ua.UInt32(StatusCodes.BadNoCommunication))
    _, value, code = one(ua.DataValue(StatusCode=status))
    assert (math.isnan(value), code) == (True, quality(BAD, Reason.LOST_LINE))


def test_a_time_of_1601_is_no_time_and_no_cause_for_doubt() -> None:
    stamp = datetime(1601, 1, 1)  # noqa: DTZ001
    assert one(ua.DataValue(ua.Variant(2.0), SourceTimestamp=stamp)) == (NOW_NS, 2.0, GOOD)


def test_a_keep_alive_is_not_to_be_acknowledged() -> None:
    found = read_published(response([], notifications=[]))
    assert (found.subscription, found.sequence, len(found.changes)) == (7, 0, 0)


def test_the_end_of_a_subscription_is_told() -> None:
    ended = ua.StatusChangeNotification(Status=ua.StatusCode(ua.UInt32(StatusCodes.BadTimeout)))
    assert read_published(response([], notifications=[ended])).ended == StatusCodes.BadTimeout


def test_a_response_that_is_cut_short_is_an_error() -> None:
    whole = bytes(response([ua.DataValue(ua.Variant(1.5))] * 3))
    with pytest.raises(UaError):
        read_published(Buffer(whole[:-20]))


def test_a_notification_that_leads_back_to_itself_is_an_error() -> None:
    head = struct.pack("<Ii?Iqi", 7, 0, False, 1, 0, 5)  # five notifications
    back = struct.pack("<BBBi", 0, 1, 1, -7)  # a kind, and a length back to its own first byte
    with pytest.raises(ValueError, match="a notification of -7 bytes"):
        read_message(head + back)
