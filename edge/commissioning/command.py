"""The verbs of `kvartal edge` for whoever connects a device; each has its own module."""

import argparse
import json
from pathlib import Path
from typing import Any

from edge.commissioning.check import SCHEMAS, check, schema


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
