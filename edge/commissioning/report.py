"""What a scan found, for people: lists, and the lines of a devices file for what matches."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any

from core.registry import Endpoint
from edge.commissioning.matching import Candidate
from edge.commissioning.plain import plain
from edge.commissioning.probe import Problem
from edge.commissioning.scan import Scan

WIDEST = 60


def report(scan: Scan) -> list[str]:
    """Give lines; in `points` the most deeply nested last, as they were found."""
    lines = _units(scan) if scan.endpoint.protocol == "modbus" else _points(scan)
    for problem in scan.problems:
        lines += _problem(problem)
    return [plain(line) for line in (*lines, *_devices_file(scan.endpoint, scan.matches))]


def records(scan: Scan) -> dict[str, Any]:
    """Give the same as JSON knows it."""
    return {
        "address": scan.endpoint.address,
        "protocol": scan.endpoint.protocol,
        "units": list(scan.units),
        "points": [asdict(each) for each in scan.points],
        "matches": [{"profile": each.profile, "unit": each.unit} for each in scan.matches],
        "problems": [{"error": each.error, "advice": each.advice} for each in scan.problems],
    }


def _units(scan: Scan) -> list[str]:
    models = {
        unit: ", ".join(each.profile for each in scan.matches if each.unit == unit)
        for unit in scan.units
    }
    if not models:
        return ["no unit answers"]
    return _columns(("UNIT", "MODELS THAT FIT"), [(unit, models[unit] or "-") for unit in models])


def _points(scan: Scan) -> list[str]:
    if scan.endpoint.protocol == "mqtt":
        heard = [
            (each.address, each.kind, _short(each.value))
            for each in sorted(scan.points, key=lambda each: each.address)
        ]
        return _columns(("TOPIC", "PAYLOAD", "EXAMPLE"), heard) if heard else ["nothing is heard"]
    shown = [
        (each.name, each.address, each.kind, _short(each.value), each.unit or "-")
        for each in sorted(scan.points, key=lambda each: each.name)
    ]
    titles = ("NAME", "NODE", "TYPE", "VALUE", "UNIT")
    return _columns(titles, shown) if shown else ["no variable is shown"]


def _problem(problem: Problem) -> Iterator[str]:
    yield problem.error
    if problem.advice:
        yield f"    {problem.advice}"


def _devices_file(endpoint: Endpoint, matches: Sequence[Candidate]) -> Iterator[str]:
    if not matches:
        return
    yield ""
    yield "# a devices file for what fits; choose names, and drop what is not so"
    yield "endpoints:"
    yield (
        f'  - {{id: {endpoint.id}, protocol: {endpoint.protocol}, address: "{endpoint.address}"}}'
    )
    yield "devices:"
    for number, each in enumerate(matches, 1):
        yield (
            f"  - {{id: device-{number}, profile: {each.profile}, endpoint: {endpoint.id}, "
            f"unit: {json.dumps(each.unit, ensure_ascii=False)}}}"
        )


def _columns(titles: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    cells = [titles, *rows]
    widths = [max(len(row[place]) for row in cells) for place in range(len(titles))]
    return ["  ".join(map(str.ljust, row, widths)).rstrip() for row in cells]


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= WIDEST else f"{line[: WIDEST - 1]}…"
