"""The verbs of `kvartal edge` for whoever connects a device; each has its own module."""

import argparse
import asyncio
import json
import math
import sys
from pathlib import Path
from typing import Any

from adapters.document import read_document
from core.clock import SystemClock
from core.errors import ConfigError
from edge.commissioning.access import access_of, endpoint_at
from edge.commissioning.check import SCHEMAS, check, edge_of, schema
from edge.commissioning.live import Screen, quiet, watch
from edge.commissioning.oneoff import one_off
from edge.commissioning.probe import Probe, chosen
from edge.commissioning.report import records as scanned
from edge.commissioning.report import report
from edge.commissioning.scan import BROWSE_S, Scanner, numbers_in
from edge.commissioning.table import records, table
from edge.configuration import load_configuration
from edge.inventory import Inventory


def add_verbs(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the verbs and what they take; each sets `work`, from options to an exit code."""
    checking = verbs.add_parser(
        "check",
        help="say everything that is wrong with a file",
        description="Say everything that is wrong with a file, a line each: file, line, key, what "
        "was wanted, what was found. Exit code 0: nothing, 2: something is wrong.",
    )
    checking.add_argument("file", type=Path, metavar="FILE", help="edge.yaml or a devices file")
    _add_profiles(checking)
    checking.set_defaults(work=lambda options: _told(check(options.file, options.profiles)))
    _add_probe(verbs)
    _add_scan(verbs)
    describing = verbs.add_parser(
        "schema",
        help="print the JSON Schema of a file, for editors",
        description="Print the JSON Schema of a file, so that an editor completes and checks it.",
    )
    describing.add_argument(
        "kind",
        nargs="?",
        choices=SCHEMAS,
        default="devices",
        help="devices: endpoints and devices (default); edge: edge.yaml; profile: a device model",
    )
    describing.set_defaults(work=lambda options: _told(_json(schema(options.kind))))


def _add_probe(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = verbs.add_parser(
        "probe",
        help="read devices now and show what they say; nothing is sent on",
        description="Open the lines of a devices file, or a single address, with the adapters that "
        "an edge uses, and show the latest of every signal. It needs no broker and no gateway. On "
        "a terminal the table is redrawn in place until Ctrl+C; otherwise one table is printed as "
        "soon as every signal was read, or cannot be. Exit code 0: every signal was good at the "
        "end, 1: one was not, 2: the file or an option is wrong.",
        epilog="examples: kvartal edge probe my.yaml meter-1 --once | kvartal edge probe "
        "modbus+tcp://192.0.2.7 --unit 7 --register holding:100:float32 | kvartal edge probe "
        'opc.tcp://192.0.2.8:4840 --node "ns=2;s=Boiler.Temp" | kvartal edge probe '
        "mqtt://192.0.2.9 --topic heat/7 --field /t",
    )
    parser.add_argument("target", metavar="FILE|ADDRESS", help="a devices file, or an address")
    parser.add_argument("devices", nargs="*", metavar="DEVICE", help="only these of the file")
    parser.add_argument("--endpoint", default="", metavar="ID", help="only the devices of this")
    _add_access(parser)
    parser.add_argument(
        "--once", action="store_true", help="end as soon as every signal was read, at most 30 s"
    )
    parser.add_argument(
        "--for", dest="for_s", type=_seconds, metavar="SECONDS", help="end after so many seconds"
    )
    parser.add_argument("--json", action="store_true", help="print JSON at the end, no table")
    raw = parser.add_argument_group("for an ADDRESS")
    raw.add_argument("--unit", default="", help="Modbus unit, 0-255; default 1")
    raw.add_argument(
        "--register",
        action="append",
        default=[],
        metavar="TABLE:ADDRESS[:TYPE[:ORDER]]",
        help="Modbus: holding:100:float32; tables holding, input, coil, discrete; addresses from "
        "zero; types u16 (default), i16, u32, i32, u64, i64, f32, f64; orders big (default), "
        "little, big_swapped, little_swapped; may be given again",
    )
    raw.add_argument(
        "--node", action="append", default=[], help="OPC UA: ns=2;s=Name; may be given again"
    )
    raw.add_argument("--topic", default="", help="MQTT topic; may have the wildcards + and #")
    raw.add_argument(
        "--field",
        action="append",
        default=[],
        metavar="POINTER",
        help="JSON pointer of a value within the messages; default: the whole payload is the "
        "value; may be given again",
    )
    _add_options(raw)
    parser.set_defaults(work=_probe)


def _probe(options: argparse.Namespace) -> int:
    clock, access = SystemClock(), access_of(options.config, options.profiles)
    profiles = access.profiles
    if "://" in options.target:
        if options.devices or options.endpoint:
            raise ConfigError("DEVICE and --endpoint are for a file")
        configuration, made = one_off(
            endpoint_at(options.target, options.option, options.secret),
            options.unit,
            registers=options.register,
            nodes=options.node,
            topic=options.topic,
            fields=options.field,
        )
        profiles = {**profiles, **made}
    else:
        file = Path(options.target)
        raw = ("unit", "register", "node", "topic", "field", "option", "secret")
        if given := [f"--{each}" for each in raw if getattr(options, each)]:
            raise ConfigError(f"{' and '.join(given)}: for an address, not for a file")
        configuration = load_configuration(file, edge_of(read_document(file).content), profiles)
    configuration = chosen(configuration, options.devices, options.endpoint)
    probe = Probe(
        Inventory(configuration, profiles),
        clock,
        access.opener,
    )
    is_live = sys.stdout.isatty() and not options.json
    watch(
        probe,
        clock,
        Screen(sys.stdout) if is_live else None,
        once=options.once or (options.for_s is None and not sys.stdout.isatty()),
        for_s=math.inf if options.for_s is None else options.for_s,
    )
    rows, problems, now = probe.rows(), probe.problems(), clock.time_ns()
    if options.json:
        print(_json(records(rows, problems, now)))
    else:
        print("\n".join(table(rows, problems, now)))
    return 0 if probe.is_good else 1


def _add_scan(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = verbs.add_parser(
        "scan",
        help="find what is behind an address, and which models fit",
        description="Find what is behind an address: the units that answer on a Modbus line, the "
        "variables of an OPC UA server with type, value and unit, the topics that a broker lets us "
        "hear. Where everything that a device model wants is there and makes sense, the model is "
        "named, and a devices file for it printed. Nothing is written. Exit code 0: something was "
        "found, 1: nothing was, 2: an option is wrong.",
    )
    parser.add_argument("address", metavar="ADDRESS", help="modbus+tcp://…, opc.tcp://…, mqtt://…")
    parser.add_argument(
        "--units",
        type=numbers_in,
        default="1-32",
        metavar="RANGE",
        help="Modbus units to ask: 1-32 (default), 1-247, or 1-5,20; a silent one costs a second",
    )
    parser.add_argument(
        "--for",
        dest="for_s",
        type=_seconds,
        default=10.0,
        metavar="SECONDS",
        help="MQTT: how long to listen (10)",
    )
    parser.add_argument("--json", action="store_true", help="print JSON, no lists")
    _add_access(parser)
    _add_options(parser)
    parser.set_defaults(work=_scan)


def _scan(options: argparse.Namespace) -> int:
    endpoint = endpoint_at(options.address, options.option, options.secret)
    access = access_of(options.config, options.profiles)
    scanner = Scanner(access.opener, access.profiles, SystemClock())
    if endpoint.protocol == "camera":
        raise ConfigError("camera cannot be scanned")
    if endpoint.protocol == "modbus":
        work = scanner.units(endpoint, options.units)
    else:
        within_s = options.for_s if endpoint.protocol == "mqtt" else BROWSE_S
        work = scanner.points(endpoint, within_s)
    with quiet():
        scan = asyncio.run(work)
    print(_json(scanned(scan)) if options.json else "\n".join(report(scan)))
    return 0 if scan.units or scan.points else 1


def _seconds(text: str) -> float:
    seconds = float(text)
    if not 0 < seconds < math.inf:
        raise ValueError(text)
    return seconds


def _add_access(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--config",
        type=Path,
        metavar="FILE",
        help="edge.yaml: its secrets, certificates and profiles are used; without it certificates "
        "are in ./certificates",
    )
    _add_profiles(parser)


def _add_options(parser: "argparse.ArgumentParser | argparse._ArgumentGroup") -> None:
    parser.add_argument(
        "--option",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="option of the endpoint: timeout_s=2, security=sign_and_encrypt; may be given again",
    )
    parser.add_argument(
        "--secret", default="", metavar="NAME", help="file in secrets_dir with username:password"
    )


def _add_profiles(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--profiles",
        type=Path,
        action="append",
        default=[],
        metavar="FOLDER",
        help="device models beside the bundled ones; may be given again",
    )


def _told(text: str) -> int:
    print(text)
    return 0


def _json(content: Any) -> str:
    return json.dumps(content, ensure_ascii=False, indent=2)
