"""`kvartal bench`: measure speed beside the raw library's ceiling, in the same run."""

import argparse
import asyncio
import tempfile
from pathlib import Path

from simulators.bench import latency, modbus, mqtt, opcua

BENCHES = {
    "latency": latency.measure,
    "modbus": modbus.measure,
    "mqtt": mqtt.measure,
    "opcua": opcua.measure,
}
SUMMARY = {
    "latency": "a changed value from the device's wire to a page, at 5,000 points/s",
    "modbus": "registers through the whole edge, beside pymodbus alone, and with dead units",
    "opcua": "500 variables at 10 Hz through the whole edge, beside asyncua alone",
    "mqtt": "JSON messages of three values through the whole edge, beside paho that only counts",
}


def run(argv: list[str]) -> int:
    """Run one benchmark; 1 when points were lost."""
    options = _parser().parse_args(argv)
    with tempfile.TemporaryDirectory(prefix="kvartal-bench-") as folder:
        result = asyncio.run(BENCHES[options.name](Path(folder), options.seconds))
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
    parser.add_argument("--json", action="store_true", help="one JSON object on the last line")
    return parser
