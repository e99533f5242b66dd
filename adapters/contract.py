"""What an adapter is: one protocol's way to turn a line to devices into a stream of readings.

The supervisor opens a connection an endpoint, iterates over its stream, and closes it. It alone
owns retry, back-off, state and statistics. An adapter raises, never retries by itself, keeps every
await on a wire under a timeout and every queue bounded, and leaves no task or socket behind when
its context manager ends.
"""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Protocol, TypeAlias, runtime_checkable

from adapters.profile import Profile, SignalProfile
from adapters.raw import Raw
from core.clock import Clock
from core.readings import Readings
from core.registry import Device, Endpoint


@dataclass(frozen=True, slots=True)
class Point:
    """A signal of a device on an endpoint. number: what its readings carry in `Readings.signal`."""

    number: int
    device: Device
    profile: Profile
    signal: SignalProfile

    @property
    def name(self) -> str:
        return f"{self.device.id}.{self.signal.key}"


@dataclass(frozen=True, slots=True)
class Event:
    """A device's own condition, or a finding of the adapter.

    condition: key of it within the device. active: raised or cleared. time: nanoseconds UTC.
    text: facts for people. still: a JPEG, where a picture shows it. transient: a finding without
    duration (a car over the line); it is raised and never cleared. began: nanoseconds UTC, where
    what was found took a while and ended at `time`; 0 where that is not known. acknowledged: what
    the device itself says, None where it says nothing of it; by: who did it, as far as it knows.
    """

    device: str
    condition: str
    active: bool
    time: int
    text: str = ""
    still: bytes = b""
    transient: bool = False
    began: int = 0
    acknowledged: bool | None = None
    by: str = ""


@dataclass(frozen=True, slots=True)
class DeviceState:
    """One unit is lost or back, while the line lives on. reason: for the log and the page."""

    device: str
    online: bool
    time: int
    reason: str = ""


Item: TypeAlias = Readings | Raw | Event | DeviceState


class Connection(Protocol):
    """One endpoint, opened. Many devices may be behind it."""

    def stream(self) -> AsyncIterator[Item]:
        """Give what arrives, in blocks, until the line is lost.

        A block is decoded Readings, or a Raw answer that is decoded later together with others.
        Polling and pushing protocols alike. A signal that cannot be read comes as a reading of bad
        quality with its reason. Raises Retryable when the line is lost, Permanent when it is
        refused. Called once a connection.
        """
        ...


@runtime_checkable
class Writable(Protocol):
    async def write(self, point: Point, value: float) -> float:
        """Set a signal and read it back; give the value that the device now reports.

        value: in the signal's unit. Raises Permanent where the device refuses, or is asked
        afterwards and answers with another value; Retryable where the value was sent and nobody
        knows what became of it. May run while `stream` is being iterated.
        """
        ...


@runtime_checkable
class Acknowledging(Protocol):
    async def acknowledge(self, condition: str, comment: str) -> None:
        """Tell the device that a person has seen its condition, named `device.condition`.

        Permanent where it refuses or has no such condition, Retryable where it has not told of it
        yet, or nobody knows. To say it twice does no harm.
        """
        ...


@runtime_checkable
class Historical(Protocol):
    def history(
        self, points: Sequence[Point], start: datetime, end: datetime
    ) -> AsyncIterator[Readings]:
        """Give what the device kept between two moments, oldest first, marked as archive."""
        ...


@dataclass(slots=True)
class Traffic:
    """What went over the wire to one device. waited_s: for the answers, in all."""

    requests: int = 0
    answers: int = 0
    waited_s: float = 0.0
    timeouts: int = 0
    refusals: int = 0
    malformed: int = 0

    def add(self, other: "Traffic") -> None:
        for each in fields(self):
            setattr(self, each.name, getattr(self, each.name) + getattr(other, each.name))


@runtime_checkable
class Diagnosing(Protocol):
    def take_traffic(self) -> Mapping[str, Traffic]:
        """Give what happened by device since this was asked last."""
        ...


@runtime_checkable
class Dropping(Protocol):
    @property
    def dropped(self) -> int:
        """How many messages were lost so far because more came than could be worked off."""
        ...


@dataclass(frozen=True, slots=True)
class FoundPoint:
    """Something readable that a device shows when asked.

    address: as a profile has it. kind: the protocol's name of its type. value: what was there when
    it was asked, in the protocol's words. unit: as the device itself names it.
    """

    address: str
    name: str
    kind: str
    writable: bool
    value: str = field(default="", compare=False)  # the moment's, no part of what the point is
    unit: str = ""


@runtime_checkable
class Browsable(Protocol):
    def browse(self) -> AsyncIterator[FoundPoint]:
        """Give what can be read behind this endpoint; what is only heard, for as long as asked.

        Instead of `stream`, on a connection that was opened without points.
        """
        ...


OpenAdapter: TypeAlias = Callable[
    [Endpoint, Sequence[Point], Clock], AbstractAsyncContextManager[Connection]
]
"""`open_<protocol>(endpoint, points, clock)`: connect within a bounded time, or raise."""
