"""When nobody is to be told of a condition, for how long, by whose word and why.

A condition that is suppressed is still evaluated and recorded. It makes no sound and no work; if it
is still active when the suppression ends, it is told of then.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Self

from core.actor import Role
from core.alarm import Severity
from core.errors import refused
from core.incident import Suppressed
from core.text import Text

# ISA-18.2 leaves the limits to the site: the worse the alarm, the sooner it must be heard again.
SHELVED_AT_MOST: Mapping[Severity, timedelta] = {
    Severity.LOW: timedelta(hours=24),
    Severity.MEDIUM: timedelta(hours=8),
    Severity.HIGH: timedelta(hours=1),
    Severity.CRITICAL: timedelta(minutes=30),
}
NEED_TWO = frozenset({Severity.CRITICAL})  # who asks, and another person who confirms
CONFIRM_WITHIN = timedelta(minutes=10)
MAY: Mapping[Suppressed, frozenset[Role]] = {
    Suppressed.SHELVED: frozenset({Role.DISPATCHER, Role.ADMINISTRATOR}),
    Suppressed.BY_DESIGN: frozenset({Role.ADMINISTRATOR}),
    Suppressed.OUT_OF_SERVICE: frozenset({Role.ADMINISTRATOR}),
}

FORBIDDEN: Text = {
    "ru": "Так подавлять тревоги вам нельзя. Попросите администратора.",
    "en": "This is not for you to suppress. Ask an administrator.",
}
NO_REASON: Text = {"ru": "Укажите причину.", "en": "Give a reason."}
NO_ORDER: Text = {
    "ru": "Укажите номер наряда, по которому оборудование выведено из работы.",
    "en": "Name the order by which it is taken out of service.",
}
NO_SUBJECT: Text = {
    "ru": "Укажите одно: устройство или объект.",
    "en": "Name one of the two: a device or an asset.",
}
NO_END: Text = {
    "ru": "Укажите, когда это закончится: позже начала и ещё не наступившее время.",
    "en": "Say when it ends: after its beginning, and not in the past.",
}
SAME_PERSON: Text = {
    "ru": "Подтвердить должен другой человек, не тот, кто попросил.",
    "en": "Another person must confirm it, not the one who asked.",
}
NOT_ASKED: Text = {
    "ru": "Здесь нечего подтверждать: уже подтверждено, или время вышло.",
    "en": "There is nothing to confirm: it is confirmed already, or the time is over.",
}
TOO_LONG: Text = {
    "ru": "Отложите не более чем на {hours} ч: такая тревога не может молчать дольше.",
    "en": "Shelve it for {hours} h at most: such an alarm must not be quiet for longer.",
}
ENDED: Text = {"ru": "Это уже закончилось.", "en": "It has ended already."}


@dataclass(frozen=True, slots=True, kw_only=True)
class Suppression:
    """Conditions of a device, or of an asset, of which nobody is told from `since` to `until`.

    condition: the only one; empty for all. below: of everything that the asset feeds too. until:
    None where a person must end it. order: the number of the order for the work. asked_by: id of
    who asked for what another person must confirm, until confirm_until; confirmed_by: who did.
    """

    why: Suppressed
    device: str = ""
    condition: str = ""
    asset: str = ""
    below: bool = False
    since: datetime
    until: datetime | None
    reason: str
    order: str = ""
    by: str
    asked_by: str = ""
    confirm_until: datetime | None = None
    confirmed_by: str = ""
    ended_at: datetime | None = None
    ended_by: str = ""

    @property
    def waits(self) -> bool:
        """Tell whether another person must confirm it yet."""
        return self.confirm_until is not None and not self.confirmed_by

    def is_in_force(self, at: datetime) -> bool:
        begun = self.since <= at and not self.waits
        return begun and self.ended_at is None and not self.is_over(at)

    def is_over(self, at: datetime) -> bool:
        """Tell whether its time has run out, or that to confirm it."""
        ends = self.confirm_until if self.waits else self.until
        return ends is not None and ends <= at

    def confirm(self, role: Role, by_id: str, by: str, at: datetime) -> Self:
        """Take the word of the second person: from now on it is in force."""
        _refuse_others(self.why, role)
        if not self.waits or self.ended_at is not None or self.is_over(at):
            raise refused("nothing_to_confirm", NOT_ASKED)
        if by_id == self.asked_by:
            raise refused("same_person", SAME_PERSON)
        return replace(self, confirmed_by=by, since=at)

    def covers(self, device: str, condition: str, assets: Collection[str]) -> bool:
        """Tell whether it is about this condition. assets: the asset and all that feeds it."""
        if self.condition and self.condition != condition:
            return False
        return self.device == device if self.device else self.asset in assets

    def end(self, at: datetime, by: str) -> Self:
        """End it before its time, or because it has come."""
        if self.ended_at is not None:
            raise refused("suppression_ended", ENDED)
        return replace(self, ended_at=at, ended_by=by)


def shelve(
    role: Role,
    severity: Severity,
    *,
    device: str,
    condition: str,
    by: str,
    by_id: str,
    reason: str,
    at: datetime,
    until: datetime,
) -> Suppression:
    """Put one condition aside for a limited time; of the worst, ask for it.

    DomainError where that is not allowed.
    """
    _refuse_others(Suppressed.SHELVED, role)
    if not reason.strip():
        raise refused("invalid", NO_REASON)
    if until <= at:
        raise refused("invalid", NO_END)
    longest = SHELVED_AT_MOST[severity]
    if until - at > longest:
        raise refused("shelving_too_long", TOO_LONG, hours=f"{longest / timedelta(hours=1):g}")
    return Suppression(
        why=Suppressed.SHELVED,
        device=device,
        condition=condition,
        since=at,
        until=until,
        reason=reason.strip(),
        by=by,
        asked_by=by_id if severity in NEED_TWO else "",
        confirm_until=at + CONFIRM_WITHIN if severity in NEED_TWO else None,
    )


def suppress(role: Role, wanted: Suppression, at: datetime) -> Suppression:
    """Take a device or an asset out of service, or suppress it by design, as for planned works.

    DomainError where the role or the rules do not allow it. Out of service needs an order, by
    design an end.
    """
    _refuse_others(wanted.why, role)
    if bool(wanted.device) == bool(wanted.asset):
        raise refused("invalid", NO_SUBJECT)
    if not wanted.reason.strip():
        raise refused("invalid", NO_REASON)
    if wanted.why is Suppressed.OUT_OF_SERVICE and not wanted.order.strip():
        raise refused("invalid", NO_ORDER)
    ends = wanted.until is not None and wanted.until > max(at, wanted.since)
    if not ends and (wanted.until is not None or wanted.why is Suppressed.BY_DESIGN):
        raise refused("invalid", NO_END)
    return wanted


def refuse_ending(why: Suppressed, role: Role) -> None:
    """Refuse the end of a suppression to those who could not have begun it."""
    _refuse_others(why, role)


def suppressed_by(
    standing: Iterable[Suppression],
    at: datetime,
    *,
    device: str,
    condition: str,
    severity: Severity,
    asset: str,
    feeding: Collection[str],
) -> frozenset[Suppressed]:
    """Give why nobody is to be told of this condition now; nothing: it is to be told.

    No design foresees what is critical: while a cable is replaced, people in a lift are heard.
    feeding: what feeds the asset, near and far.
    """
    return frozenset(
        each.why
        for each in standing
        if each.is_in_force(at)
        and not (each.why is Suppressed.BY_DESIGN and severity is Severity.CRITICAL)
        and each.covers(device, condition, {asset, *feeding} if each.below else {asset})
    )


def _refuse_others(why: Suppressed, role: Role) -> None:
    if role not in MAY[why]:
        raise refused("forbidden", FORBIDDEN)
