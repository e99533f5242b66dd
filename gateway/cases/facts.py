"""What an edge's events say about conditions of devices."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from adapters.wire import STILL, ActiveSet, Condition, DeviceChange, WireEvent
from core.clock import to_datetime
from core.text import Text
from gateway.cases.edge_loss import EDGE_LOST
from gateway.cases.meaning import CLOCK_WRONG, DEVICE_LOST
from gateway.cases.refusals import REFUSED
from gateway.cases.rows import finite

OWN = frozenset(
    {EDGE_LOST, CLOCK_WRONG, REFUSED}
)  # what the gateway finds out, and no edge may say


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """A condition of a device was raised or cleared. restated: told of what is active, not of a
    change; it was mostly raised before."""

    device: str
    condition: str
    active: bool
    at: datetime
    value: float | None = None
    text: Text = field(default_factory=dict)
    still: bytes = b""
    transient: bool = False
    restated: bool = False


def facts(event: WireEvent) -> Iterable[Fact]:
    """Give what an event says about conditions."""
    match event:
        case Condition() if event.condition not in {STILL, *OWN}:
            yield Fact(
                device=event.device,
                condition=event.condition,
                active=event.active,
                at=to_datetime(event.time),
                value=finite(event.value),
                text=event.text,
                still=event.still,
                transient=event.transient,
            )
        case DeviceChange():
            yield Fact(
                device=event.device,
                condition=DEVICE_LOST,
                active=not event.online,
                at=to_datetime(event.time),
                text={"en": event.reason} if event.reason else {},
            )
        case ActiveSet():
            for active in event.conditions:
                if active.condition in OWN:
                    continue
                yield Fact(
                    device=active.device,
                    condition=active.condition,
                    active=True,
                    at=to_datetime(active.since),
                    restated=True,
                )
