"""Units that do not answer: put aside, and asked again with growing pauses in idle time."""

from collections.abc import Sequence

from adapters.contract import Traffic
from adapters.modbus.plan import Poll, Request

FIRST_PAUSE_S = 1.0
LONGEST_PAUSE_S = 8.0  # a unit that answers again is read within ten seconds
PROBE_SHARE = 10  # where there is no idle time, at most one part in so many goes to lost units
BLAMED = 2  # silences at one request, while the unit answers others, until it counts as mute
RESTS_S = (8.0, 64.0)  # of a mute request: the first and the longest; each try costs a time-out
SHORT_RESTS_S = (1.0, 8.0)  # of one that was answered before
SECOND_TRY_S = 0.1  # what is due goes before the second try, but no longer than this


class Unit:
    """One device on the line.

    is_alive: None until it has answered or been lost. silences: in a row; after the first the unit
    is put aside: left out of the polls and asked again when the line is idle. The second loses it.
    """

    def __init__(self, number: int) -> None:
        self.number = number
        self.polls: list[Poll] = []
        self.devices: list[str] = []
        self.is_alive: bool | None = None
        self.silences = 0
        self.pause_s = 0.0
        self.next_try = 0.0
        self.suspect: Request | None = None  # what it was asked when it fell silent
        self.traffic = Traffic()

    def in_order(self, poll: Poll) -> list[Request]:
        """Give what to ask, the last first; what it fell silent at comes after all others."""
        waiting = poll.requests[::-1]
        if self.suspect in waiting:
            waiting.remove(self.suspect)
            waiting.insert(0, self.suspect)
        return waiting


class Aside:
    """The units that are silent now. Moments are monotonic seconds.

    timeout_s: what a try costs where it is in vain. late_s: for so long after a silence an answer
    may still come that could be taken for another.
    """

    def __init__(self, timeout_s: float, late_s: float) -> None:
        self.units: list[Unit] = []
        self.timeout_s = timeout_s
        self.late_s = late_s
        self._next_costly = 0.0

    def __contains__(self, unit: Unit) -> bool:
        return unit.silences > 0

    def add(self, unit: Unit, now: float) -> None:
        """Count a silence and plan the next try."""
        unit.silences += 1
        if unit.silences == 1:
            self.units.append(unit)
            unit.next_try = now + self.late_s
            return
        unit.pause_s = min(max(2 * unit.pause_s, FIRST_PAUSE_S), LONGEST_PAUSE_S)
        unit.next_try = now + unit.pause_s
        self._next_costly = now + PROBE_SHARE * self.timeout_s
        self.units.sort(key=lambda each: each.next_try)

    def remove(self, unit: Unit) -> None:
        if unit.silences:
            unit.silences = 0
            self.units.remove(unit)

    def due(self, now: float, free_s: float) -> Unit | None:
        """Give the unit to try now. free_s: until something else is due on the line.

        The second try must not wait long, for it tells whether the unit is lost. Later ones take
        a gap into which they fit; where there never is one, a bounded share of the time.
        """
        for unit in self.units:
            if unit.next_try > now:
                continue
            if unit.silences == 1:
                if free_s > 0 or now >= unit.next_try + SECOND_TRY_S:
                    return unit
            elif free_s >= self.timeout_s or now >= self._next_costly:
                return unit
        return None

    def wait_s(self, now: float, free_s: float) -> float:
        """Give how long an idle line may sleep: until something is due or a unit to be tried."""
        later = [unit.next_try - now for unit in self.units if unit.next_try > now]
        return min([free_s, *later])


def all_lost(units: Sequence[Unit]) -> bool:
    return all(each.is_alive is False for each in units)


class Mute:
    """Requests that get no answer from a unit that answers others, as some devices treat addresses
    that they do not have. What was answered before is there, and rests for less long. Moments are
    monotonic seconds."""

    def __init__(self) -> None:
        self.answered: set[Request] = set()
        self.blamed: dict[Request, int] = {}
        self._rests: dict[Request, tuple[float, float]] = {}  # until when, and the pause

    def __contains__(self, request: Request | None) -> bool:
        return request is not None and self.blamed.get(request, 0) >= BLAMED

    def blame(self, request: Request) -> None:
        """Note that the unit answers something else after it was silent at this."""
        self.blamed[request] = self.blamed.get(request, 0) + 1

    def hear(self, request: Request) -> None:
        """Note that a request was answered."""
        self.answered.add(request)
        if self.blamed:
            self.forgive(request)

    def forgive(self, request: Request) -> None:
        self.blamed.pop(request, None)
        self._rests.pop(request, None)

    def forget(self, request: Request) -> None:
        """Let go of a request that is not made any more."""
        self.forgive(request)
        self.answered.discard(request)

    def rest(self, request: Request, now: float) -> None:
        """Leave a request alone, for longer each time."""
        first, longest = RESTS_S if request not in self.answered else SHORT_RESTS_S
        _, pause = self._rests.get(request, (0.0, first / 2))
        pause = min(2 * pause, longest)
        self._rests[request] = (now + pause, pause)

    def is_resting(self, request: Request, now: float) -> bool:
        return request in self._rests and now < self._rests[request][0]
