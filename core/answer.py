"""Answers to those who complained: what kinds there are, and what makes one worth sending."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from core.appeal import MARKUP, MAX_DESCRIPTION
from core.deadline_rule import Moment
from core.text import Text, filled


class AnswerKind(StrEnum):
    RECEIPT = "receipt"  # it was taken, under this number
    INTERIM = "interim"  # who works on it, and until when
    FORWARDED = "forwarded"  # to the body that is competent
    EXTENDED = "extended"  # the answer comes later than it was due, and why
    FINAL = "final"  # what was done


class AnswerState(StrEnum):
    OWED = "owed"  # a person must finish it, or tell it by telephone
    WAITING = "waiting"  # on its way through its channel
    SENT = "sent"
    PARKED = "parked"  # its channel does not take it: a person must act


# What an answer is for the clocks of its appeal. A receipt that a machine writes is no reaction.
MEETS: Mapping[AnswerKind, Sequence[Moment]] = {
    AnswerKind.RECEIPT: (),
    AnswerKind.INTERIM: (Moment.REACTED,),
    AnswerKind.FORWARDED: (Moment.REACTED, Moment.FORWARDED),
    AnswerKind.EXTENDED: (),
    AnswerKind.FINAL: (Moment.ANSWERED,),
}

DATE = re.compile(
    r"\b\d{1,2}[./]\d{1,2}[./]\d{2,4}\b|\b\d{4}-\d{2}-\d{2}\b|"
    r"\b\d{1,2}\s(?:январ|феврал|март|апрел|ма[яй]|июн|июл|август|сентябр|октябр|ноябр|декабр|"
    r"jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)",
    re.IGNORECASE,
)
# "от 26.11.2026" names a paper by its date, and says nothing of the work.
OF_A_PAPER = re.compile(rf"\b(?:от|of|dated)\s+(?:{DATE.pattern})", re.IGNORECASE)
GAP = "…"
CYRILLIC, LATIN = re.compile(r"[а-яё]", re.IGNORECASE), re.compile(r"[a-z]", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Wording:
    """Of one language, in lower case. empty: phrases that tell nothing. measures: how words begin
    that say what was done."""

    empty: Sequence[str]
    measures: Sequence[str]


def language_of(text: str) -> str:
    """Give the language in which to answer what was written so."""
    return "ru" if len(CYRILLIC.findall(text)) * 2 > len(LATIN.findall(text)) else "en"


def unsendable(text: str) -> list[Text]:
    """Say why nobody can be sent this."""
    found: list[Text] = []
    if not text.strip():
        found.append(NOTHING)
    if len(text) > MAX_DESCRIPTION:
        found.append(filled(TOO_LONG, found=len(text), limit=MAX_DESCRIPTION))
    if MARKUP.search(text):
        found.append(NO_MARKUP)
    return found


def shortcomings(text: str, kind: AnswerKind, wording: Wording) -> list[Text]:
    """Say what the applicant would miss in an answer; a person may send it all the same."""
    if kind is AnswerKind.RECEIPT:
        return []
    words = " ".join(text.lower().split())
    found: list[Text] = [
        filled(SAYS_NOTHING, phrase=phrase) for phrase in wording.empty if phrase in words
    ]
    if GAP in text:
        found.append(LEFT_OUT)
    if not DATE.search(OF_A_PAPER.sub("", text)):
        found.append(NO_DATE[kind])
    if kind is AnswerKind.FINAL and not _names(words, wording.measures):
        found.append(NO_MEASURE)
    return found


def _names(words: str, beginnings: Sequence[str]) -> bool:
    return any(re.search(rf"\b{re.escape(beginning)}", words) for beginning in beginnings)


NOTHING: Text = {"ru": "Ответ пуст. Напишите его.", "en": "The answer is empty. Write it."}
TOO_LONG: Text = {
    "ru": "Здесь {found} знаков, можно до {limit}. Сократите текст.",
    "en": "There are {found} characters here, at most {limit} are sent. Shorten the text.",
}
NO_MARKUP: Text = {
    "ru": "Уберите разметку (знаки <…>).",
    "en": "Remove the markup (<…>).",
}
SAYS_NOTHING: Text = {
    "ru": "«{phrase}» ничего не говорит. Напишите, что именно и когда.",
    "en": "“{phrase}” says nothing. Write what exactly, and when.",
}
LEFT_OUT: Text = {
    "ru": "Есть пропуск «…». Впишите, что там должно быть.",
    "en": "There is a gap “…”. Fill in what belongs there.",
}
WHEN_DONE: Text = {
    "ru": "Нет даты: напишите, когда это сделано.",
    "en": "There is no date: say when it was done.",
}
UNTIL_WHEN: Text = {
    "ru": "Нет даты: напишите, до какого дня это сделают.",
    "en": "There is no date: say by which day it will be done.",
}
NO_DATE: Mapping[AnswerKind, Text] = {
    AnswerKind.INTERIM: UNTIL_WHEN,
    AnswerKind.FORWARDED: {
        "ru": "Нет даты: напишите, когда обращение передано.",
        "en": "There is no date: say when it was forwarded.",
    },
    AnswerKind.EXTENDED: {
        "ru": "Нет даты: напишите, до какого дня продлён срок.",
        "en": "There is no date: say until which day it is extended.",
    },
    AnswerKind.FINAL: WHEN_DONE,
}
NO_MEASURE: Text = {
    "ru": "Нет меры: напишите, что сделано (заменено, восстановлено, устранено…).",
    "en": "There is no measure: say what was done (replaced, restored, repaired…).",
}
