"""`kvartal registry`: devices by the hundred, from a sheet and into one."""

import argparse
import asyncio
import getpass
import json
import os
import sys
from collections.abc import Callable, Sequence
from datetime import datetime
from difflib import get_close_matches
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from core.clock import SystemClock
from core.errors import ConfigError
from core.registry import Registry
from gateway.registry.document import (
    LONGEST_SERIAL,
    LONGEST_UNIT,
    BrokenRegistry,
    decode_registry,
)
from gateway.registry.replacement import LONGEST_NOTE, Replaced, Replacement, replace_device
from gateway.registry.rows import read_registry, replace_registry
from gateway.registry.takeover import TakenOver, take_over
from gateway.settings import Settings, load_settings
from gateway.sheets.amendment import Amendment
from gateway.sheets.billing import (
    METERS,
    TARIFFS,
    meter_rows,
    take_meters,
    take_tariffs,
    tariff_rows,
)
from gateway.sheets.columns import COLUMNS, understood
from gateway.sheets.export import HEADINGS, rows
from gateway.sheets.faults import BrokenSheet, Faults
from gateway.sheets.house_types import HouseType, read_house_types
from gateway.sheets.sheet import Sheet
from gateway.sheets.table_file import read_table, write_table
from gateway.storage.opened import opened

DEVICES = "devices"
COLUMNS_OF = {DEVICES: COLUMNS, "meters": METERS, "tariffs": TARIFFS}
TAKE = {"meters": take_meters, "tariffs": take_tariffs}
ROWS = {DEVICES: rows, "meters": meter_rows, "tariffs": tariff_rows}
SHOWN = 40  # changes; --json tells all
FAULTS_SHOWN = 200


def run(argv: list[str]) -> int:
    """Run one subcommand; give the exit code."""
    os.umask(0o077)
    options = vars(_parser().parse_args(argv))
    action: Callable[..., int] = options.pop("action")
    settings = load_settings(options.pop("config"), data_dir=options.pop("data_dir"))
    return action(settings, **options)


def import_sheet(
    settings: Settings,
    *,
    sheet: Path,
    of: str,
    types: Sequence[Path],
    dry_run: bool,
    create_places: bool,
    as_json: bool,
) -> int:
    """Amend the registry by a sheet, whole or not at all."""
    if of != DEVICES and (types or create_places):
        raise ConfigError(f"--types and --create-places are for {DEVICES}, not for {of}")
    known: dict[str, HouseType] = {}
    for file in types:
        known |= read_house_types(file)
    headings, lines = read_table(sheet)
    faults = Faults(str(sheet))
    parameters = [name for each in known.values() for name in each.parameters]
    taken = understood(headings, lines, faults, columns=COLUMNS_OF[of], parameters=parameters)

    async def amend() -> tuple[Amendment, Registry, int]:
        async with opened(settings) as database, database.transaction() as session:
            return await _amended(session)

    async def _amended(session: AsyncSession) -> tuple[Amendment, Registry, int]:
        registry, revision = await read_registry(session)
        if not revision:
            raise ConfigError("there is no registry yet; begin with `kvartal gateway import FILE`")
        if of == DEVICES:
            reader = Sheet(registry, known, faults, creates_places=create_places)
            reader.take(taken)
            amendment = reader.amendment
        else:
            amendment = Amendment(registry, faults)
            TAKE[of](amendment, taken, faults)
        faults.raise_any()
        # The way of every document: what cannot be is refused here, too.
        amended = decode_registry(msgspec.json.encode(amendment.result()))
        if amendment.changes() and not dry_run:
            revision = await replace_registry(session, SystemClock(), amended)
        return amendment, amended, revision

    try:
        amendment, amended, revision = asyncio.run(amend())
    except BrokenSheet as error:
        raise ConfigError(_listed(error.faults, str(error))) from error
    except BrokenRegistry as error:
        lines_ = [f"{sheet}: {where}: {what}" for where, what in error.problems]
        raise ConfigError(_listed(lines_, str(error))) from error
    _tell(amendment, revision, dry_run=dry_run, as_json=as_json)
    for warning in _unknown_profiles(amended, amendment):
        print(f"kvartal registry: {warning}", file=sys.stderr)
    return 0


