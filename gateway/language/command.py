"""`kvartal language`: what messages are about, what they state, and how sure that is."""

import argparse
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

from core.errors import ConfigError
from gateway.language.classifier import Classifier
from gateway.language.duplicates import find_pairs, report_of
from gateway.language.evaluation import figures
from gateway.language.facts import FactFinder
from gateway.language.gazetteer import Entry
from gateway.language.rows import read_rows, write_predictions
from gateway.language.training import trained


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


def duplicates(*, file: Path, as_json: bool) -> int:
    """Print the pairs of messages near one another, and whether they are one trouble."""
    rows = read_rows(file, ("id", "text", "lat", "lon", "reported", "category"))
    reports = [report for row in rows if (report := report_of(row))]
    for pair in find_pairs(reports):
        if as_json:
            print(json.dumps(asdict(pair) | {"score": round(pair.score, 4)}, ensure_ascii=False))
        else:
            print(f"{pair.a} {pair.b} {pair.score:.2f} {'joined' if pair.joined else 'apart'}")
    return 0


def train(
    *, file: Path, text: str, label: str, context: Sequence[str], model: Path, as_json: bool
) -> int:
    """Learn from a file and keep the model."""
    rows = read_rows(file, (text, label, *context))
    learnt = _learnt(file, rows, text, label, context)
    learnt.save(model)
    said = {
        "rows": len(rows),
        "labels": len(learnt.labels),
        "threshold": learnt.threshold,
        "bytes": model.stat().st_size,
    }
    print(json.dumps(said) if as_json else _listed(said))
    return 0


def evaluate(
    *,
    train: Path,
    test: Path,
    text: str,
    label: str,
    context: Sequence[str],
    predictions: Path | None,
    as_json: bool,
) -> int:
    """Learn from one file, judge the rows of another, and print how well that went."""
    wanted = (text, label, *context)
    learnt = _learnt(train, read_rows(train, wanted), text, label, context)
    rows = read_rows(test, wanted)
    if not rows:
        raise ConfigError(f"{test}: has no rows")
    judged = learnt.judge([row[text] for row in rows], rows)
    if predictions:
        write_predictions(predictions, rows, label, judged)
    said = asdict(figures([row[label] for row in rows], judged, learnt.labels, learnt.threshold))
    print(json.dumps(said) if as_json else _listed(said))
    return 0


def _learnt(
    file: Path, rows: Sequence[dict[str, str]], text: str, label: str, context: Sequence[str]
) -> Classifier:
    labelled = [row for row in rows if row[label]]
    if not labelled:
        raise ConfigError(f"{file}: has no rows with a {label}")
    texts, labels = [row[text] for row in labelled], [row[label] for row in labelled]
    return trained(texts, labels, labelled, context)


def _listed(said: Mapping[str, object]) -> str:
    return "\n".join(
        f"{name:18}{value:.4f}" if isinstance(value, float) else f"{name:18}{value}"
        for name, value in said.items()
    )


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

    command = commands.add_parser(
        "duplicates", help="say which messages tell of the same trouble: never without a place"
    )
    command.add_argument(
        "file", type=Path, metavar="IN.csv", help="messages: id, text, lat, lon, reported, category"
    )
    command.add_argument("--json", dest="as_json", action="store_true", help="one JSON line a pair")
    command.set_defaults(action=duplicates)

    command = commands.add_parser("train", help="learn labels from a file, and keep the model")
    command.add_argument("file", type=Path, metavar="A.csv", help="texts with their labels")
    _add_columns(command)
    command.add_argument("--model", type=Path, required=True, help="where to keep it")
    command.set_defaults(action=train)

    command = commands.add_parser(
        "evaluate", help="learn from one file and judge another: what a city's own cases teach"
    )
    command.add_argument("--train", type=Path, required=True, metavar="A.csv")
    command.add_argument("--test", type=Path, required=True, metavar="B.csv")
    _add_columns(command)
    command.add_argument(
        "--predictions", type=Path, metavar="OUT.csv", help="the five likeliest labels of each row"
    )
    command.set_defaults(action=evaluate)
    return parser


def _add_columns(command: argparse.ArgumentParser) -> None:
    command.add_argument("--text", required=True, metavar="COLUMN", help="what is said")
    command.add_argument("--label", required=True, metavar="COLUMN", help="what is to be found")
    command.add_argument(
        "--context", action="append", default=[], metavar="COLUMN", help="what is known beside it"
    )
    command.add_argument("--json", dest="as_json", action="store_true")
