"""`kvartal bench`: measure speed beside the raw library's ceiling, in the same run."""

import argparse
import asyncio
import tempfile
from collections.abc import Callable, Coroutine
from pathlib import Path

from simulators.bench import (
    bulk,
    core,
    crowd,
    cuts,
    ingest,
    latency,
    link,
    modbus,
    mqtt,
    opcua,
    outage,
    query,
    spool,
)
from simulators.bench.measure import Result

BENCHES: dict[str, Callable[[Path, argparse.Namespace], Coroutine[None, None, Result]]] = {
    "import": lambda folder, _options: bulk.measure(folder),
    "cuts": lambda folder, options: cuts.measure(folder, options.rounds),
    "core": lambda folder, options: core.measure(folder, options.appeals),
    "crowd": lambda folder, options: crowd.measure(folder, options.seconds),
    "ingest": lambda folder, options: ingest.measure(folder, options.seconds),
    "latency": lambda folder, options: latency.measure(folder, options.seconds, options.rate),
    "link": lambda folder, _options: link.measure(folder, link.BACKLOG),
    "modbus": lambda folder, options: modbus.measure(folder, options.seconds),
    "mqtt": lambda folder, options: mqtt.measure(folder, options.seconds),
    "opcua": lambda folder, options: opcua.measure(folder, options.seconds),
    "outage": lambda folder, options: outage.measure(folder, options.alarms),
    "query": lambda folder, options: query.measure(folder, options.points),
    "spool": lambda folder, options: spool.measure(folder, options.blocks),
}
SUMMARY = {
    "import": "300 houses with 60 devices each from a sheet to an edge, beside SQLite alone",
    "cuts": "how soon an OPC UA line is read again after it was broken, beside asyncua alone",
    "core": "appeals filed, classified, joined, routed and durable, beside the store's bare driver",
    "crowd": "a thousand devices in one edge: start, memory, and whether dead ones hold others up",
    "ingest": "readings from the wire to a durable store in one gateway, beside DuckDB alone",
    "latency": "a changed value from the device's wire to a page, beside the raw libraries",
    "link": "an alarm to a page over 256 kbit/s and 200 ms, while 100,000 readings drain",
    "modbus": "registers through the whole edge, beside pymodbus alone, and with dead units",
    "opcua": "500 variables at 10 Hz through the whole edge, beside asyncua alone",
    "mqtt": "JSON messages of three values through the whole edge, beside paho that only counts",
    "spool": "blocks of readings that the edge has on disk, beside SQLite alone",
    "outage": "10,000 alarms in 10 s folded to their causes, while pages ask for the worklist",
    "query": "a month of 50,000 series, asked as pages and sheets ask, beside DuckDB alone",
}


def run(argv: list[str]) -> int:
    """Run one benchmark; 1 when points were lost."""
    options = _parser().parse_args(argv)
    with tempfile.TemporaryDirectory(prefix="kvartal-bench-") as folder:
        result = asyncio.run(BENCHES[options.name](Path(folder), options))
    if options.json:
        print(result.as_json())
    else:
        for name, figure in result.figures().items():
            print(f"{name:16} {figure}")
    return 1 if result.lost else 0


def _parser() -> argparse.ArgumentParser:
    rows = "\n".join(f"  {name:10} {summary}" for name, summary in SUMMARY.items())
    parser = argparse.ArgumentParser(
        prog="kvartal bench",
        description=f"Measure speed beside the raw library's ceiling, in the same run.\n\n{rows}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("name", choices=sorted(BENCHES), metavar="NAME")
    parser.add_argument("--seconds", type=float, default=30.0, help="to measure (default: 30)")
    parser.add_argument(
        "--rate", type=float, default=5000, help="of latency, points per second (default: 5000)"
    )
    parser.add_argument("--rounds", type=int, default=20, help="of cuts (default: 20)")
    parser.add_argument(
        "--points", type=int, default=50_000_000, help="readings stored (default: 50000000)"
    )
    parser.add_argument(
        "--blocks", type=int, default=50_000, help="of spool, with 500 readings (default: 50000)"
    )
    parser.add_argument(
        "--appeals", type=int, default=3000, help="of core, filed on each store (default: 3000)"
    )
    parser.add_argument("--alarms", type=int, default=10_000, help="of outage (default: 10000)")
    parser.add_argument("--json", action="store_true", help="one JSON object on the last line")
    return parser
