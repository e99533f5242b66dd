"""`kvartal edge`: run an edge; what helps to connect its devices is in `commissioning`."""

import argparse
import asyncio
import logging
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import structlog
from setproctitle import setproctitle

from adapters.enrolment import Token
from core.clock import SystemClock
from core.errors import EndpointError
from edge.commissioning.command import add_verbs
from edge.configuration import load_configuration
from edge.inventory import Inventory
from edge.node import Edge
from edge.settings import EdgeSettings, load_settings

STANDARD_INPUT = "-"


def run(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="kvartal edge", description="Read devices and send what they say to a gateway."
    )
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    running = verbs.add_parser("run", help="run until SIGTERM or Ctrl+C")
    running.add_argument("--config", type=Path, required=True, metavar="FILE", help="edge.yaml")
    running.add_argument(
        "--devices",
        type=Path,
        metavar="FILE",
        help="endpoints and devices from a file, not from the gateway",
    )
    running.set_defaults(work=lambda options: run_edge(options.config, options.devices))
    enrolling = verbs.add_parser(
        "enrol", help="make this machine a known edge, by a token of the gateway's administrator"
    )
    enrolling.add_argument("token", metavar="TOKEN", help="- reads it from the standard input")
    enrolling.add_argument(
        "--config", type=Path, default=Path("edge.yaml"), metavar="FILE",
        help="edge.yaml to write; what else stands in it stays (default: %(default)s)",
    )  # fmt: skip
    enrolling.add_argument(
        "--data-dir", type=Path, metavar="DIR", help="its data_dir (default: data beside edge.yaml)"
    )
    enrolling.add_argument(
        "--ca-file", type=Path, metavar="FILE",
        help="PEM of who signs for the gateway's https (default: whom the system trusts)",
    )  # fmt: skip
    enrolling.add_argument(
        "--force", action="store_true", help="write over the edge.yaml of another edge"
    )
    enrolling.set_defaults(work=enrol_edge)
    add_verbs(verbs)
    options = parser.parse_args(argv)
    return int(options.work(options))


def enrol_edge(options: argparse.Namespace) -> int:
    """Make this machine a known edge; 0 when the broker has let it in, 1 when it has not."""
    from edge.enrolment import enrol  # noqa: PLC0415 - an edge that runs has no use for it

    given = sys.stdin.readline() if options.token == STANDARD_INPUT else options.token
    steps = enrol(
        Token.read(given.strip()),
        options.config,
        options.data_dir,
        force=options.force,
        ca_file=options.ca_file,
    )
    try:
        for step in steps:
            print(step, flush=True)
    except EndpointError as error:
        print(f"kvartal edge: the broker does not let it in: {error}", file=sys.stderr)
        print(
            "Run this again once that is put right, or start the edge, which tries on.",
            file=sys.stderr,
        )
        return 1
    return 0


def run_edge(config: Path, devices: Path | None) -> int:
    """Run one edge; 0 after an orderly stop."""
    settings = load_settings(config)
    profiles = settings.all_profiles()
    standalone = None if devices is None else load_configuration(devices, settings.id, profiles)
    settings.broker_password()  # a file that cannot be read is told now, not when the link opens
    settings.broker_tls()
    os.umask(0o077)  # what it spools and keeps is for this user alone
    set_up_log()
    setproctitle(f"kvartal edge {settings.id}")
    edge = Edge(settings, profiles, SystemClock(), standalone)
    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        runner.run(_until_told(edge, settings))
    return 0


async def _until_told(edge: Edge, settings: EdgeSettings) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)

    def tell_ready(inventory: Inventory) -> None:
        print(
            f"edge {settings.id} is ready: {len(inventory.devices)} devices, "
            f"{inventory.signals} signals, revision {inventory.configuration.revision}",
            flush=True,
        )

    await edge.run(stop, tell_ready)


def set_up_log() -> None:
    """Write aligned text to a terminal and JSON, one object a line, to anything else."""
    processors: list[structlog.typing.Processor] = [
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    if sys.stderr.isatty():
        processors.append(
            structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
        )
    else:
        processors.append(structlog.processors.format_exc_info)
        processors.append(structlog.processors.JSONRenderer(ensure_ascii=False))
    structlog.configure(
        processors=processors,
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.WriteLoggerFactory(sys.stderr),
    )


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """Give uvloop's loop where there is one; it saves a third of the time spent on sockets."""
    try:
        import uvloop  # noqa: PLC0415 - not on every system
    except ImportError:
        return None
    factory: Callable[[], asyncio.AbstractEventLoop] = uvloop.new_event_loop
    return factory
