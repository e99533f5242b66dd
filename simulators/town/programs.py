"""What the town's edge runs by itself: the lights of some streets, and one crossing.

The town's sun is shifted so that dusk falls a minute after the start. A program knows only the real
one, so it is told to stand where the real sun does the same just then.
"""

from datetime import datetime, timedelta

from core.position import Position
from core.program import CalendarEntry, Program, ProgramKind, Span
from core.sun import day_number, solar_day

ZONE = "Europe/Moscow"
NIGHT = timedelta(hours=8)  # of the town: 21 to 5 o'clock
# The others follow their twilight relays: the script is about them.
STREETS = ("naberezhnaya", "zavodskaya", "molodezhnaya", "vokzalnaya", "yuzhnaya")
CROSSING = "traffic-polevaya-yuzhnaya-d1"
BANK = "right-bank"
FARTHEST = 60.0  # degrees; beyond, a night may be none


def build_programs(dusk: datetime) -> tuple[Program, ...]:
    """Give the programs of a town where it is dusk at this moment."""
    latitude, longitude = place_of(dusk)
    lights = Program(
        id="right-bank-lights", kind=ProgramKind.LIGHTING, place=BANK, signal="contactor",
        name={"ru": "Освещение правого берега", "en": "Lights of the right bank"},
        devices=tuple(f"cabinet-{street}-d1" for street in STREETS), zone=ZONE,
        latitude=latitude, longitude=longitude, spans=(Span(since="dusk", until="dawn", set=1),),
    )  # fmt: skip
    plans = Program(
        id="right-bank-plans", kind=ProgramKind.TRAFFIC, place=BANK, signal="plan",
        name={"ru": "Планы светофора", "en": "Plans of a crossing"}, devices=(CROSSING,), zone=ZONE,
        otherwise=1,
        spans=(
            Span(since="07:00", until="10:00", set=2),
            Span(since="17:00", until="20:00", set=3),
        ),
        calendar=(CalendarEntry(weekdays=("sat", "sun"), spans=(Span(set=4),)),),
    )  # fmt: skip
    call = Program(
        id="right-bank-priority", kind=ProgramKind.TRAFFIC, place=BANK, signal="priority",
        name={"ru": "Приоритетный пропуск", "en": "Priority calls"}, devices=(CROSSING,), zone=ZONE,
        override_s=90.0,
    )  # fmt: skip
    return lights, plans, call


def place_of(dusk: datetime) -> Position:
    """Give where it is dusk at this moment, with a night as long as the town's where there is one.

    Nights grow from one end of the range of latitudes to the other; near the equinoxes none is so
    short, and the end with the shorter ones is taken.
    """
    low, high = sorted((-FARTHEST, FARTHEST), key=lambda latitude: _night(dusk, latitude))
    for _ in range(30):
        middle = (low + high) / 2
        low, high = (middle, high) if _night(dusk, middle) < NIGHT else (low, middle)
    longitude = 0.0
    for _ in range(3):  # the first shift is right but for the season's minutes
        found = solar_day(day_number(dusk, longitude), (low, longitude)).dusk
        late = (found - dusk) / timedelta(days=1) * 360.0
        longitude = (longitude + late + 180.0) % 360.0 - 180.0
    return low, longitude


def _night(moment: datetime, latitude: float) -> timedelta:
    number = day_number(moment, 0.0)
    today, tomorrow = (solar_day(each, (latitude, 0.0)) for each in (number, number + 1))
    return tomorrow.dawn - today.dusk
