"""The file of deadlines: what ours says on real dates, and what is said of a wrong one."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import yaml

from core.appeal import Channel
from core.category import category
from core.deadline import started
from core.deadline_rule import Regime
from core.errors import ConfigError
from gateway.deadlines.rules_file import BUNDLED, bundled_deadlines, load_deadlines

MOSCOW = ZoneInfo("Europe/Moscow")
YARD = category("yard.other")
CALENDAR = """<?xml version="1.0" encoding="UTF-8"?>
<calendar year="2027" lang="ru" country="ru"><days>
  <day d="01.11" t="1"/><day d="01.16" t="3"/><day d="02.20" t="2"/><day d="03.09" t="2"/>
</days></calendar>
"""


def due(name: str, received: str) -> str:
    """Give the end, in Moscow, of a deadline that starts at this time there."""
    start = datetime.fromisoformat(received).replace(tzinfo=MOSCOW)
    clock = started(bundled_deadlines().rules.rule(name), start, YARD)
    assert clock is not None
    return f"{clock.due_at(start).astimezone(MOSCOW):%Y-%m-%d %H:%M:%S}"


@pytest.mark.parametrize(
    ("name", "received", "end"),
    [
        ("route", "2026-11-26 15:00", "2026-11-26 16:00:00"),
        ("social", "2026-12-31 23:00", "2027-01-01 01:00:00"),
        ("choose", "2026-11-26 15:00", "2026-11-29 15:00:00"),
        # Working are 29 and 30 December 2025, then 12 to 16 January, and 19 January is the eighth.
        ("portal_answer", "2025-12-26 15:00", "2026-01-19 23:59:59"),
        # The thirtieth day is a Saturday.
        ("legal_answer", "2026-11-26 15:00", "2026-12-25 23:59:59"),
        ("legal_forward", "2026-11-26 15:00", "2026-12-03 23:59:59"),
    ],
)
def test_our_deadlines_end_when_the_law_says(name: str, received: str, end: str) -> None:
    assert due(name, received) == end


def test_an_e_mail_is_an_appeal_by_law_and_a_post_is_a_message() -> None:
    ours = bundled_deadlines()
    assert ours.regime_of(Channel.EMAIL) is Regime.APPEAL_59FZ
    assert ours.regime_of(Channel.SOCIAL) is Regime.MESSAGE


def test_every_deadline_says_who_set_it() -> None:
    assert all(rule.source for rule in bundled_deadlines().rules.rules.values())


def test_a_production_calendar_takes_the_place_of_what_was_known_of_its_years(
    tmp_path: Path,
) -> None:
    file = tmp_path / "calendar.xml"
    file.write_text(CALENDAR, encoding="utf-8")
    rule = load_deadlines(days_off_file=file).rules.rule("portal_answer")
    start = datetime(2027, 1, 8, 12, tzinfo=MOSCOW)  # a Friday, which is no day off in this file
    ends = [rule.end(start, timedelta(days=days)).astimezone(MOSCOW).day for days in (1, 5, 6)]
    # The 11th is off, the 16th is a Saturday on which people work.
    assert ends == [12, 16, 18]


@pytest.mark.parametrize(
    ("content", "wrong"),
    [
        ("<days/>", "wanted <calendar year=…>, found <days>"),
        ("no xml", "wanted a production calendar as XML"),
        ('<calendar year="2027"><day d="13.40" t="1"/></calendar>', "13.40"),
        ('<calendar year="2027"><day d="soon" t="1"/></calendar>', "found 'soon'"),
        ('<calendar year="2027"><day d="01.11" t="9"/></calendar>', "wanted t of 1, 2 or 3"),
        (
            '<!DOCTYPE a [<!ENTITY b "c">]><calendar year="2027">&b;</calendar>',
            "wanted a production calendar as XML",
        ),
    ],
)
def test_a_file_that_is_no_production_calendar_is_refused(
    tmp_path: Path, content: str, wrong: str
) -> None:
    file = tmp_path / "calendar.xml"
    file.write_text(content, encoding="utf-8")
    with pytest.raises(ConfigError, match=str(file)) as refusal:
        load_deadlines(days_off_file=file)
    assert wrong in str(refusal.value)


def changed(tmp_path: Path, change: dict[str, Any], of: str = "") -> Path:
    """Write our file with other values: of the deadline called `of`, else of the file itself."""
    content = yaml.safe_load(BUNDLED.read_text(encoding="utf-8"))
    target = content
    if of:
        target = next(rule for rule in content["deadlines"] if rule["name"] == of)
    target.update(change)
    file = tmp_path / "deadlines.yaml"
    file.write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")
    return file


@pytest.mark.parametrize(
    ("of", "change", "wrong"),
    [
        ("route", {"limit": "1 fortnight"}, 'wanted a span like "30 min", "2 h" or "3 d"'),
        ("route", {"limit": "0 h"}, "wanted a span"),
        ("route", {"limit": None}, "neither a limit nor limits by category"),
        ("route", {"limit": "by category"}, "categories have no limit 'route'"),
        ("route", {"limits": {"lifts": "1 h"}}, "'lifts' is no category"),
        ("route", {"starts": "whenever"}, "starts"),
        ("route", {"warnings": [80, 50]}, "percents that rise"),
        ("route", {"pauses": ["tea"]}, "there is no pause 'tea'"),
        ("route", {"name": "choose"}, "'choose' is there twice"),
        ("route", {"colour": "red"}, "colour"),
        ("", {"zone": "Europe/Atlantis"}, "there is no time zone 'Europe/Atlantis'"),
        ("", {"country": "XX"}, "the public holidays of 'XX' are not known"),
        ("", {"deadlines": []}, "deadlines"),
    ],
)
def test_what_is_wrong_in_the_file_is_named(
    tmp_path: Path, of: str, change: dict[str, Any], wrong: str
) -> None:
    with pytest.raises(ConfigError) as refusal:
        load_deadlines(changed(tmp_path, change, of))
    assert wrong in str(refusal.value)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"none\.yaml"):
        load_deadlines(tmp_path / "none.yaml")
