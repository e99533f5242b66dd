"""What is behind an address: Modbus units that answer, OPC UA variables, MQTT topics."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import aclosing, suppress
from dataclasses import dataclass, replace

from adapters.contract import Browsable, FoundPoint, OpenAdapter
from adapters.profile import Profile
from core.clock import Clock
from core.errors import ConfigError, EndpointError
from core.registry import Endpoint
from edge.commissioning.access import LINE
from edge.commissioning.advice import hint, reached
from edge.commissioning.matching import Candidate, candidates, configuration_of, proved
from edge.commissioning.probe import Probe, Problem, chosen
from edge.inventory import Inventory

BETWEEN_S = 0.05  # between two requests on a Modbus line: others may be using it
ASKED_TWICE_S = 2 * 0.5  # a silent unit costs at most that, by the adapter's timeout
BROWSE_S = 60.0  # for a whole OPC UA server
PROOF_S = 15.0  # to read what may match
ONCE_IN_S = 86_400.0  # each unit is asked once

# Any answer will do, also that there is no such register.
ASKED = Profile.model_validate(
    {
        "profile": "scan",
        "family": "edge",
        "protocol": "modbus",
        "name": {"en": "Whoever answers", "ru": "Кто ответит"},
        "source": "made for the scan",
        "signals": [
            {
                "key": "first_register",
                "name": {"en": "First register", "ru": "Первый регистр"},
                "poll_s": ONCE_IN_S,
                "modbus": {"table": "holding", "address": 0},
            }
        ],
    }
)


@dataclass(frozen=True, slots=True)
class Scan:
    """units: of Modbus, those that answer. matches: models that fit, with their units."""

    endpoint: Endpoint
    units: Sequence[str] = ()
    points: Sequence[FoundPoint] = ()
    matches: Sequence[Candidate] = ()
    problems: Sequence[Problem] = ()


class Scanner:
    """opener: protocol → open function. profiles: the models that are tried."""

    def __init__(
        self,
        opener: Callable[[str], OpenAdapter],
        profiles: Mapping[str, Profile],
        clock: Clock,
    ) -> None:
        self._opener = opener
        self._profiles = profiles
        self._clock = clock

    async def units(self, endpoint: Endpoint, numbers: Sequence[int]) -> Scan:
        """Ask Modbus units one after another, and prove which models those are that answer."""
        endpoint = replace(endpoint, options={"pause_s": BETWEEN_S, **endpoint.options})
        asked = [Candidate(ASKED.profile, str(number)) for number in numbers]
        patience_s = 10 + len(asked) * (ASKED_TWICE_S + 2 * BETWEEN_S)
        probe = await self._probed(endpoint, asked, patience_s)
        units = [row.point.device.unit for row in probe.rows() if row.readings]
        if not units:
            return Scan(endpoint, problems=[each for each in probe.problems() if each.name == LINE])
        wanted = [
            Candidate(profile.profile, unit)
            for unit in units
            for profile in self._profiles.values()
            if profile.protocol == "modbus"
        ]
        matches = await self._matches(endpoint, wanted, PROOF_S + len(wanted))
        return Scan(endpoint, units=units, matches=matches)

    async def points(self, endpoint: Endpoint, within_s: float) -> Scan:
        """Browse an endpoint, at most so long, and prove which models fit what was found."""
        found: list[FoundPoint] = []
        try:
            async with self._opener(endpoint.protocol)(endpoint, (), self._clock) as connection:
                if not isinstance(connection, Browsable):
                    raise ConfigError(f"{endpoint.protocol} cannot be scanned")
                with suppress(TimeoutError):
                    async with asyncio.timeout(within_s):
                        await _gather(connection.browse(), found)
        except EndpointError as error:
            advice = await reached(endpoint) or hint(endpoint.protocol, str(error))
            return Scan(endpoint, points=found, problems=[Problem(LINE, str(error), advice)])
        wanted = candidates(endpoint.protocol, found, self._profiles)
        matches = await self._matches(endpoint, wanted, max(within_s, PROOF_S))
        return Scan(endpoint, points=found, matches=matches)

    async def _matches(
        self, endpoint: Endpoint, wanted: Sequence[Candidate], within_s: float
    ) -> Sequence[Candidate]:
        if not wanted:
            return ()
        return proved(wanted, (await self._probed(endpoint, wanted, within_s)).rows())

    async def _probed(
        self, endpoint: Endpoint, wanted: Sequence[Candidate], timeout_s: float
    ) -> Probe:
        configuration = chosen(configuration_of(endpoint, wanted))
        inventory = Inventory(configuration, {**self._profiles, ASKED.profile: ASKED})
        probe = Probe(inventory, self._clock, self._opener)
        await probe.run(lambda: probe.is_decided, timeout_s)
        return probe


async def _gather(browsing: AsyncIterator[FoundPoint], found: list[FoundPoint]) -> None:
    async with aclosing(browsing) as points:  # type: ignore[type-var]
        async for point in points:
            found.append(point)


def numbers_in(text: str) -> list[int]:
    """Read a range of Modbus units: 1-32, 7, or 1-5,20. ValueError where it is none."""
    numbers: list[int] = []
    for part in text.split(","):
        first, _, last = part.partition("-")
        numbers += range(int(first), int(last or first) + 1)
    if not numbers or not all(0 <= number <= 255 for number in numbers):
        raise ValueError(text)
    return numbers
