"""What all tests share: rounds of faults and their table, no clock on generated examples, and
tracebacks without the values of variables, which take minutes to print and hide what went wrong."""

from collections.abc import Callable
from dataclasses import asdict, dataclass

import pytest
import structlog
from hypothesis import settings

settings.register_profile("kvartal", deadline=None)  # how busy the machine is proves nothing
settings.load_profile("kvartal")

PLAIN = structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
structlog.configure(processors=[*structlog.get_config()["processors"][:-1], PLAIN])

Rounds = Callable[[int, int], int]


@dataclass(frozen=True, slots=True)
class Fault:
    """What came of one kind of fault, by what the test itself has kept.

    acknowledged: readings or blocks. slowest_s: from the fault until all was well again.
    """

    name: str
    rounds: int
    acknowledged: int
    lost: int
    duplicates: int
    slowest_s: float = float("nan")


Tell = Callable[[Fault], None]
FAULT = "fault"  # what a test's report calls it; a report gets from the test's process to the table


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--all-rounds", action="store_true", help="all rounds of faults, for 20 minutes"
    )


@pytest.fixture
def rounds(pytestconfig: pytest.Config) -> Rounds:
    """Choose between few rounds and all."""
    return lambda few, every: every if pytestconfig.getoption("--all-rounds") else few


@pytest.fixture
def tell(record_property: Callable[[str, object], None]) -> Tell:
    """Put a fault into the table at the end, and let what went wrong fail the test."""

    def keep(fault: Fault) -> None:
        record_property(FAULT, asdict(fault))
        assert (fault.lost, fault.duplicates) == (0, 0)

    return keep


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    reports = terminalreporter.getreports("passed") + terminalreporter.getreports("failed")
    found = [value for report in reports for name, value in report.user_properties if name == FAULT]
    if not found:
        return
    terminalreporter.section("faults")
    terminalreporter.line(
        f"{'fault':44}{'rounds':>8}{'acknowledged':>14}{'lost':>6}{'twice':>7}{'slowest, s':>12}"
    )
    for each in (Fault(**columns) for columns in found):
        slowest = f"{each.slowest_s:.1f}" if each.slowest_s == each.slowest_s else "-"
        terminalreporter.line(
            f"{each.name:44}{each.rounds:8}{each.acknowledged:14}"
            f"{each.lost:6}{each.duplicates:7}{slowest:>12}"
        )
