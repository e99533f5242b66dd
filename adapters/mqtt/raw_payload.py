"""Values in the bytes that a LoRaWAN device sent, as its profile places them."""

import base64
import binascii
import math
import struct
from typing import Any

from adapters.mqtt.address import RawField
from adapters.mqtt.pointer import MISSING


def value_of(data: Any, field: RawField) -> Any:
    """Read a field of a payload in base64.

    MISSING: this payload is of another kind, or has no bytes. A text: what is wrong with it.
    """
    if data is MISSING or data == "":
        return MISSING  # only for the network: an acknowledgement, or its own commands
    try:
        content = base64.b64decode(data, validate=True)
    except (TypeError, ValueError, binascii.Error):
        return "not base64"
    if any(content[at : at + 1] != bytes([wanted]) for at, wanted in field.when.items()):
        return MISSING
    part = content[field.at : field.at + field.length]
    if len(part) < field.length:
        return f"wanted {field.at + field.length} bytes, found {len(content)}"
    return _number(part if field.endian == "big" else part[::-1], field)


def _number(part: bytes, field: RawField) -> float | str:
    """Read bytes whose most significant comes first."""
    if field.type == "float":
        value = struct.unpack(">f" if field.length == 4 else ">d", part)[0]
        return float(value) if math.isfinite(value) else "not a number"
    if field.type == "bcd":
        digits = part.hex()
        return int(digits) if digits.isdecimal() else f"{digits} is not BCD"
    number = int.from_bytes(part, "big", signed=field.type == "int")
    return number >> field.bit & 1 if field.type == "bit" else number
