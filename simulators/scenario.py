"""What happens in the town: a script for the first minutes, and small mischief for ever after.

Both are moved by `advance` with the town's own seconds and own no clock, so that a test can play
an hour in a second.
"""

import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol

import structlog

from simulators.people.residents import NOTICED
from simulators.world.world import World

SCRIPTED_CABINET = "cabinet-sadovaya-d1"
SCRIPTED_HEAT_POINT = "heat-point-right-bank-d1"

log = structlog.get_logger()


class People(Protocol):
    """What the script asks of residents and of the dispatcher."""

    def complain(self, device: str, category: str) -> Awaitable[None]: ...

    def command(self, device: str, signal: str, value: float) -> Awaitable[None]: ...


Start = Callable[[Awaitable[None]], None]
"""Take something that needs the network and let it run beside the town."""


@dataclass(frozen=True, slots=True)
class Step:
    at: float
    what: str
    act: Callable[[], None]


class Scenario:
    """The script. It starts from the town's second 0 and is over when `is_over`."""

    def __init__(self, world: World, people: People, start: Start) -> None:
        self._world = world
        self._people = people
        self._start = start
        lift = _first(world, "lift", "sadovaya")
        meter = _first(world, "electricity_meter", "shkolnaya")
        silent = _first(world, "gas", "naberezhnaya")
        cabinet, heat = SCRIPTED_CABINET, SCRIPTED_HEAT_POINT
        self._steps = [
            self._fault(20, "lift_trapped", lift, True),
            self._complaint(40, lift, "lift.trapped"),
            Step(60, "dusk: the lamps come on", lambda: None),
            self._fault(75, "cabinet_power_lost", cabinet, True),
            self._complaint(85, cabinet, "lighting.dark"),
            self._complaint(96, cabinet, "lighting.dark"),
            self._complaint(108, cabinet, "lighting.dark"),
            self._fault(120, "cabinet_power_lost", cabinet, False),
            Step(135, "the dispatcher switches the contactor on", self._switch_on),
            self._fault(150, "heating_drop", heat, True),
            self._fault(155, "meter_stuck", meter, True),
            self._fault(160, "device_silent", silent, True),
            self._complaint(215, heat, "heating.none"),
            self._fault(300, "lift_trapped", lift, False),
            self._fault(480, "heating_drop", heat, False),
            self._fault(600, "device_silent", silent, False),
            self._fault(900, "meter_stuck", meter, False),
        ]

    @property
    def is_over(self) -> bool:
        return not self._steps

    def advance(self, elapsed: float) -> None:
        """Do everything that is due."""
        while self._steps and self._steps[0].at <= elapsed:
            step = self._steps.pop(0)
            log.info("scenario", second=round(elapsed), step=step.what)
            step.act()

    def skip(self, elapsed: float) -> None:
        """Leave out what was played before: a restarted town goes on where it was.

        A fault that the script left standing stands again; what people did, they do not repeat.
        """
        while self._steps and self._steps[0].at <= elapsed:
            step = self._steps.pop(0)
            if step.what.startswith(("fault", "heals")):
                step.act()

    def _fault(self, at: float, name: str, device: str, on: bool) -> Step:
        what = f"{'fault' if on else 'heals'}: {name} {device}"
        return Step(at, what, lambda: self._world.set_fault(name, device, on))

    def _complaint(self, at: float, device: str, category: str) -> Step:
        return Step(
            at, f"a resident complains: {category} {device}",
            lambda: self._start(self._people.complain(device, category)),
        )  # fmt: skip

    def _switch_on(self) -> None:
        self._start(self._people.command(SCRIPTED_CABINET, "contactor", 1.0))


@dataclass(frozen=True, slots=True)
class Trick:
    """A mild fault. lasts: seconds, from and to. often: its share among the tricks."""

    fault: str
    family: str
    lasts: tuple[float, float]
    often: int


TRICKS = (
    Trick("device_silent", "street_light", (90, 240), 5),
    Trick("device_silent", "water_meter", (150, 300), 2),
    Trick("lift_stopped", "lift", (60, 240), 3),
    Trick("voltage", "electricity_meter", (60, 180), 3),
    Trick("meter_stuck", "electricity_meter", (360, 600), 1),
    Trick("malformed_payload", "street_light", (30, 90), 1),
    Trick("short_answer", "electricity_meter", (30, 90), 1),
    Trick("conflict", "traffic_controller", (60, 120), 1),
)


class Mischief:
    """Small faults at random that heal by themselves, so that a long demo stays alive.

    every: mean seconds between two. Residents notice every third that can be noticed.
    """

    def __init__(
        self, world: World, people: People, start: Start, seed: int, *, after: float,
        every: float = 100.0,
    ) -> None:  # fmt: skip
        self._world = world
        self._people = people
        self._start = start
        self._chance = random.Random(f"mischief {seed}")
        self._every = every
        self._next = after + self._chance.expovariate(1 / every)
        self._healing: list[tuple[float, str, str]] = []

    def advance(self, elapsed: float) -> None:
        for at, fault, device in [item for item in self._healing if item[0] <= elapsed]:
            self._healing.remove((at, fault, device))
            self._world.set_fault(fault, device, False)
        if elapsed < self._next:
            return
        self._next = elapsed + self._chance.expovariate(1 / self._every)
        trick = self._chance.choices(TRICKS, [trick.often for trick in TRICKS])[0]
        device = self._chance.choice(self._world.families[trick.family].devices)
        if self._world.faults(device):
            return
        log.info("mischief", second=round(elapsed), fault=trick.fault, device=device)
        self._world.set_fault(trick.fault, device, True)
        self._healing.append((elapsed + self._chance.uniform(*trick.lasts), trick.fault, device))
        if trick.fault in NOTICED and self._chance.random() < 1 / 3:
            self._start(self._people.complain(device, NOTICED[trick.fault]))


def _first(world: World, family: str, street: str) -> str:
    """Give the first device of a family in a street."""
    return next(
        device
        for device in world.families[family].devices
        if world.devices[device].place.startswith(f"{street}-")
    )
