"""How long three hundred houses take: from a sheet to edges that have it in force.

A gateway runs, with a broker and an edge. The real command imports the sheet, a row a house, whose
sixty devices its house type lays out; then it imports it again, which must change nothing. The
ceiling is SQLite alone, which is given as many rows.
"""

import asyncio
import json
import sqlite3
from asyncio.subprocess import PIPE
from pathlib import Path
from typing import Any

from core.clock import SystemClock
from simulators.bench.measure import Result
from simulators.bench.stand import say
from simulators.people.api import Api
from simulators.stage.children import CannotStart, Children
from simulators.stage.hub import Hub, Person, kvartal, token
from simulators.stage.ports import free_port

STREETS, HOUSES = 10, 30  # houses of each street
FLATS = 30  # two meters each
DEVICES = STREETS * HOUSES * FLATS * 2
EDGE = "edge-1"
PLACE = "town"
PATIENCE_S = 300.0
TABLES = 3  # of the registry that have a row for each device
TYPE = {
    "panel": {
        "parameters": ["converter"],
        "endpoints": [{"id": "meters-{house}", "line": "modbus+tcp://{converter}"}],
        "devices": [
            {
                "for": {"flat": f"1-{FLATS}"},
                "asset": f"{kind}-{{house}}-{{flat}}",
                "kind": f"{kind}_meter",
                "name": {"ru": "Счётчик, кв. {flat}", "en": "Meter, flat {flat}"},
                "profile": "generic-electricity-meter",
                "endpoint": "meters-{house}",
                "unit": f"{{flat+{shift}}}",
            }
            for kind, shift in (("day", 0), ("night", 100))
        ],
    }
}


async def measure(state: Path) -> Result:
    """Import the sheet twice. state: an empty folder."""
    clock = SystemClock()
    hub = Hub(state=state, broker_port=free_port(), port=free_port(), edge=EDGE)
    hub.write_secrets()
    children = Children(state / "logs", clock, say)
    registry, types, sheet = _files(state)
    try:
        (link,) = await hub.prepare(registry, [Person("administrator", PLACE, "Bench")])
        for child in (hub.broker(), hub.gateway(), hub.edge_process()):
            await children.start(child)
            await children.wait_ready(child)
        api = Api(hub.address)
        await asyncio.to_thread(api.sign_in, token(link))
        began = clock.monotonic()
        first = await _imported(state, types, sheet)
        import_s = clock.monotonic() - began
        say(f"{first['added']} entries are imported after {import_s:.1f} s")
        devices = await _until_in_force(api)
        distributed_s = clock.monotonic() - began
        say(f"the edge has them after {distributed_s:.1f} s")
        second = await _imported(state, types, sheet)
    finally:
        await children.stop()
    ceiling = await asyncio.to_thread(_bare, state / "bare.db")
    return Result(
        bench="import",
        unit="s until the edge has it",
        ours=distributed_s,
        ceiling=ceiling,
        ratio=ceiling / distributed_s,
        lost=DEVICES - devices,
        more={
            "devices": DEVICES,
            "import_s": import_s,
            "distributed_s": distributed_s,
            "second_changes": second["added"] + second["changed"],
        },
    )


async def _imported(state: Path, types: Path, sheet: Path) -> dict[str, Any]:
    """Import the sheet by the command that people use; give what it tells."""
    where = ["--data-dir", str(state / "gateway"), "--types", str(types)]
    command = kvartal("registry", "import", *where, "--json", str(sheet))
    process = await asyncio.create_subprocess_exec(*command, stdout=PIPE, stderr=PIPE)
    output, errors = await process.communicate()
    if process.returncode:
        raise CannotStart(errors.decode(errors="replace").strip())
    told: dict[str, Any] = json.loads(output)
    return told


async def _until_in_force(api: Api) -> int:
    """Wait until the edge has the newest revision in force; give how many devices it has."""
    clock = SystemClock()
    deadline = clock.monotonic() + PATIENCE_S
    while True:
        (edge,) = await asyncio.to_thread(api.get, "/api/v1/edges")
        if edge["revision_in_force"] == edge["revision_offered"] > 1:
            return int(edge["devices"])
        if clock.monotonic() > deadline:
            raise CannotStart(
                f"the edge has revision {edge['revision_in_force']} after {PATIENCE_S:.0f} s"
            )
        await asyncio.sleep(0.1)


def _files(state: Path) -> tuple[Path, Path, Path]:
    """Write the registry without devices, the house type and the sheet."""
    name = {"ru": "Город", "en": "Town"}
    places = [{"id": PLACE, "kind": "municipality", "name": name}]
    lines = ["address;type;converter"]
    for street in range(STREETS):
        title = f"Нижняя {'абвгдежзик'[street] * 4}"
        street_id = f"street-{street}"
        places.append(
            {"id": street_id, "kind": "street", "name": {"ru": title}, "parent": PLACE}
        )  # fmt: skip
        for house in range(1, HOUSES + 1):
            places.append(
                {
                    "id": f"{street_id}-{house}",
                    "kind": "building",
                    "name": {"ru": f"дом {house}"},
                    "parent": street_id,
                }
            )
            lines.append(f"{title}, {house};panel;127.0.{street}.{house}:1502")
    edges = [{"id": EDGE, "name": name, "place": PLACE}]
    registry, types, sheet = (state / each for each in ("town.json", "types.yaml", "houses.csv"))
    document = {"name": name, "places": places, "edges": edges}
    registry.write_text(json.dumps(document), encoding="utf-8")
    types.write_text(json.dumps(TYPE), encoding="utf-8")
    sheet.write_text("\n".join(lines), encoding="utf-8")
    return registry, types, sheet


def _bare(path: Path) -> float:
    """Give the seconds that SQLite alone takes for as many rows, committed."""
    clock = SystemClock()
    began = clock.monotonic()
    rows = [(f"device-{number}", "x" * 40, "y" * 60) for number in range(DEVICES)]
    with sqlite3.connect(path) as connection:
        for table in range(TABLES):
            connection.execute(f"CREATE TABLE t{table} (id TEXT PRIMARY KEY, a TEXT, b TEXT)")
            connection.executemany(f"INSERT INTO t{table} VALUES (?, ?, ?)", rows)  # noqa: S608
    connection.close()
    return clock.monotonic() - began
