"""What every meter took in a closed period as a sheet, a row for each tariff zone."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from core.clock import to_nanoseconds
from core.consumption import Shown, shown_at
from core.metering import BILLED_IN, Zone, midnight
from core.text import in_language
from gateway.metering.consumption import consumption
from gateway.metering.counters import Counter, Counters
from gateway.metering.registers import MeteredAsset
from gateway.registry.snapshot import RegistrySnapshot
from gateway.sheets.commissioning import Language


@dataclass(frozen=True, slots=True)
class ClosedPeriod:
    """From the day start up to the day before end, as days are in the zone."""

    start: date
    end: date
    zone: ZoneInfo


COLUMNS = {
    "address": "адрес",
    "asset": "объект",
    "scope": "где стоит",
    "resource": "ресурс",
    "zone": "тарифная зона",
    "serial": "заводской номер",
    "from": "с",
    "to": "по",
    "reading before": "показание на начало",
    "reading after": "показание на конец",
    "shown in": "единица показаний",
    "how known": "откуда показание",
    "amount": "расход",
    "unit": "единица расхода",
    "of it by people": "из него по снятым людьми",
    "of it estimated": "из него оценка",
    "complete": "полностью",
    "remarks": "замечания",
    "cost": "стоимость",
    "currency": "валюта",
    "verified until": "поверен до",
    "seal": "пломба",
}
WORDS = {
    "True": {"en": "yes", "ru": "да"},
    "False": {"en": "no", "ru": "нет"},
    "read": {"en": "read", "ru": "снято прибором"},
    "manual": {"en": "by a person", "ru": "снято человеком"},
    "estimated": {"en": "estimated", "ru": "оценка"},
    "old": {"en": "older", "ru": "более раннее"},
    "": {"en": "", "ru": ""},
    "roll_over": {"en": "rolled over", "ru": "переход через ноль"},
    "reset": {"en": "lost its memory", "ru": "сброс показаний"},
    "jump": {"en": "impossible jump, not counted", "ru": "невозможный скачок, не учтён"},
    "replacement": {"en": "replaced", "ru": "замена счётчика"},
}


def headings(language: Language) -> list[str]:
    """Give the line of headings."""
    return list(COLUMNS.values() if language == "ru" else COLUMNS)


def rows(
    registry: RegistrySnapshot,
    metered: MeteredAsset,
    counters: Counters,
    closed: ClosedPeriod,
    *,
    language: Language,
) -> Iterator[list[str]]:
    """Give the rows of one asset; the readings are those of the meters that served at both ends."""
    start, end, zone = closed.start, closed.end, closed.zone
    taken = consumption(registry, metered, counters, [start, end])
    total = taken.total
    said = [WORDS[each.kind][language] for each in taken.breaks]
    for each in total.zones:
        found = counters[Zone(each.zone)]
        before = _shown(metered, found, start, zone)
        after = _shown(metered, found, end, zone)
        yield [
            in_language(registry.address_of(metered.asset.place), language),
            metered.asset.id,
            metered.meter.scope,
            metered.meter.resource,
            each.zone,
            registry.devices[metered.device].serial,
            start.isoformat(),
            (end - timedelta(days=1)).isoformat(),
            _number(before.value if before else None),
            _number(after.value if after else None),
            found[-1].register.unit,
            WORDS[after.how if after else ""][language],
            _number(each.amount),
            BILLED_IN[metered.meter.resource],
            _number(total.manual),
            _number(total.estimated),
            WORDS[str(total.is_whole)][language],
            "; ".join(dict.fromkeys(said)),
            "" if each.cost is None else f"{each.cost:.2f}",
            taken.currency,
            metered.meter.verified_until.isoformat() if metered.meter.verified_until else "",
            metered.meter.seal,
        ]


def _shown(
    metered: MeteredAsset, counters: Sequence[Counter], day: date, zone: ZoneInfo
) -> Shown | None:
    at = midnight(day, zone)
    device = metered.device_at(at)
    for each in counters:
        if each.register.device == device:
            return shown_at(each.samples, to_nanoseconds(at), each.register.rolls_over_at)
    return None


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.10g}"
