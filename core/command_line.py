"""The `kvartal` command: finds its subcommands among the installed entry points."""

import os
import sys
from importlib.metadata import EntryPoint, entry_points

from core.errors import KvartalError

SUMMARY = {
    "demo": "run a simulated town, the edge, the gateway and the page on this machine",
    "gateway": "run the server: ingest, cases, API and pages",
    "edge": "read devices and send what they say to a gateway",
    "registry": "devices by the hundred, from a sheet and into one",
    "language": "what messages are about and what they state",
    "simulate": "run the simulated town alone",
    "bench": "measure speed beside the raw library's ceiling",
    "doctor": "look at this machine and say what is missing",
}
CONFIG_ERROR = 2


def main() -> None:
    """Run one subcommand and exit: 0 well, 1 went wrong, 2 a file or option is wrong."""
    sys.exit(run(sys.argv[1:]))


def run(argv: list[str]) -> int:
    commands = {entry.name: entry for entry in entry_points(group="kvartal.commands")}
    if not argv or argv[0] in {"-h", "--help"}:
        print(usage(commands))
        return 0 if argv else CONFIG_ERROR
    if argv[0] not in commands:
        print(
            f"kvartal: there is no command {argv[0]!r}; there are {', '.join(sorted(commands))}",
            file=sys.stderr,
        )
        return CONFIG_ERROR
    try:
        return int(commands[argv[0]].load()(argv[1:]))
    except KvartalError as error:
        print(f"kvartal {argv[0]}: {error}", file=sys.stderr)
        return CONFIG_ERROR
    except BrokenPipeError:  # `kvartal … | head` closed our output
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        return 130  # 128 + SIGINT, as shells have it


def usage(commands: dict[str, EntryPoint]) -> str:
    rows = [f"  {name:10} {SUMMARY.get(name, '')}".rstrip() for name in sorted(commands)]
    return "\n".join(
        ["usage: kvartal COMMAND [OPTION ...]", "", *rows, "", "kvartal COMMAND --help says more."]
    )
