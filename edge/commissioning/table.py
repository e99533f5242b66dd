"""What a probe found, as a table for people and as records for programs."""

import math
from collections.abc import Sequence
from typing import Any

from adapters.profile import SignalProfile
from core.clock import SECOND, to_datetime
from edge.commissioning.advice import quality_in_words
from edge.commissioning.plain import plain
from edge.commissioning.probe import Problem, Row

TITLES = ("DEVICE", "SIGNAL", "VALUE", "QUALITY", "AGE", "READINGS")
BYTES = "BYTES"  # last, and only where a protocol has them
UNITS = {"1": "", "Cel": "°C", "W.h": "Wh", "kW.h": "kWh", "m3": "m³", "m3/h": "m³/h"}
WIDEST = 40


def table(rows: Sequence[Row], problems: Sequence[Problem], now: int) -> list[str]:
    """Give lines: a table of signals and, below it, what is wrong. now: nanoseconds UTC."""
    cells: list[tuple[str, ...]] = [TITLES, *(_cells(row, now) for row in rows)]
    if any(row.wire for row in rows):
        wire = [BYTES, *(row.wire.hex(" ", 2) for row in rows)]
        cells = [(*line, last) for line, last in zip(cells, wire, strict=True)]
    widths = [max(len(line[place]) for line in cells) for place in range(len(cells[0]))]
    lines = ["  ".join(map(str.ljust, line, widths)).rstrip() for line in cells]
    if problems:
        lines.append("")
    for problem in problems:
        lines.append(f"{problem.name}: {problem.error}")
        if problem.advice:
            lines.append(f"    {problem.advice}")
    return [plain(line) for line in lines]


def records(rows: Sequence[Row], problems: Sequence[Problem], now: int) -> dict[str, Any]:
    """Give the same as JSON knows it; what is not known is null. Ages are in seconds."""
    return {
        "signals": [_record(row, now) for row in rows],
        "problems": [
            {"name": each.name, "error": each.error, "advice": each.advice} for each in problems
        ],
    }


def value_in_words(signal: SignalProfile, value: float) -> str:
    """Write a value with its unit, or the name of its state."""
    if math.isnan(value):
        return "-"
    state = signal.states.get(int(value)) if value.is_integer() else None
    if state is not None:
        return f"{state['en']} ({value:g})"
    if signal.states:
        return f"{value:g} (no state of this number)"
    unit = UNITS.get(signal.unit, signal.unit)
    number = f"{value:.0f}" if value.is_integer() and abs(value) < 1e15 else f"{value:.6g}"
    return f"{number} {unit}".rstrip()


def _cells(row: Row, now: int) -> tuple[str, ...]:
    name = (row.point.device.id, row.point.signal.key)
    if not row.readings:
        quality = quality_in_words(row.quality) if row.time else "nothing yet"
        return (*name, "-", quality, "-", "0")
    value = value_in_words(row.point.signal, row.value)[:WIDEST]
    return (*name, value, quality_in_words(row.quality), _age(now - row.time), str(row.readings))


def _age(nanoseconds: int) -> str:
    seconds = nanoseconds / SECOND
    if abs(seconds) < 120:
        return f"{seconds:.1f} s"
    return f"{seconds / 60:.0f} min" if abs(seconds) < 7200 else f"{seconds / 3600:.0f} h"


def _record(row: Row, now: int) -> dict[str, Any]:
    signal, is_known = row.point.signal, row.readings > 0 and not math.isnan(row.value)
    state = signal.states.get(int(row.value)) if is_known and row.value.is_integer() else None
    return {
        "device": row.point.device.id,
        "signal": signal.key,
        "value": row.value if is_known else None,
        "unit": signal.unit,
        "state": state["en"] if state else None,
        "good": row.is_good,
        "quality": quality_in_words(row.quality) if row.time else "nothing yet",
        "trouble": row.trouble or None,
        "time": to_datetime(row.time).isoformat() if row.time else None,
        "age_s": round((now - row.time) / SECOND, 3) if row.time else None,
        "readings": row.readings,
        "bytes": row.wire.hex() or None,
    }
