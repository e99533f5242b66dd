"""`kvartal gateway`: run the server, make sign-in links, import a registry, print the API."""

import argparse
import json
from collections.abc import Callable

from gateway.app import create_app
from gateway.settings import Settings


def run(argv: list[str]) -> int:
    """Run one subcommand; give the exit code."""
    options = vars(_parser().parse_args(argv))
    action: Callable[..., int] = options.pop("action")
    return action(**options)


def print_openapi() -> int:
    document = create_app(Settings()).openapi()
    print(json.dumps(document, indent=2, ensure_ascii=False))
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="kvartal gateway", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    openapi = commands.add_parser("openapi", help="print the OpenAPI document as JSON")
    openapi.set_defaults(action=print_openapi)
    return parser
