"""A town without ports: a registry, a world, and a clock that the test moves."""

from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest

from core.clock import to_datetime
from core.registry import Registry
from simulators.town.registry import build_registry
from simulators.world.world import World


@dataclass
class HandClock:
    """A clock that stands until it is moved."""

    seconds: float = 1_790_000_000.0
    started: float = field(init=False)

    def __post_init__(self) -> None:
        self.started = self.seconds

    def now(self) -> datetime:
        return to_datetime(self.time_ns()).astimezone(UTC)

    def time_ns(self) -> int:
        return round(self.seconds * 1e9)

    def monotonic(self) -> float:
        return self.seconds - self.started


@pytest.fixture(scope="session")
def registry() -> Registry:
    return build_registry(7)


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def world(registry: Registry, clock: HandClock) -> World:
    return World(registry, 7, clock)
