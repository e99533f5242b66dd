"""A command to a device: prepared → requested → sent → confirmed, refused, expired or unknown."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Self

from core.errors import DomainError
from core.signal import Signal, SignalKind

CONFIRM_WITHIN = timedelta(seconds=60)  # after preparing; what was seen then may not hold later
EXECUTE_WITHIN = timedelta(seconds=30)  # after confirming; the edge refuses what comes later
ANSWER_WITHIN = timedelta(seconds=45)  # after confirming; then nobody knows


class CommandState(StrEnum):
    PREPARED = "prepared"
    REQUESTED = "requested"
    SENT = "sent"
    CONFIRMED = "confirmed"
    REFUSED = "refused"
    EXPIRED = "expired"
    UNKNOWN = "unknown"


PREPARED, REQUESTED, SENT, CONFIRMED, REFUSED, EXPIRED, UNKNOWN = CommandState
ANSWERS = frozenset({CONFIRMED, REFUSED, EXPIRED})
TELL_WITHIN = timedelta(minutes=10)  # a device that a person has acknowledged its own condition

# An unknown command is never sent again by itself: a new one must be prepared. A late answer to it
# is still an answer.
STEPS: Mapping[CommandState, frozenset[CommandState]] = {
    PREPARED: frozenset({REQUESTED, EXPIRED}),
    REQUESTED: frozenset({SENT, UNKNOWN}) | ANSWERS,
    SENT: frozenset({UNKNOWN}) | ANSWERS,
    UNKNOWN: ANSWERS,
    CONFIRMED: frozenset(),
    REFUSED: frozenset(),
    EXPIRED: frozenset(),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """by: id of the person who prepared it. expires_at: until then it can be confirmed, and once
    confirmed, executed."""

    by: str
    state: CommandState
    prepared_at: datetime
    expires_at: datetime
    requested_at: datetime | None = None
    result_at: datetime | None = None

    @classmethod
    def prepared(cls, by: str, at: datetime) -> Self:
        return cls(by=by, state=PREPARED, prepared_at=at, expires_at=at + CONFIRM_WITHIN)

    def request(self, by: str, at: datetime) -> Self:
        """Confirm by the same person, while what they saw still holds."""
        if by != self.by:
            raise DomainError("command_not_yours", "only who prepared a command can confirm it")
        if self.state is PREPARED and at > self.expires_at:
            raise DomainError(
                "command_expired",
                f"it was prepared more than {CONFIRM_WITHIN.seconds} s ago; prepare it anew",
            )
        return replace(self._step(REQUESTED), requested_at=at, expires_at=at + EXECUTE_WITHIN)

    def sent(self) -> Self:
        return self._step(SENT)

    def answered(self, state: CommandState, at: datetime) -> Self:
        """Take what the edge says became of it."""
        return replace(self._step(state), result_at=at)

    def lapse(self, now: datetime) -> Self:
        """Give up waiting where the time is over: unconfirmed expires, unanswered is unknown."""
        if self.state is PREPARED and now > self.expires_at:
            return self._step(EXPIRED)
        waiting = self.state in (REQUESTED, SENT) and self.requested_at is not None
        if waiting and self.requested_at and now > self.requested_at + ANSWER_WITHIN:
            return self._step(UNKNOWN)
        return self

    def _step(self, state: CommandState) -> Self:
        if state not in STEPS[self.state]:
            raise DomainError(
                "command_state", f"the command is {self.state}; it cannot become {state}"
            )
        return replace(self, state=state)


def check_value(device: str, signal: Signal, value: float) -> None:
    """Refuse a value that this signal cannot take. DomainError says what it can."""
    if not signal.writable:
        raise DomainError("read_only", f"{device}: signal {signal.key} is read-only")
    if not math.isfinite(value):
        raise DomainError("out_of_range", f"{device}: {signal.key} takes numbers only")
    if signal.kind is SignalKind.STATE and signal.states and value not in signal.states:
        known = ", ".join(map(str, sorted(signal.states)))
        raise DomainError(
            "out_of_range", f"{device}: {signal.key} is one of {known}, not {value:g}"
        )
    if signal.minimum is not None and value < signal.minimum:
        raise DomainError(
            "out_of_range", f"{device}: {signal.key} {value:g} is below {signal.minimum:g}"
        )
    if signal.maximum is not None and value > signal.maximum:
        raise DomainError(
            "out_of_range", f"{device}: {signal.key} {value:g} is above {signal.maximum:g}"
        )
