"""Processes that belong together: started in order, logged, restarted when one dies, ended at once.

Each has a process group of its own, so that Ctrl+C reaches only us and we end them in order.
"""

import asyncio
import json
import os
import re
import signal
import sys
from asyncio.subprocess import PIPE, STDOUT, Process
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from core.clock import Clock

STOP_S = 5.0
READY_S = 60.0
LOG_BYTES = 5_000_000  # a log, and one before it
RESTARTS = 5  # within RESTARTS_S; a child that dies more often has a reason that stays
RESTARTS_S = 60.0
SHOWN_A_MINUTE = 10  # warnings of one child; the rest is in its log
WARNING = re.compile(r"level['\"]?\s*[=:]\s*['\"]?(warning|error|critical)|^Traceback|\bERROR\b")

Say = Callable[[str], None]


class CannotStart(Exception):
    """Tell which child does not come up, and where its reason stands."""


@dataclass(slots=True, kw_only=True)
class Child:
    """command: without a shell. ready: asked until it is true. listen_for: a word of its log that
    sets `said`, until it is started again."""

    name: str
    command: Sequence[str]
    ready: Callable[["Child"], bool]
    listen_for: str = ""
    said: bool = False
    is_wanted: bool = True
    process: Process | None = None
    deaths: list[float] = field(default_factory=list)


class BoundedLog:
    """A file that starts anew when it is full and keeps the one before."""

    def __init__(self, path: Path) -> None:
        self._path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = path.open("ab")

    def write(self, line: bytes) -> None:
        self._file.write(line)
        self._file.flush()
        if self._file.tell() > LOG_BYTES:
            self._file.close()
            self._path.replace(self._path.with_suffix(".1.log"))
            self._file = self._path.open("ab")

    def close(self) -> None:
        self._file.close()


class Children:
    """All of them. `failed` is set when one dies again and again."""

    def __init__(self, logs: Path, clock: Clock, say: Say) -> None:
        self.logs = logs
        self._clock = clock
        self._say = say
        self._all: list[Child] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._stopping = False
        self.failed = asyncio.Event()

    async def start(self, child: Child) -> None:
        """Start one and watch over it."""
        self._all.append(child)
        await self._spawn(child)

    async def wait_ready(self, child: Child, within: float = READY_S) -> None:
        """Wait until it is ready. CannotStart when it dies or takes too long."""
        deadline = self._clock.monotonic() + within
        while not await asyncio.to_thread(child.ready, child):
            if self.failed.is_set() or self._clock.monotonic() > deadline:
                raise CannotStart(
                    f"{child.name} is not ready after {within:.0f} s; "
                    f"see {self.logs / child.name}.log\n{self._tail(child)}"
                )
            await asyncio.sleep(0.1)

    async def dismiss(self, child: Child) -> None:
        """End one for good; it is not started again."""
        self._all.remove(child)
        child.is_wanted = False
        if child.process:
            _signal_group(child.process, signal.SIGTERM)
            await child.process.wait()

    async def stop(self) -> None:
        """End all, the last started first: SIGTERM, after 5 s SIGKILL. Nothing stays behind."""
        self._stopping = True
        running = [child.process for child in reversed(self._all) if child.process]
        for process in running:
            _signal_group(process, signal.SIGTERM)
        try:
            async with asyncio.timeout(STOP_S):
                await asyncio.gather(*(process.wait() for process in running))
        except TimeoutError:
            self._say("some processes did not end within 5 s and are killed")
        for process in running:
            _signal_group(process, signal.SIGKILL)  # whatever of a group is left
        for process in running:
            await process.wait()
        await asyncio.gather(*self._tasks)

    async def _spawn(self, child: Child) -> None:
        child.said = False
        environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
        tied = [sys.executable, "-m", "simulators.stage.tied", str(os.getpid())]
        child.process = await asyncio.create_subprocess_exec(
            *tied, *child.command, stdin=asyncio.subprocess.DEVNULL, stdout=PIPE, stderr=STDOUT,
            start_new_session=True, env=environment, limit=1_000_000,
        )  # fmt: skip
        task = asyncio.create_task(self._watch(child, child.process))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _watch(self, child: Child, process: Process) -> None:
        """Write its log until it ends, then start it again unless we are stopping."""
        await self._follow(child, process)
        code = await process.wait()
        if self._stopping or not child.is_wanted:
            return
        _signal_group(process, signal.SIGKILL)
        now = self._clock.monotonic()
        child.deaths = [at for at in child.deaths if now - at < RESTARTS_S] + [now]
        ended = f"by signal {signal.Signals(-code).name}" if code < 0 else f"with code {code}"
        if len(child.deaths) > RESTARTS:
            self._say(f"{child.name} ended {ended} for the {len(child.deaths)}th time; giving up")
            self.failed.set()
            return
        self._say(f"{child.name} ended {ended}; it is started again")
        await asyncio.sleep(0.2 * 2 ** len(child.deaths))
        if not self._stopping:
            await self._spawn(child)

    async def _follow(self, child: Child, process: Process) -> None:
        assert process.stdout is not None  # noqa: S101 - asked for when it was started
        log = BoundedLog(self.logs / f"{child.name}.log")
        shown: list[float] = []
        try:
            while line := await _line(process.stdout):
                log.write(line)
                text = line.decode(errors="replace").rstrip()
                if child.listen_for and child.listen_for in text:
                    child.said = True
                if WARNING.search(text) and not self._stopping:
                    now = self._clock.monotonic()
                    shown = [at for at in shown if now - at < 60]
                    if len(shown) < SHOWN_A_MINUTE:
                        shown.append(now)
                        self._say(f"{child.name}: {_plain(text)[:300]}")
        finally:
            log.close()

    def _tail(self, child: Child) -> str:
        try:
            lines = (self.logs / f"{child.name}.log").read_text(errors="replace").splitlines()
        except OSError:
            return ""
        return "\n".join(f"    {line[:200]}" for line in lines[-5:])


def _plain(line: str) -> str:
    """Write a line of a JSON log for a terminal: what happened, then its facts."""
    try:
        facts = json.loads(line)
    except ValueError:
        return line
    if not isinstance(facts, dict) or "event" not in facts:
        return line
    event = facts.pop("event")
    told = [f"{key}={value}" for key, value in facts.items() if key not in {"level", "timestamp"}]
    return " ".join([str(event), *told])


async def _line(stream: asyncio.StreamReader) -> bytes:
    try:
        return await stream.readline()
    except ValueError:  # a line longer than the limit
        return b"(a line of more than a megabyte)\n"


def _signal_group(process: Process, number: signal.Signals) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, number)
