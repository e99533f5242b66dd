"""The file of deadlines, checked as a whole and turned into the rules that cases carry."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, TypeAdapter, model_validator

from core.appeal import Channel
from core.calendar import Calendar, Days, RoundTheClock
from core.category import CATEGORIES, GROUPS, Category
from core.deadline_rule import (
    Carrier,
    DeadlineRule,
    DeadlineRules,
    Ending,
    Moment,
    OnDayOff,
    Regime,
)
from gateway.deadlines.days_off import days_off
from gateway.yaml_file import read_yaml

BUNDLED = Path(__file__).parent / "rules.yaml"
SPAN = re.compile(r"(\d+(?:\.\d+)?) ?(min|h|d)")
UNITS = {"min": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}
BY_CATEGORY: Mapping[str, Callable[[Category], timedelta | None]] = {
    "resolve": lambda category: category.resolve,
    "verify": lambda category: category.verify,
    "release": lambda category: category.release,
}


def _span(value: object) -> timedelta:
    found = SPAN.fullmatch(str(value))
    if found is None or not float(found[1]):
        raise ValueError(f'wanted a span like "30 min", "2 h" or "3 d", found {value!r}')
    return float(found[1]) * UNITS[found[2]]


def _limit(value: object) -> object:
    return value if value in ("by category", None) else _span(value)


Span = Annotated[timedelta, BeforeValidator(_span)]
Limit = Annotated[timedelta | Literal["by category"] | None, BeforeValidator(_limit)]


class Words(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    ru: str = Field(min_length=1, max_length=120)
    en: str = Field(min_length=1, max_length=120)


class RuleInFile(BaseModel):
    """A deadline as it stands in the file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")
    label: Words
    of: Carrier = Carrier.CASE
    starts: Moment
    met_by: frozenset[Moment] = Field(min_length=1)
    halted_by: frozenset[Moment] = frozenset()
    restarts: bool = False
    limit: Limit = None
    limits: dict[str, Span] = {}
    calendar: Literal["round the clock", "calendar days", "working days"] = "round the clock"
    ends: Literal["at the minute", "at the end of its day"] = "at the minute"
    day_off: OnDayOff = OnDayOff.STAYS
    regimes: frozenset[Regime] = frozenset()
    channels: frozenset[Channel] = frozenset()
    pauses: frozenset[str] = frozenset()
    extension: Span | None = None
    warnings: tuple[Annotated[int, Field(ge=1, le=100)], ...] = (50, 80, 100)
    source: str = Field(min_length=1, max_length=200)

    @model_validator(mode="after")
    def fits_together(self) -> Self:
        if self.limit is None and not self.limits:
            raise ValueError("there is neither a limit nor limits by category")
        if self.limit == "by category" and self.name not in BY_CATEGORY:
            raise ValueError(f"categories have no limit {self.name!r}, only {list(BY_CATEGORY)}")
        known = {*CATEGORIES, *(f"{group}." for group in GROUPS)}
        if unknown := sorted(set(self.limits) - known):
            raise ValueError(f"limits: {unknown[0]!r} is no category and no group with its dot")
        if list(self.warnings) != sorted(set(self.warnings)):
            raise ValueError("warnings: wanted percents that rise")
        return self


class RulesInFile(BaseModel):
    """The whole file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    zone: str
    country: str = Field(pattern=r"^[A-Z]{2}$")
    regimes: dict[Channel, Regime]
    pauses: dict[str, Words]
    deadlines: list[RuleInFile] = Field(min_length=1)

    @model_validator(mode="after")
    def fits_together(self) -> Self:
        names = [rule.name for rule in self.deadlines]
        if twice := {name for name in names if names.count(name) > 1}:
            raise ValueError(f"deadlines: {min(twice)!r} is there twice")
        for rule in self.deadlines:
            if unknown := sorted(rule.pauses - set(self.pauses)):
                raise ValueError(f"deadlines: {rule.name}: there is no pause {unknown[0]!r}")
        try:
            ZoneInfo(self.zone)
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise ValueError(f"zone: there is no time zone {self.zone!r}") from error
        return self


@dataclass(frozen=True, slots=True)
class Deadlines:
    """What is configured. working: the calendar of working days. regimes: by channel. pauses: the
    words for each reason."""

    working: Days
    rules: DeadlineRules
    regimes: Mapping[str, Regime]
    pauses: Mapping[str, Mapping[str, str]]

    @property
    def zone(self) -> ZoneInfo:
        """Give the zone of civil time."""
        return self.working.zone

    def regime_of(self, channel: Channel) -> Regime:
        """Give the rules under which an appeal of this channel is answered."""
        return self.regimes.get(channel, Regime.NONE)


@cache
def bundled_deadlines() -> Deadlines:
    """Give those of the example region."""
    return load_deadlines()


def load_deadlines(path: Path | None = None, days_off_file: Path | None = None) -> Deadlines:
    """Read the file of deadlines, or ours. ConfigError names the file, the key and what is wrong.

    days_off_file: a production calendar, which amends what is known of the country.
    """
    file = path or BUNDLED
    found = read_yaml(file, TypeAdapter(RulesInFile))
    off = days_off(found.country, days_off_file)
    working = Days(
        zone=ZoneInfo(found.zone),
        rest=frozenset({5, 6}),
        days_off=off.days_off,
        worked=off.worked,
    )
    return Deadlines(
        working=working,
        rules=DeadlineRules.of(_rules(found.deadlines, working)),
        regimes={str(channel): regime for channel, regime in found.regimes.items()},
        pauses={reason: words.model_dump() for reason, words in found.pauses.items()},
    )


def _rules(found: Iterable[RuleInFile], working: Days) -> Iterable[DeadlineRule]:
    calendars: Mapping[str, Calendar] = {
        "round the clock": RoundTheClock(),
        "calendar days": Days(zone=working.zone),
        "working days": working,
    }
    for rule in found:
        moved = rule.ends != "at the minute" or rule.day_off is not OnDayOff.STAYS
        yield DeadlineRule(
            name=rule.name,
            label=rule.label.model_dump(),
            carrier=rule.of,
            starts=rule.starts,
            met_by=rule.met_by,
            halted_by=rule.halted_by,
            restarts=rule.restarts,
            limit=rule.limit if isinstance(rule.limit, timedelta) else None,
            limits=_by_category(rule) | rule.limits,
            calendar=calendars[rule.calendar],
            ending=Ending(
                working=working,
                whole_days=rule.ends != "at the minute",
                on_day_off=rule.day_off,
            )
            if moved
            else None,
            regimes=rule.regimes,
            channels=frozenset(str(channel) for channel in rule.channels),
            pauses=rule.pauses,
            extension=rule.extension or timedelta(),
            warnings=rule.warnings,
            source=rule.source,
        )


def _by_category(rule: RuleInFile) -> dict[str, timedelta]:
    if rule.limit != "by category":
        return {}
    limits = {code: BY_CATEGORY[rule.name](known) for code, known in CATEGORIES.items()}
    return {code: limit for code, limit in limits.items() if limit is not None}
