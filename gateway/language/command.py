"""`kvartal language`: what messages are about, what they state, and how sure that is."""

import argparse
import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from gateway.language.facts import FactFinder
from gateway.language.gazetteer import Entry
from gateway.language.rows import read_rows


def run(argv: list[str]) -> int:
    """Run one subcommand; give the exit code."""
    options = vars(_parser().parse_args(argv))
    action: Callable[..., int] = options.pop("action")
    return action(**options)


def extract(*, file: Path, gazetteer: Path | None, as_json: bool) -> int:
    """Print what each message states, a line each."""
    streets = read_rows(gazetteer, ("street",)) if gazetteer else []
    finder = FactFinder(Entry(row.get("settlement", ""), row["street"]) for row in streets)
    for row in read_rows(file, ("id", "text")):
        facts = {"id": row["id"], **asdict(finder.facts(row["text"]))}
        if as_json:
            print(json.dumps(facts, ensure_ascii=False))
        else:
            stated = (f"{name} {_shown(value)}" for name, value in facts.items() if value)
            print(", ".join(stated))
    return 0


def _shown(value: object) -> str:
    return " ".join(value) if isinstance(value, tuple) else str(value)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="kvartal language", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    command = commands.add_parser("extract", help="say what each message states: where and when")
    command.add_argument("file", type=Path, metavar="IN.csv", help="messages: id, text")
    command.add_argument(
        "--gazetteer", type=Path, metavar="STREETS.csv", help="streets: settlement, street"
    )
    command.add_argument("--json", dest="as_json", action="store_true", help="one JSON line a row")
    command.set_defaults(action=extract)
    return parser
