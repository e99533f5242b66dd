"""Days off of a country: what its laws say, amended by an imported production calendar."""

import re
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from xml.etree.ElementTree import Element, ParseError

import holidays
from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import parse

from core.errors import ConfigError

FIRST_YEAR, LAST_YEAR = 2020, 2050
LARGEST = 4 * 1024 * 1024  # bytes
DAY_OFF, SHORT, WORKED = "1", "2", "3"  # type of a day in the files of xmlcalendar.ru
DAY = re.compile(r"(\d\d)\.(\d\d)")


@dataclass(frozen=True, slots=True)
class DaysOff:
    """days_off: dates on which nobody works. worked: weekend dates on which people do."""

    days_off: frozenset[date]
    worked: frozenset[date]


def days_off(country: str, file: Path | None = None) -> DaysOff:
    """Give the days off of a country, with those of the years in the file as the file says.

    ConfigError where the country is not known or the file is none.
    """
    try:
        known = holidays.country_holidays(country, years=range(FIRST_YEAR, LAST_YEAR + 1))
    except NotImplementedError as error:
        raise ConfigError(f"country: the public holidays of {country!r} are not known") from error
    off, worked = set(known), set(known.weekend_workdays)
    if file is not None:
        read = _production_calendar(file)
        years = {day.year for day in read.days_off | read.worked}
        off = {day for day in off if day.year not in years} | read.days_off
        worked = {day for day in worked if day.year not in years} | read.worked
    return DaysOff(frozenset(off), frozenset(worked))


def _production_calendar(file: Path) -> DaysOff:
    """Read a file in the format of xmlcalendar.ru: one <calendar year> or several in a root."""
    try:
        if file.stat().st_size > LARGEST:
            raise ConfigError(f"{file}: wanted a production calendar of at most 4 MB")
        root = parse(file).getroot()
    except (OSError, ParseError, DefusedXmlException) as error:
        raise ConfigError(f"{file}: wanted a production calendar as XML: {error}") from error
    if root is None:
        raise ConfigError(f"{file}: wanted a production calendar as XML, found nothing")
    years = [root] if root.tag == "calendar" else root.findall("calendar")
    if not years:
        raise ConfigError(f"{file}: wanted <calendar year=…>, found <{root.tag}>")
    off, worked = set(), set()
    for year in years:
        for entry in year.iter("day"):
            day, kind = _date(file, year, entry), entry.get("t")
            if kind == DAY_OFF:
                off.add(day)
            elif kind == WORKED or (kind == SHORT and day.weekday() in (5, 6)):
                worked.add(day)
            elif kind != SHORT:
                raise ConfigError(f"{file}: {day}: wanted t of 1, 2 or 3, found {kind!r}")
    return DaysOff(frozenset(off), frozenset(worked))


def _date(file: Path, year: Element, entry: Element) -> date:
    found = DAY.fullmatch(entry.get("d") or "")
    try:
        if found is not None:
            return date(int(year.get("year") or ""), int(found[1]), int(found[2]))
    except ValueError as error:
        raise ConfigError(
            f"{file}: year {year.get('year')!r}, day {entry.get('d')!r}: {error}"
        ) from error
    raise ConfigError(f'{file}: wanted a day as d="MM.DD", found {entry.get("d")!r}')
