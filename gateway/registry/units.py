"""What a device may be called on its line."""

from core.registry import Endpoint

MOST_UNIT = 255  # of Modbus: the byte that names a station


def wrong_unit(line: Endpoint, unit: str) -> str:
    """Tell what is wrong with a unit on this line; empty if nothing is."""
    if line.protocol == "modbus" and not (unit.isdecimal() and int(unit) <= MOST_UNIT):
        return f"wanted a Modbus unit from 0 to {MOST_UNIT}, found {unit!r}"
    return ""
