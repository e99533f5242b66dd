"""Which readings of many devices are asked for: of a place or a kind of asset, since and until
when."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated

import numpy as np
from fastapi import Depends
from numpy.typing import NDArray

from core.actor import Actor
from core.clock import to_nanoseconds
from gateway.api.dependencies import CurrentActor, TheClock, TheDirectory, TheRegistry
from gateway.api.series import Moment, span_of
from gateway.registry.chosen_series import ChosenSeries, choose_series
from gateway.registry.directory import Directory
from gateway.registry.snapshot import RegistrySnapshot

USUALLY = timedelta(days=1)

Span = tuple[NDArray[np.uint32], int, int]  # numbers of series, from when and to when in ns UTC


@dataclass(frozen=True, slots=True)
class ManySeries:
    """place: and what is below it. kind: of the assets that the devices serve."""

    actor: Actor
    registry: RegistrySnapshot
    directory: Directory
    place: str
    kind: str
    since: datetime
    until: datetime

    def choose(self, *, signal: str, device: str = "") -> list[ChosenSeries]:
        """Give those that the actor may see, by number; of all signals where none is named."""
        return choose_series(
            self.registry,
            self.directory,
            self.actor,
            place=self.place,
            kind=self.kind,
            device=device,
            signal=signal,
        )

    def span(self, chosen: list[ChosenSeries]) -> Span:
        """Give what a store is asked for."""
        numbers = np.array([each.number for each in chosen], np.uint32)
        return numbers, to_nanoseconds(self.since), to_nanoseconds(self.until)


def _many_series(
    *,
    actor: CurrentActor,
    clock: TheClock,
    registry: TheRegistry,
    directory: TheDirectory,
    place: str = "",
    kind: str = "",
    start: Moment = None,
    end: Moment = None,
) -> ManySeries:
    since, until = span_of(start, end, clock.now(), USUALLY)
    return ManySeries(actor, registry, directory, place, kind, since, until)


TheSeries = Annotated[ManySeries, Depends(_many_series)]
