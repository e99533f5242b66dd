"""What a condition means: its name, how bad it is, of which problem it is a sign, what to do."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from adapters.wire import AlarmBirth, SignalBirth
from core.alarm import AlarmTest, Severity
from core.category import CATEGORIES, Category
from core.text import Text

log = structlog.get_logger()

DEVICE_LOST = "device_lost"  # the condition that every device has: it does not answer
CLOCK_WRONG = "clock_wrong"  # the gateway's own word: the device's times cannot be right


class Births(Protocol):
    """What the edges told of their devices at birth."""

    async def alarm_definition(
        self, session: AsyncSession, device: str, condition: str
    ) -> AlarmBirth | None:
        """Give the alarm of the device's profile with this key."""
        ...

    def signals_of(self, device: str) -> Sequence[SignalBirth]:
        """Give what the device measures."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Meaning:
    """unit: of the value that is told with the incident; empty where there is none.
    silent: it only says that nothing is heard, which is explained by anything that broke above.
    acknowledgeable: the device keeps it itself, and wants to hear that it was acknowledged.
    latching: it stays active until a person resets it."""

    category: Category
    severity: Severity
    name: Text
    unit: str
    silent: bool
    cause: Text
    consequence: Text
    action: Text
    acknowledgeable: bool = False
    latching: bool = False


SILENT = Meaning(
    category=CATEGORIES["device.silent"],
    severity=Severity.MEDIUM,
    name={"ru": "Устройство не отвечает", "en": "Device does not answer"},
    unit="",
    silent=True,
    cause={"ru": "Нет питания или связи", "en": "No power or no connection"},
    consequence={"ru": "Показания не поступают", "en": "No readings arrive"},
    action={
        "ru": "Проверьте питание и сеть устройства",
        "en": "Check the power and the network of the device",
    },
)
SILENT_LAMP = Meaning(
    category=CATEGORIES["lighting.lamp"],
    severity=Severity.LOW,
    name={"ru": "Светильник не отвечает", "en": "Street light does not answer"},
    unit="",
    silent=True,
    cause=SILENT.cause,
    consequence={"ru": "Тёмный участок улицы", "en": "A dark spot in the street"},
    action={
        "ru": "Если молчат и соседние, смотрите шкаф",
        "en": "If its neighbours are silent too, look at the cabinet",
    },
)


WRONG_CLOCK = Meaning(
    category=CATEGORIES["device.clock"],
    severity=Severity.LOW,
    name={"ru": "Часы устройства неверны", "en": "The device's clock is wrong"},
    unit="",
    silent=False,
    cause={
        "ru": "Часы не выставлены, сбиты или идут в другом часовом поясе",
        "en": "The clock was never set, has jumped, or runs in another time zone",
    },
    consequence={
        "ru": "Показания хранятся в карантине и не показываются",
        "en": "Its readings are kept in quarantine and not shown",
    },
    action={
        "ru": "Выставьте часы устройства и проверьте его батарею и часовой пояс",
        "en": "Set the clock of the device, and check its battery and time zone",
    },
)


async def meaning_of(
    session: AsyncSession, births: Births, device: str, condition: str, asset_kind: str
) -> Meaning:
    """Give the meaning by the device's profile; an unknown condition gets its key for a name."""
    if condition == CLOCK_WRONG:
        return WRONG_CLOCK
    definition = await births.alarm_definition(session, device, condition)
    if definition is None and condition == DEVICE_LOST:
        return SILENT_LAMP if asset_kind == "street_light" else SILENT
    if definition is None or definition.problem not in CATEGORIES:
        log.warning("condition without a meaning", device=device, condition=condition)
        definition = definition or AlarmBirth(
            key=condition, signal="", severity="medium", problem="", name={"en": condition}
        )
    return Meaning(
        category=CATEGORIES.get(definition.problem, SILENT.category),
        severity=_severity(definition.severity, device, condition),
        name=definition.name,
        unit=_unit(births.signals_of(device), definition.signal),
        silent=definition.test == AlarmTest.SILENT,
        cause=definition.cause,
        consequence=definition.consequence,
        action=definition.action,
        acknowledgeable=definition.acknowledgeable,
        latching=definition.latching,
    )


def _severity(word: str, device: str, condition: str) -> Severity:
    """Give the severity of this name; of an edge that knows more of them, the worst known here."""
    try:
        return Severity(word)
    except ValueError:
        log.warning("unknown severity", device=device, condition=condition, severity=word)
        return Severity.CRITICAL


def _unit(signals: Sequence[SignalBirth], key: str) -> str:
    return next((signal.unit for signal in signals if signal.key == key), "")
