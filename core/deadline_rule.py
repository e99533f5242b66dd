"""Rules of deadlines, which are named clocks: what starts and meets each, its limit, and which
time counts. The rules themselves are configuration: laws change, and differ between regions."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from core.calendar import DAY, Calendar, Days, RoundTheClock
from core.category import Category
from core.text import Text


class Moment(StrEnum):
    """What happens to a case or an appeal, and starts, halts or meets its clocks."""

    RECEIVED = "received"
    REGISTERED = "registered"
    FORWARDED = "forwarded"  # to the body that is competent, which the applicant was told
    REACTED = "reacted"  # the applicant has a first answer in their own channel
    ANSWERED = "answered"  # the applicant has the final answer
    ROUTED = "routed"
    ACCEPTED = "accepted"
    RELEASED = "released"
    REPORTED = "reported"
    VERIFIED = "verified"
    REOPENED = "reopened"


class Carrier(StrEnum):
    """Whose clock it is."""

    CASE = "case"
    APPEAL = "appeal"


class Regime(StrEnum):
    """Under which rules an appeal is answered; it belongs to the appeal, not to its case."""

    NONE = "none"
    MESSAGE = "message"  # of a citizen portal
    APPEAL_59FZ = "appeal_59fz"


class OnDayOff(StrEnum):
    """What becomes of an end on a day on which nobody works."""

    STAYS = "stays"
    PRECEDING = "preceding"
    FOLLOWING = "following"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """Where the end of a clock falls. whole_days: on the last second of its day; then days are the
    civil ones of `working`, which also knows the days off."""

    working: Days
    whole_days: bool = False
    on_day_off: OnDayOff = OnDayOff.STAYS

    def of(self, at: datetime) -> datetime:
        """Give the end for a limit that is over at this moment."""
        end = self.working.end_of_day(at) if self.whole_days else at
        match self.on_day_off:
            case OnDayOff.STAYS:
                return end
            case OnDayOff.PRECEDING:
                return self.working.on_counted_day(end, -DAY)
            case OnDayOff.FOLLOWING:
                return self.working.on_counted_day(end, DAY)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadlineRule:
    """One named clock.

    limit: None where only the categories in `limits` have it; there a code or a group with its dot
    stands for what it begins, the longest one counts. halted_by: moments at which the clock stands
    and may go on as if it had never stood. restarts: it starts anew each time, with a row of its
    own. regimes, channels: of the appeals that have it; empty: all. pauses: reasons for which it
    may be paused. extension: by how much it may be extended, once, with notice. warnings: percent
    of the time, in order. source: the law or programme that sets the limit.
    """

    name: str
    label: Text
    carrier: Carrier = Carrier.CASE
    starts: Moment
    met_by: frozenset[Moment]
    halted_by: frozenset[Moment] = frozenset()
    restarts: bool = False
    limit: timedelta | None
    limits: Mapping[str, timedelta] = field(default_factory=dict)
    calendar: Calendar = field(default_factory=RoundTheClock)
    ending: Ending | None = None
    regimes: frozenset[Regime] = frozenset()
    channels: frozenset[str] = frozenset()
    pauses: frozenset[str] = frozenset()
    extension: timedelta = timedelta()
    warnings: tuple[int, ...] = (50, 80, 100)
    source: str = ""

    def limit_for(self, category: Category) -> timedelta | None:
        """Give the limit for what the trouble is; None where there is no such clock for it."""
        fitting = [code for code in self.limits if _covers(code, category)]
        return self.limits[max(fitting, key=len)] if fitting else self.limit

    def end(self, started_at: datetime, counted: timedelta) -> datetime:
        """Give when so much counted time is over, moved to where ends may fall."""
        over = self.calendar.advance(started_at, counted)
        return self.ending.of(over) if self.ending else over


def _covers(code: str, category: Category) -> bool:
    return code == category.code or (code.endswith(".") and category.code.startswith(code))


@dataclass(frozen=True, slots=True)
class DeadlineRules:
    """All rules in force, by name, in the order in which people read them."""

    rules: Mapping[str, DeadlineRule]

    @classmethod
    def of(cls, rules: Iterable[DeadlineRule]) -> "DeadlineRules":
        return cls({rule.name: rule for rule in rules})

    def of_case(self, moment: Moment) -> Sequence[DeadlineRule]:
        """Give the rules of cases whose clock starts now."""
        return [
            rule
            for rule in self.rules.values()
            if rule.carrier is Carrier.CASE and rule.starts is moment
        ]

    def of_appeal(self, moment: Moment, regime: Regime, channel: str) -> Sequence[DeadlineRule]:
        """Give the rules of such appeals whose clock starts now."""
        return [
            rule
            for rule in self.rules.values()
            if rule.carrier is Carrier.APPEAL
            and rule.starts is moment
            and (not rule.regimes or regime in rule.regimes)
            and (not rule.channels or channel in rule.channels)
        ]

    def rule(self, name: str) -> DeadlineRule:
        """Give a rule; of a clock that is not configured any more, one that says its name."""
        known = self.rules.get(name)
        if known is not None:
            return known
        words = {"ru": name, "en": name}
        return DeadlineRule(
            name=name, label=words, starts=Moment.RECEIVED, met_by=frozenset(), limit=None
        )
