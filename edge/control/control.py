"""Runs the programs: compares what devices report with what is wanted, and sets what differs.

It asks nobody: while the gateway is away it goes on. It writes as commands do, in turn at each
device, so that a command waits for one write at most. Writes to several devices of a line do not
wait for each other's reading back.
"""

import asyncio
import math
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import numpy as np
import structlog

from adapters.contract import Point
from core.clock import SECOND, Clock
from core.errors import Retryable
from core.program import Program, ProgramKind
from core.quality import BAD, GOOD, Reason, quality
from core.readings import Readings
from core.schedule import Schedule, Wanted
from core.sun import elevation
from core.text import in_language
from edge.control.clock import ProgramClock
from edge.control.local_mode import LocalMode
from edge.control.overrides import Overrides
from edge.control.told import LOCAL, NO_CLOCK, OVERRIDE, PROGRAM
from edge.inventory import Inventory
from edge.pipeline import Pipeline
from edge.writing import Refused, Writer

EVERY_S = 2.0
# Writes under way on a line. A Modbus line takes one request at a time, and a silent unit holds it
# up; the second write goes out while the first is looked for.
ABREAST = {"modbus": 2}
MOST_ABREAST = 32  # elsewhere
FIRST_PAUSE_S = 5.0  # after a write, before the next one to the same signal
LONGEST_PAUSE_S = 300.0
MOST_DOUBLED = 6
POLLS = 2.5  # of a signal, within which what was written must show
ASKED_AGAIN = timedelta(hours=1)  # a schedule, even if nothing is to change

UNKNOWN = quality(BAD, Reason.STALE)

log = structlog.get_logger()


