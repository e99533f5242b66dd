"""`kvartal simulate`: run the simulated town alone, or write down its registry."""

import argparse
import asyncio
import sys
from datetime import datetime, timedelta
from pathlib import Path

import msgspec
import structlog

from core.clock import SystemClock
from core.errors import ConfigError
from core.registry import Registry
from simulators.region import command as region
from simulators.running import TownOptions, run_town
from simulators.town.addresses import Ports
from simulators.town.registry import build_registry
from simulators.world.world import DUSK_AT

SEED = 1


def run(argv: list[str]) -> int:
    """Run the town until Ctrl+C, or a region for its time; give the exit code."""
    if argv[:1] == ["region"]:
        return region.run(argv[1:])
    options = _parser().parse_args(argv)
    ports = Ports(broker=options.broker, tester=options.tester_port)
    registry = build_registry(options.seed, ports, coming_dusk())
    if options.write_registry:
        write_registry(registry, options.write_registry)
        print(f"{options.write_registry}: {len(registry.devices)} devices")
        return 0
    configure_log()
    clock = SystemClock()
    started = 0.0 if options.since is None else max(0.0, clock.time_ns() / 1e9 - options.since)
    town = TownOptions(
        seed=options.seed,
        speed=options.speed,
        broker=options.broker,
        broker_user=options.broker_user,
        broker_password=_secret(options.broker_password_file),
        tester_port=options.tester_port,
        gateway=options.gateway,
        token=_secret(options.dispatcher_token_file),
        scenario=not options.no_scenario,
        started=started * options.speed,
    )
    try:
        asyncio.run(run_town(registry, town, clock))
    except OSError as error:
        print(f"kvartal simulate: {error}", file=sys.stderr)
        return 1
    return 0


def coming_dusk() -> datetime:
    """Give when it will be dusk in a town that starts now; one that starts later is darker then."""
    return SystemClock().now() + timedelta(seconds=DUSK_AT)


def write_registry(registry: Registry, file: Path) -> None:
    """Write the registry as JSON, as `kvartal gateway import` takes it."""
    file.write_bytes(msgspec.json.format(msgspec.json.encode(registry), indent=1))


def configure_log() -> None:
    """Write one JSON object a line to standard error, aligned text to a terminal."""
    to_terminal = sys.stderr.isatty()
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
            if to_terminal
            else structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        logger_factory=structlog.WriteLoggerFactory(sys.stderr),
    )


def _secret(file: Path | None) -> str:
    if file is None:
        return ""
    try:
        return file.read_text(encoding="utf-8").strip()
    except OSError as error:
        raise ConfigError(f"{file}: cannot be read: {error.strerror}") from error


def _parser() -> argparse.ArgumentParser:
    ports = Ports()
    parser = argparse.ArgumentParser(
        prog="kvartal simulate",
        description="A small town that serves Modbus, OPC UA, MQTT and camera streams on loopback. "
        "`kvartal simulate region --help`: the traffic of a whole region, from the uplink on.",
    )
    parser.add_argument("what", nargs="?", choices=["town"], default="town")
    add = parser.add_argument
    add("--write-registry", type=Path, metavar="FILE", help="write the registry as JSON and end")
    add("--seed", type=int, default=SEED, help="another seed, another town")
    add("--speed", type=float, default=1.0, help="seconds of the town in a second (default: 1)")
    add("--broker", default=ports.broker, metavar="URL", help="default: %(default)s")
    add("--broker-user", default="", metavar="NAME")
    add("--broker-password-file", type=Path, metavar="FILE")
    add("--tester-port", type=int, default=ports.tester, metavar="PORT", help="default: 8090")
    add("--gateway", default="", metavar="URL",
        help="where residents complain, e.g. http://127.0.0.1:8080; without it nothing goes wrong "
        "by itself")  # fmt: skip
    add("--dispatcher-token-file", type=Path, metavar="FILE",
        help="token of the sign-in link of the scripted dispatcher")  # fmt: skip
    add("--no-scenario", action="store_true", help="break nothing by itself")
    add("--since", type=float, metavar="UNIX", help="when the town began, to go on from there")
    return parser
