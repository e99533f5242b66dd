"""What can be wrong in a city: the codes of cases, incidents and appeals, and their limits.

What stands before the dot is the group; a complaint and an incident are about the same thing when
their groups are equal.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from core.alarm import Severity
from core.errors import DomainError
from core.text import Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Category:
    """resolve, verify: limits of the case's clocks; release: of letting people out of a lift.
    offered: residents may choose it."""

    code: str
    name: Text
    severity: Severity
    resolve: timedelta
    verify: timedelta = timedelta(days=1)
    release: timedelta | None = None
    offered: bool = True

    @property
    def group(self) -> str:
        return group_of(self.code)

    @property
    def is_shared(self) -> bool:
        """Tell whether everybody at a place has it at once, so that what they say of it there is
        one trouble in whatever words."""
        return self.code in SHARED

    @property
    def group_name(self) -> Text:
        return GROUPS[self.group]


def group_of(code: str) -> str:
    """Give what stands before the dot."""
    return code.partition(".")[0]


GROUPS: Mapping[str, Text] = {
    "lift": {"ru": "Лифт", "en": "Lift"},
    "lighting": {"ru": "Уличное освещение", "en": "Street lighting"},
    "heating": {"ru": "Отопление", "en": "Heating"},
    "water": {"ru": "Водоснабжение", "en": "Water supply"},
    "electricity": {"ru": "Электроснабжение", "en": "Electricity"},
    "traffic": {"ru": "Дорожное движение", "en": "Traffic"},
    "gas": {"ru": "Газ", "en": "Gas"},
    "air": {"ru": "Воздух", "en": "Air"},
    "flood": {"ru": "Затопление", "en": "Flooding"},
    "access": {"ru": "Доступ", "en": "Access"},
    "meter": {"ru": "Приборы учёта", "en": "Meters"},
    "device": {"ru": "Оборудование", "en": "Devices"},
    "yard": {"ru": "Двор", "en": "Yard"},
    "city": {"ru": "Город", "en": "City"},
    "unclear": {"ru": "Не разобрано", "en": "Unclear"},
}

SHARED = frozenset(
    {
        *("lift.trapped", "lift.stopped", "lift.door", "lighting.dark", "heating.none"),
        *("heating.low", "water.none", "electricity.outage", "electricity.quality"),
        *("traffic.signal", "gas.leak", "air.quality", "flood.basement"),
    }
)
UNCLEAR = "unclear.appeal"  # until a person has said what it is about
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
LOW, MEDIUM, HIGH, CRITICAL = Severity


def _category(
    code: str,
    ru: str,
    en: str,
    severity: Severity,
    resolve: timedelta,
    *,
    release: timedelta | None = None,
    offered: bool = True,
) -> Category:
    return Category(
        code=code,
        name={"ru": ru, "en": en},
        severity=severity,
        resolve=resolve,
        release=release,
        offered=offered,
    )


# The limits are the defaults of the example region: lift, utility and housing rules.
CATEGORIES: Mapping[str, Category] = {
    row.code: row
    for row in (
        _category(
            "lift.trapped", "Человек в лифте", "Passenger trapped in a lift", CRITICAL, DAY,
            release=timedelta(minutes=30),
        ),
        _category("lift.stopped", "Лифт не работает", "Lift does not work", HIGH, DAY),
        _category("lift.door", "Неисправны двери лифта", "Lift door is faulty", MEDIUM, DAY),
        _category("lighting.dark", "Темно на улице", "The street is dark", MEDIUM, DAY),
        _category(
            "lift.phone", "Нет связи с кабиной лифта", "No voice link to the lift", HIGH, DAY,
            offered=False,
        ),
        _category(
            "lighting.cabinet", "Шкаф освещения отключён", "Lighting cabinet is off", HIGH, DAY,
            offered=False,
        ),
        _category("lighting.lamp", "Не горит фонарь", "A street light is out", LOW, 3 * DAY),
        _category("heating.none", "Нет отопления", "No heating", HIGH, 16 * HOUR),
        _category("heating.low", "Слабое отопление", "Heating is too weak", MEDIUM, DAY),
        _category("water.leak", "Течь воды", "Water leak", HIGH, DAY),
        _category("water.none", "Нет воды", "No water", HIGH, 4 * HOUR),
        _category("electricity.outage", "Нет электричества", "No electricity", HIGH, 2 * HOUR),
        _category(
            "electricity.quality", "Плохое напряжение", "Voltage is out of limits", MEDIUM, DAY
        ),
        _category(
            "traffic.signal", "Не работает светофор", "Traffic lights do not work", HIGH, 4 * HOUR
        ),
        _category(
            "traffic.violation", "Нарушение на дороге", "Traffic violation", LOW, 3 * DAY,
            offered=False,
        ),
        _category("gas.leak", "Запах газа", "Smell of gas", CRITICAL, 4 * HOUR),
        _category("air.quality", "Грязный воздух", "Polluted air", MEDIUM, DAY),
        _category("flood.basement", "Затоплен подвал", "Basement is flooded", HIGH, DAY),
        _category(
            "access.open", "Открыто служебное помещение", "A service room is open", MEDIUM,
            4 * HOUR, offered=False,
        ),
        _category(
            "meter.fault", "Неисправен прибор учёта", "Meter is faulty", LOW, 15 * DAY,
            offered=False,
        ),
        _category(
            "device.silent", "Устройство не отвечает", "Device does not answer", MEDIUM, 3 * DAY,
            offered=False,
        ),
        _category(
            "device.clock", "Часы устройства неверны", "Device has a wrong clock", LOW, 15 * DAY,
            offered=False,
        ),
        _category(
            "device.edge", "Узел связи не отвечает", "Edge does not answer", HIGH, 4 * HOUR,
            offered=False,
        ),
        _category(
            "device.refused", "Данные не приняты", "What is sent is refused", MEDIUM, 3 * DAY,
            offered=False,
        ),
        _category("yard.other", "Другое во дворе", "Something else in the yard", LOW, 8 * DAY),
        _category(
            "city.other", "Другой вопрос города", "Another matter of the city", LOW, 30 * DAY
        ),
        _category(
            UNCLEAR, "Обращение не разобрано", "Appeal to be classified", MEDIUM, DAY,
            offered=False,
        ),
    )
}  # fmt: skip


def category(code: str) -> Category:
    """Give the category with this code. DomainError where there is none."""
    if code not in CATEGORIES:
        raise DomainError("unknown_category", f"{code!r} is not a category; choose one of the list")
    return CATEGORIES[code]
