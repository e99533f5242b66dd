"""A probe under way: quiet logs, a table that is redrawn in place, and an end by Ctrl+C."""

import asyncio
import logging
import math
import shutil
import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import NoReturn, TextIO

import structlog

from core.clock import Clock
from edge.commissioning.probe import Probe
from edge.commissioning.table import table

REDRAW_EVERY_S = 0.5
LONGEST_ONCE_S = 30.0  # for a first reading of everything; a meter may publish once a minute


class Screen:
    """Draws lines over those that it has drawn before."""

    def __init__(self, terminal: TextIO) -> None:
        self._terminal = terminal
        self._drawn = 0

    def draw(self, lines: Sequence[str]) -> None:
        """Show as many lines, and as much of each, as the terminal has room for."""
        width, height = shutil.get_terminal_size()
        shown = [line[: width - 1] for line in lines[: height - 2]]
        if len(shown) < len(lines):
            shown.append(f"… and {len(lines) - len(shown)} lines more")
        self.clear()
        self._terminal.write("".join(f"{line}\n" for line in shown))
        self._terminal.flush()
        self._drawn = len(shown)

    def clear(self) -> None:
        if self._drawn:
            self._terminal.write(f"\x1b[{self._drawn}F\x1b[J")  # up to the first line, and erase
            self._drawn = 0


def watch(probe: Probe, clock: Clock, screen: Screen | None, *, once: bool, for_s: float) -> None:
    """Read until everything is decided (once), the time is over, or Ctrl+C.

    for_s: seconds; infinite where only Ctrl+C ends it. screen: where the table is redrawn.
    """
    with heard_by(probe):
        asyncio.run(_watch(probe, clock, screen, once=once, for_s=for_s))
    if screen is not None:
        screen.clear()


async def _watch(
    probe: Probe, clock: Clock, screen: Screen | None, *, once: bool, for_s: float
) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    drawing = asyncio.create_task(_draw(probe, clock, screen)) if screen is not None else None
    if once and math.isinf(for_s):
        for_s = LONGEST_ONCE_S
    try:
        await probe.run(lambda: stop.is_set() or (once and probe.is_decided), for_s)
    finally:
        if drawing is not None:
            drawing.cancel()
            await asyncio.wait([drawing])


async def _draw(probe: Probe, clock: Clock, screen: Screen) -> None:
    while True:
        screen.draw(table(probe.rows(), probe.problems(), clock.time_ns()))
        await asyncio.sleep(REDRAW_EVERY_S)


@contextmanager
def heard_by(probe: Probe) -> Iterator[None]:
    """Let a probe take the log of the adapters; it would run through the table."""
    with _logging_to(probe.hear):
        yield


@contextmanager
def quiet() -> Iterator[None]:
    """Leave the log out: what matters is in the report."""
    with _logging_to(_drop):
        yield


@contextmanager
def _logging_to(last: structlog.typing.Processor) -> Iterator[None]:
    before = structlog.get_config()
    structlog.configure(
        processors=[last], wrapper_class=structlog.make_filtering_bound_logger(logging.INFO)
    )
    try:
        yield
    finally:
        structlog.configure(**before)


def _drop(_logger: object, _method: str, _event: structlog.typing.EventDict) -> NoReturn:
    raise structlog.DropEvent