def export_sheet(settings: Settings, *, sheet: Path, of: str) -> int:
    """Write what the registry in force has of something."""

    async def read() -> Registry:
        async with opened(settings) as database, database.reading() as session:
            return (await read_registry(session))[0]

    registry = asyncio.run(read())
    found = list(ROWS[of](registry))
    try:
        write_table(sheet, HEADINGS if of == DEVICES else list(COLUMNS_OF[of]), found)
    except OSError as error:
        raise ConfigError(f"{sheet}: cannot be written: {error.strerror}") from error
    print(f"{sheet}: {len(found)} {of}")
    return 0


def replace_meter(settings: Settings, **wanted: Any) -> int:
    """Put a new device in the place of the one that serves an asset."""
    replacement = Replacement(**wanted)

    async def replaced() -> Replaced:
        async with opened(settings) as database, database.transaction() as session:
            return await replace_device(session, SystemClock(), replacement, by=getpass.getuser())

    done = asyncio.run(replaced())
    at = done.at.isoformat(timespec="seconds")
    for asset in done.assets:
        print(f"{asset}: {done.former.id} until {at}, from then on {done.device.id}")
    device = done.device
    print(f"{device.id}: serial {device.serial}, unit {device.unit} on {device.endpoint}")
    print(f"registry revision {done.revision} is in force")
    return 0


def clone_edge(settings: Settings, *, old: str, new: str, revision: int | None, force: bool) -> int:
    """Let a new edge read what a dead one read."""

    async def taken_over() -> TakenOver:
        async with opened(settings) as database, database.transaction() as session:
            return await take_over(
                session, SystemClock(), old, new, kept_revision=revision, is_forced=force
            )

    done = asyncio.run(taken_over())
    print(f"{new} reads {done.lines} lines with {done.devices} devices; {old} reads nothing more")
    print(f"registry revision {done.revision} is in force")
    print(f"next: kvartal gateway enrolment {new}")
    return 0


def _tell(amendment: Amendment, revision: int, *, dry_run: bool, as_json: bool) -> None:
    changes = amendment.changes()
    added = sum(not each.what for each in changes)
    changed = len(changes) - added
    if as_json:
        told = [
            {
                "part": each.part,
                "id": each.id,
                "changed": {
                    name: {"from": old, "to": new} for name, (old, new) in each.what.items()
                },
            }
            for each in changes
        ]
        counts = {"added": added, "changed": changed, "revision": revision, "dry_run": dry_run}
        document = {**counts, "changes": told}
        print(json.dumps(document, ensure_ascii=False, indent=2, default=msgspec.to_builtins))
        return
    for change in changes[:SHOWN]:
        print(change)
    if len(changes) > SHOWN:
        print(f"… and {len(changes) - SHOWN} more; --json tells all")
    print(f"{added} added, {changed} changed; the sheet names {amendment.named} entries")
    if not changes:
        print(f"nothing changes; registry revision {revision} stays in force")
    elif dry_run:
        print("nothing was written: --dry-run")
    else:
        print(f"registry revision {revision} is in force")


def _unknown_profiles(registry: Registry, amendment: Amendment) -> list[str]:
    """Warn of models that no edge of this version brings: an edge without them refuses all."""
    touched = {each.id for each in amendment.changes() if each.part == "devices"}
    bundled = set(_stems(files("adapters") / "profiles"))
    asked = {each.profile for each in registry.devices if each.id in touched}
    found = []
    for name in sorted(asked - bundled):
        near = get_close_matches(name, sorted(bundled), n=1)
        hint = f"did you mean {near[0]}? " if near else ""
        found.append(
            f"no bundled model is called {name}; {hint}an edge that has none of that name in its "
            "folders of profiles refuses its whole configuration"
        )
    return found


def _stems(folder: Traversable) -> list[str]:
    """Give the names of the models in a folder: a file is named after its model."""
    found = []
    for entry in folder.iterdir():
        if entry.is_dir():
            found += _stems(entry)
        elif entry.name.endswith(".yaml"):
            found.append(entry.name.removesuffix(".yaml"))
    return found


