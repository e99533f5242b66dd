"""The commissioning list of a place as a sheet."""

from collections.abc import Iterator
from typing import Literal

from core.text import in_language
from gateway.api.commissioning_models import CommissionedDevice, Commissioning, Implausible
from gateway.api.registry_models import SignalOut

Language = Literal["en", "ru"]

COLUMNS = {
    "asset": "объект",
    "device": "прибор",
    "address": "адрес",
    "profile": "модель",
    "serial": "заводской номер",
    "edge": "шлюз",
    "line": "линия",
    "unit": "номер на линии",
    "seen": "узел читает",
    "online": "на связи",
    "reason": "причина",
    "first good reading": "первое хорошее показание",
    "value": "значение",
    "plausible": "достоверно",
    "not plausible": "недостоверно",
    "signed off": "принято",
    "by": "кем",
    "remark": "замечание",
}
WORDS = {
    "yes": {"en": "yes", "ru": "да"},
    "no": {"en": "no", "ru": "нет"},
    "unjudged": {"en": "nothing to judge by", "ru": "судить не по чему"},
    "unknown": {"en": "", "ru": ""},
    "nothing": {"en": "no reading", "ru": "нет показания"},
    "bad": {"en": "bad", "ru": "плохое"},
    "uncertain": {"en": "uncertain", "ru": "сомнительное"},
    "below": {"en": "below {minimum:g}", "ru": "ниже {minimum:g}"},
    "above": {"en": "above {maximum:g}", "ru": "выше {maximum:g}"},
    "state": {"en": "no known state", "ru": "неизвестное состояние"},
}


def headings(language: Language) -> list[str]:
    """Give the line of headings."""
    return list(COLUMNS.values() if language == "ru" else COLUMNS)


def rows(shown: Commissioning, language: Language) -> Iterator[list[str]]:
    """Give a row for each device; times in UTC."""
    for each in shown.devices:
        yield _row(each, language)


def _row(each: CommissionedDevice, language: Language) -> list[str]:
    def claim(is_so: bool | None) -> str:
        return "" if is_so is None else WORDS["yes" if is_so else "no"][language]

    first, signed = each.first_good, each.signed
    return [
        ", ".join(asset.id for asset in each.assets),
        each.device,
        in_language(each.address, language),
        each.profile,
        each.serial,
        each.edge,
        each.line,
        each.unit,
        claim(each.seen),
        claim(each.online),
        each.reason,
        f"{first.time:%Y-%m-%d %H:%M:%S}" if first and first.time else "",
        f"{in_language(first.name, language)}: {_measured(first)}" if first else "",
        WORDS[each.plausible][language],
        "; ".join(_said(signal, language) for signal in each.implausible),
        f"{signed.at:%Y-%m-%d %H:%M:%S}" if signed else "",
        signed.by if signed else "",
        signed.remark if signed else "",
    ]


def _said(signal: Implausible, language: Language) -> str:
    wrong = WORDS[signal.wrong][language].format(minimum=signal.minimum, maximum=signal.maximum)
    said = [_measured(signal), wrong]
    return f"{in_language(signal.name, language)}: {', '.join(each for each in said if each)}"


def _measured(signal: SignalOut) -> str:
    return "" if signal.value is None else f"{signal.value:.10g} {signal.unit}"
