"""Payloads of Sparkplug B: the part of its protobuf that carries metrics.

Source: Eclipse Sparkplug 3.0.0, chapter 6, the schema of payloads.
"""

import struct
import zlib
from typing import Any

from google.protobuf.descriptor_pb2 import FieldDescriptorProto, FileDescriptorProto
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message import DecodeError
from google.protobuf.message_factory import GetMessageClass

LARGEST_BODY = 16 * 1024 * 1024  # bytes of a payload that came compressed
COMPRESSED = "SPBV1.0_COMPRESSED"
ANY_HEADER = 47  # zlib: 15 bits of window, and zlib or gzip by their header

_FIELD = FieldDescriptorProto
_FIELDS: dict[str, list[tuple[str, int, int]]] = {
    "Payload": [
        ("timestamp", 1, _FIELD.TYPE_UINT64),
        ("metrics", 2, _FIELD.TYPE_MESSAGE),
        ("seq", 3, _FIELD.TYPE_UINT64),
        ("uuid", 4, _FIELD.TYPE_STRING),
        ("body", 5, _FIELD.TYPE_BYTES),
    ],
    "Metric": [
        ("name", 1, _FIELD.TYPE_STRING),
        ("alias", 2, _FIELD.TYPE_UINT64),
        ("timestamp", 3, _FIELD.TYPE_UINT64),
        ("datatype", 4, _FIELD.TYPE_UINT32),
        ("is_historical", 5, _FIELD.TYPE_BOOL),
        ("is_null", 7, _FIELD.TYPE_BOOL),
        ("properties", 9, _FIELD.TYPE_MESSAGE),
        ("int_value", 10, _FIELD.TYPE_UINT32),
        ("long_value", 11, _FIELD.TYPE_UINT64),
        ("float_value", 12, _FIELD.TYPE_FLOAT),
        ("double_value", 13, _FIELD.TYPE_DOUBLE),
        ("boolean_value", 14, _FIELD.TYPE_BOOL),
        ("string_value", 15, _FIELD.TYPE_STRING),
    ],
    "PropertySet": [("keys", 1, _FIELD.TYPE_STRING), ("values", 2, _FIELD.TYPE_MESSAGE)],
    "PropertyValue": [("type", 1, _FIELD.TYPE_UINT32), ("int_value", 3, _FIELD.TYPE_UINT32)],
}
_MESSAGES = {
    ("Payload", "metrics"): "Metric",
    ("Metric", "properties"): "PropertySet",
    ("PropertySet", "values"): "PropertyValue",
}
_REPEATED = {("Payload", "metrics"), ("PropertySet", "keys"), ("PropertySet", "values")}


def _payload_class() -> Any:
    file = FileDescriptorProto(name="sparkplug_b.proto", package="kvartal", syntax="proto2")
    for message, fields in _FIELDS.items():
        described = file.message_type.add(name=message)
        if message == "Metric":
            described.oneof_decl.add(name="value")
        for name, number, kind in fields:
            label = _FIELD.LABEL_REPEATED if (message, name) in _REPEATED else _FIELD.LABEL_OPTIONAL
            field = described.field.add(name=name, number=number, type=kind, label=label)
            if inner := _MESSAGES.get((message, name)):
                field.type_name = f".kvartal.{inner}"
            if message == "Metric" and name.endswith("_value"):
                field.oneof_index = 0
    pool = DescriptorPool()
    pool.Add(file)
    return GetMessageClass(pool.FindMessageTypeByName("kvartal.Payload"))


Payload = _payload_class()

# Codes of the data types that are numbers or words.
SIGNED_BITS = {1: 8, 2: 16, 3: 32, 4: 64}
FLOAT, DOUBLE, BOOLEAN, STRING, DATE_TIME, TEXT = 9, 10, 11, 12, 13, 14
RANGES = {1: (-(2**7), 2**7 - 1), 2: (-(2**15), 2**15 - 1), 3: (-(2**31), 2**31 - 1)}
RANGES |= {4: (-(2**63), 2**63 - 1), 5: (0, 2**8 - 1), 6: (0, 2**16 - 1), 7: (0, 2**32 - 1)}
LONG = frozenset({4, 7, 8, DATE_TIME})
WORDS = frozenset({STRING, TEXT, 15})
QUALITY_BAD, QUALITY_STALE = 0, 500  # section 6.4.9.1; 192 is good


class Unreadable(Exception):
    """Tell why a payload is no payload of Sparkplug B."""


def decode(payload: bytes) -> Any:
    """Read a payload, also a compressed one. Unreadable where it is none."""
    try:
        found = Payload.FromString(payload)
        if found.uuid != COMPRESSED:
            return found
        inflater = zlib.decompressobj(ANY_HEADER)
        body = inflater.decompress(found.body, LARGEST_BODY)
        if not inflater.eof:
            raise Unreadable(f"its body is cut off, or above {LARGEST_BODY} bytes")
        inner = Payload.FromString(body)
    except (DecodeError, zlib.error) as error:
        raise Unreadable(str(error)) from error
    if found.HasField("seq"):
        inner.seq = found.seq
    return inner


def value_of(metric: Any, datatype: int) -> float | str | None:
    """Give a metric's value; None where it has none, or none that is a number or a word."""
    kind = metric.WhichOneof("value")
    if metric.is_null or kind is None:
        return None
    value: float | str = getattr(metric, kind)
    if isinstance(value, int) and (bits := SIGNED_BITS.get(datatype)):
        value &= (1 << bits) - 1
        value -= (value >> (bits - 1)) << bits
    return value


def quality_of(metric: Any) -> int | None:
    """Give the property "Quality", where a metric has it."""
    for key, value in zip(metric.properties.keys, metric.properties.values, strict=False):
        if key == "Quality":
            return int(value.int_value)
    return None


def command(name: str, datatype: int, value: float | str, milliseconds: int) -> bytes:
    """Write the payload that sets one metric. OverflowError, ValueError: it cannot be said so."""
    payload = Payload(timestamp=milliseconds)
    metric = payload.metrics.add(name=name, timestamp=milliseconds, datatype=datatype)
    if datatype in WORDS:
        metric.string_value = str(value)
        return bytes(payload.SerializeToString())
    number = float(value)
    if datatype == BOOLEAN:
        if number not in (0, 1):
            raise ValueError(f"a flag is 0 or 1, found {number:g}")
        metric.boolean_value = bool(number)
    elif datatype == FLOAT:
        metric.float_value = struct.unpack("<f", struct.pack("<f", number))[0]
    elif datatype == DOUBLE:
        metric.double_value = number
    elif datatype in LONG:
        metric.long_value = _whole(number, datatype) & (1 << 64) - 1
    else:
        metric.int_value = _whole(number, datatype) & (1 << 32) - 1
    return bytes(payload.SerializeToString())


def _whole(number: float, datatype: int) -> int:
    if not number.is_integer():
        raise ValueError(f"a whole number is wanted, found {number:g}")
    low, high = RANGES.get(datatype, (0, 2**64 - 1))
    if not low <= number <= high:
        raise ValueError(f"{number:g} is not within {low} to {high}")
    return int(number)