class RunningProgram:
    """A program, and what it wants now."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.schedule = Schedule(program)
        self.wanted: Wanted | None = None  # None while nobody knows what time it is
        self.sun = math.nan  # degrees
        self._asked_at: datetime | None = None

    def ask(self, moment: datetime | None) -> None:
        """Find out what is wanted at a moment, when that may have changed."""
        if moment is None:
            self.wanted = self._asked_at = None
            self.sun = math.nan
            return
        if self.program.position is not None:
            self.sun = elevation(moment, self.program.position)
        if self._asked_at is None or self.wanted is None or not self._stands(moment):
            self.wanted, self._asked_at = self.schedule.at(moment), moment

    def _stands(self, moment: datetime) -> bool:
        asked_at, wanted = self._asked_at, self.wanted
        if asked_at is None or wanted is None:
            return False
        until = asked_at + ASKED_AGAIN
        return asked_at <= moment < (min(until, wanted.until) if wanted.until else until)


@dataclass(slots=True)
class GovernedSignal:
    """One signal of one device. told: the number of the first signal that is told of it.

    aimed: what it should be, when last looked. tries: writes for that, without success so far.
    not_before: monotonic seconds of the next one. is_being_set: a write is due or under way.
    """

    running: RunningProgram
    point: Point
    told: int
    aimed: float = math.nan
    tries: int = 0
    not_before: float = -math.inf
    is_being_set: bool = False

    @property
    def key(self) -> tuple[str, str]:
        return self.point.device.id, self.point.signal.key

    def aim_at(self, value: float) -> None:
        """Begin anew where something else is wanted than before."""
        if value != self.aimed:
            self.aimed, self.tries, self.not_before = value, 0, -math.inf

    def rest(self, now: float) -> None:
        """Give what was written time to show; more each time that it did not."""
        shows_within = max(FIRST_PAUSE_S, POLLS * self.point.signal.poll_s)
        self.not_before = now + min(
            shows_within * 2 ** min(self.tries, MOST_DOUBLED), LONGEST_PAUSE_S
        )

    def is_met(self, value: float, reported: float) -> bool:
        return abs(reported - value) <= max(self.point.signal.deadband, 1e-9)


@dataclass(frozen=True, slots=True)
class Aim:
    """What a governed signal should be: by whom, and until when in nanoseconds UTC (0: open)."""

    value: float | None
    control: int
    until: int


class Control:
    """Install an inventory, then `run`. Commands call `hold` when they have set something."""

    def __init__(
        self,
        inventory: Inventory,
        pipeline: Pipeline,
        writer: Writer,
        overrides: Overrides,
        *,
        local_mode: LocalMode,
        clock: Clock,
        program_clock: ProgramClock,
    ) -> None:
        self._pipeline = pipeline
        self._writer = writer
        self._overrides = overrides
        self._local_mode = local_mode
        self._clock = clock
        self._program_clock = program_clock
        self._abreast: dict[str, asyncio.Semaphore] = {}  # by endpoint
        self.install(inventory)

    def install(self, inventory: Inventory) -> None:
        """Run the programs of this inventory from now on."""
        self._governed: dict[tuple[str, str], GovernedSignal] = {}
        self._running = [RunningProgram(each) for each in inventory.configuration.programs]
        for running in self._running:
            for device in running.program.devices:
                point = inventory.point(device, running.program.signal)
                told = inventory.point(device, f"{running.program.signal}_wanted").number
                self._governed[device, point.signal.key] = GovernedSignal(running, point, told)
        self._overrides.resume(
            {key: each.running.program.override_s for key, each in self._governed.items()}
        )

    def hold(self, point: Point, value: float) -> None:
        """Let a person's command stand against the program for its time."""
        governed = self._governed.get((point.device.id, point.signal.key))
        if governed is None:
            return
        for_s = governed.running.program.override_s
        self._overrides.hold(governed.key, value, for_s)
        governed.aim_at(value)
        governed.rest(self._clock.monotonic())
        log.info("program held off", signal=point.name, value=value, seconds=for_s)

    async def run(self) -> None:
        async with asyncio.TaskGroup() as group:
            while True:
                self.look(group)
                await asyncio.sleep(EVERY_S)

    def look(self, group: asyncio.TaskGroup) -> None:
        """Compare once, begin the writes that are due, and tell how things stand."""
        moment, now = self._program_clock.now(), self._clock.monotonic()
        for running in self._running:
            running.ask(moment)
        for governed in self._governed.values():
            aim = self._aim(governed)
            reported = self._pipeline.reported.value(governed.point.number)
            if aim.value is None or math.isnan(reported):
                continue
            governed.aim_at(aim.value)
            if aim.control == LOCAL or governed.is_met(aim.value, reported):
                governed.tries, governed.not_before = 0, -math.inf
            elif now >= governed.not_before and not governed.is_being_set:
                governed.is_being_set = True
                group.create_task(self._set(governed), name=f"program of {governed.point.name}")
        if self._governed:
            self._tell()

    def _aim(self, governed: GovernedSignal) -> Aim:
        """Give what is wanted; whose switch is in local mode gets it when it is back."""
        aim = self._aim_from_afar(governed)
        return replace(aim, control=LOCAL) if self._local_mode.holds(governed.point) else aim

    def _aim_from_afar(self, governed: GovernedSignal) -> Aim:
        override = self._overrides.at(governed.key)
        if override is not None:
            left = int((override.ends - self._clock.monotonic()) * SECOND)
            ends = (self._clock.time_ns() + left + SECOND // 2) // SECOND * SECOND
            return Aim(override.value, OVERRIDE, ends)
        wanted = governed.running.wanted
        if wanted is None:
            return Aim(None, NO_CLOCK, 0)
        return Aim(
            wanted.value, PROGRAM, int(wanted.until.timestamp()) * SECOND if wanted.until else 0
        )

    # ---- writing ----------------------------------------------------------------------------

    async def _set(self, governed: GovernedSignal) -> None:
        """Write once, in turn on its line and at its device."""
        async with self._turn_on_line(governed.point), self._writer.turn(governed.point):
            await self._write(governed)
        governed.is_being_set = False

    def _turn_on_line(self, point: Point) -> asyncio.Semaphore:
        most = ABREAST.get(point.profile.protocol, MOST_ABREAST)
        return self._abreast.setdefault(point.device.endpoint, asyncio.Semaphore(most))

    async def _write(self, governed: GovernedSignal) -> None:
        """Set what is wanted by now, and note what became of it."""
        aim = self._aim(governed)
        reported = self._pipeline.reported.value(governed.point.number)
        is_governed = self._governed.get(governed.key) is governed
        if not is_governed or aim.value is None or math.isnan(reported):
            return
        if aim.control == LOCAL or governed.is_met(aim.value, reported):
            return
        name = governed.point.name
        try:
            self._writer.checked(*governed.key, aim.value)
            await self._writer.write(governed.point, aim.value)
        except (Refused, Retryable, TimeoutError) as error:
            wrong = str(error) or "no answer in time"
        except Exception as error:  # an adapter's bug must not stop the other programs
            log.exception("program failed", signal=name)
            wrong = type(error).__name__
        else:
            wrong = ""
        governed.rest(self._clock.monotonic())
        governed.tries += 1
        if wrong and governed.tries == 1:
            log.warning("program is not obeyed", signal=name, value=aim.value, error=wrong)
        elif not wrong:
            log.info("program sets", signal=name, value=aim.value, why=self._why(governed, aim))

    @staticmethod
    def _why(governed: GovernedSignal, aim: Aim) -> str:
        wanted = governed.running.wanted
        if aim.control == OVERRIDE or wanted is None:
            return "a command stands"
        return f"{governed.running.program.id}: {in_language(wanted.why, 'en')}"

    # ---- telling ----------------------------------------------------------------------------

    def _tell(self) -> None:
        """Report what is wanted, by whom, until when, and whether it is so."""
        numbers: list[int] = []
        values: list[float] = []
        codes: list[int] = []

        def tell(number: int, value: float) -> None:
            numbers.append(number)
            values.append(value)
            codes.append(UNKNOWN if math.isnan(value) else GOOD)

        for governed in self._governed.values():
            aim = self._aim(governed)
            reported = self._pipeline.reported.value(governed.point.number)
            value = math.nan if aim.value is None else aim.value
            known = not (aim.control == LOCAL or math.isnan(value) or math.isnan(reported))
            first = governed.told
            tell(first, value)
            tell(first + 1, aim.control)
            tell(first + 2, aim.until / SECOND)
            tell(first + 3, float(governed.is_met(value, reported)) if known else math.nan)
            if governed.running.program.kind is ProgramKind.LIGHTING:
                tell(first + 4, governed.running.sun)
        time = self._clock.time_ns()
        self._pipeline.put_now(
            Readings.of(numbers, time, np.array(values), np.array(codes, np.uint8), time)
        )