def _listed(lines: Sequence[str], summary: str) -> str:
    shown = list(lines[:FAULTS_SHOWN])
    if len(lines) > FAULTS_SHOWN:
        shown.append(f"… and {len(lines) - FAULTS_SHOWN} more")
    return "\n".join([*shown, summary])


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="kvartal registry",
        description="Devices by the hundred, from a sheet and into one. Works on the database of "
        "a gateway, which may be running: it takes up what changes.",
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    where = argparse.ArgumentParser(add_help=False)
    where.add_argument("--config", type=Path, metavar="FILE", help="settings as YAML")
    where.add_argument("--data-dir", type=Path, metavar="DIR", help="folder of the databases")

    importing = commands.add_parser(
        "import",
        parents=[where],
        help="add and change devices, meters or prices by the rows of a sheet, all or none",
        description="Add and change devices, what billing knows of meters, or prices by the rows "
        "of a sheet (CSV or XLSX), all or none. "
        "What the sheet does not name stays. The same sheet again changes nothing.",
        epilog="columns, each also by its Russian name: "
        + "; ".join(
            f"{of}: " + ", ".join(f"{name} ({others[0]})" for name, others in columns.items())
            for of, columns in COLUMNS_OF.items()
        )
        + ". docs/bulk.md tells more.",
    )
    importing.add_argument("--of", choices=COLUMNS_OF, default=DEVICES, help="what a row is about")
    importing.add_argument("sheet", type=Path, metavar="SHEET")
    importing.add_argument(
        "--types",
        type=Path,
        action="append",
        default=[],
        metavar="FILE",
        help="house types as YAML; may be given again",
    )
    importing.add_argument(
        "--dry-run", action="store_true", help="say what would change, and change nothing"
    )
    importing.add_argument(
        "--create-places", action="store_true", help="make houses that a known street has not yet"
    )
    importing.add_argument("--json", dest="as_json", action="store_true", help="tell it as JSON")
    importing.set_defaults(action=import_sheet)

    exporting = commands.add_parser(
        "export",
        parents=[where],
        help="write all devices, meters or prices into a sheet that can be imported again",
    )
    exporting.add_argument("--of", choices=COLUMNS_OF, default=DEVICES, help="what a row is about")
    exporting.add_argument("sheet", type=Path, metavar="SHEET", help="a .csv or .xlsx file")
    exporting.set_defaults(action=export_sheet)

    replacing = commands.add_parser(
        "replace",
        parents=[where],
        help="put a new device in the place of the one that serves an asset",
        description="Put a new device in the place of the one that serves an asset: a meter was "
        "replaced. The readings of both stay.",
    )
    replacing.add_argument("asset", metavar="ASSET")
    replacing.add_argument(
        "--serial",
        required=True,
        type=_up_to(LONGEST_SERIAL),
        help="on the plate of the new device",
    )
    replacing.add_argument("--device", default="", metavar="ID", help="of the new one")
    replacing.add_argument(
        "--unit",
        default="",
        type=_up_to(LONGEST_UNIT),
        help="of the new one, if not the former one's",
    )
    replacing.add_argument(
        "--former",
        default="",
        metavar="ID",
        help="which is replaced, where several serve the asset",
    )
    replacing.add_argument(
        "--at", type=_moment, metavar="TIME", help="when, like 2026-05-01T10:00+03:00; else now"
    )
    replacing.add_argument(
        "--last", type=float, metavar="VALUE", help="the former one's last reading"
    )
    replacing.add_argument(
        "--first", type=float, metavar="VALUE", help="the new one's first reading"
    )
    replacing.add_argument("--note", default="", type=_up_to(LONGEST_NOTE), metavar="TEXT")
    replacing.set_defaults(action=replace_meter)

    cloning = commands.add_parser(
        "clone-edge",
        parents=[where],
        help="let a new edge take over all lines of a dead one",
        description="Let a new edge take over all lines of a dead one, with their devices. The new "
        "one is made where the registry has none of that id; the old one is offered an empty "
        "configuration from then on.",
    )
    cloning.add_argument("old", metavar="OLD", help="id of the dead edge")
    cloning.add_argument("new", metavar="NEW", help="id of the edge in its place")
    cloning.add_argument(
        "--revision",
        type=int,
        metavar="N",
        help="put lines and devices back as they were in this revision of its configuration",
    )
    cloning.add_argument("--force", action="store_true", help="though the old one is connected")
    cloning.set_defaults(action=clone_edge)
    return parser


def _up_to(longest: int) -> Callable[[str], str]:
    """Give what takes a text of up to so many signs from the command line."""

    def taken(text: str) -> str:
        if len(text) > longest:
            raise argparse.ArgumentTypeError(f"wanted up to {longest} signs, found {len(text)}")
        return text

    return taken


def _moment(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        wanted = f"wanted a moment like 2026-05-01T10:00+03:00, found {text!r}"
        raise argparse.ArgumentTypeError(wanted) from None
