"""Calendars: which time counts toward a deadline, in the civil time of the people it binds."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

from core.errors import DomainError

DAY = timedelta(days=1)
SECOND = timedelta(seconds=1)
LONGEST_REST = 60  # days off in a row, after which a calendar is taken to be wrong


class Calendar(Protocol):
    def advance(self, at: datetime, span: timedelta) -> datetime:
        """Give the moment by which `span` of counted time has passed since `at`, aware UTC."""
        ...

    def counted(self, start: datetime, end: datetime) -> timedelta:
        """Give how much of the time from `start` to `end` counts; nothing if it ends before."""
        ...


@dataclass(frozen=True, slots=True)
class RoundTheClock:
    """Every second counts, whatever clocks on walls do."""

    def advance(self, at: datetime, span: timedelta) -> datetime:
        return at + span

    def counted(self, start: datetime, end: datetime) -> timedelta:
        return max(end - start, timedelta())


@dataclass(frozen=True, slots=True, kw_only=True)
class Days:
    """Days of the civil calendar count, each from midnight to midnight, as 24 hours.

    So a day on which clocks are put forward or back is as long as any other, and three days later
    it is the same time on the wall. rest: weekdays that do not count, Monday is 0. days_off: dates
    that do not count either. worked: dates that do count though their weekday rests, as where a
    day off was transferred.
    """

    zone: ZoneInfo
    rest: frozenset[int] = frozenset()
    days_off: frozenset[date] = frozenset()
    worked: frozenset[date] = frozenset()

    def counts(self, day: date) -> bool:
        """Tell whether this date counts."""
        if day in self.worked:
            return True
        return day.weekday() not in self.rest and day not in self.days_off

    def advance(self, at: datetime, span: timedelta) -> datetime:
        left, local = span, self._local(at)
        for day in self._from(local.date()):
            start = max(local, _midnight(day))
            until_midnight = _midnight(day + DAY) - start
            if left <= until_midnight:
                return self._moment(start + left)
            left -= until_midnight
        raise AssertionError  # days never end

    def counted(self, start: datetime, end: datetime) -> timedelta:
        since, until = self._local(start), self._local(end)
        whole = timedelta()
        day = since.date()
        while _midnight(day) < until:
            if self.counts(day):
                whole += min(until, _midnight(day + DAY)) - max(since, _midnight(day))
            day += DAY
        return max(whole, timedelta())

    def end_of_day(self, at: datetime) -> datetime:
        """Give the last second of the civil day of this moment; midnight ends the day before."""
        local = self._local(at)
        day = (local - SECOND).date() if local == _midnight(local.date()) else local.date()
        return self._moment(_midnight(day + DAY) - SECOND)

    def on_counted_day(self, at: datetime, step: timedelta) -> datetime:
        """Give the moment, or where its date does not count the same time on the next that does.

        step: one day forward or back.
        """
        local = self._local(at)
        for _ in range(LONGEST_REST):
            if self.counts(local.date()):
                return self._moment(local)
            local += step
        raise self._endless(local.date())

    def _from(self, first: date) -> Iterator[date]:
        day, resting = first, 0
        while resting < LONGEST_REST:
            if self.counts(day):
                resting = 0
                yield day
            resting += 1
            day += DAY
        raise self._endless(day)

    def _local(self, at: datetime) -> datetime:
        return at.astimezone(self.zone).replace(tzinfo=None)

    def _moment(self, local: datetime) -> datetime:
        return local.replace(tzinfo=self.zone).astimezone(UTC)

    @staticmethod
    def _endless(day: date) -> DomainError:
        return DomainError(
            "calendar_without_work",
            f"the calendar has no working day in the {LONGEST_REST} days around {day}",
        )


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time.min)
