"""What belongs to a piece of work, photos, readings, parts, a signature; and what is missing."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from core.errors import DomainError
from core.evidence import Grade
from core.text import Text, filled

MOST_STROKES, MOST_POINTS = 200, 6000  # of a signature: more is a scribble


class ItemKind(StrEnum):
    CHECK = "check"
    PHOTO = "photo"
    READING = "reading"
    PARTS = "parts"
    SIGNATURE = "signature"


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """A point of a checklist. unit, low, high: of a reading, and the band in which it must be.
    grade: the lowest that a photo may have."""

    key: str
    kind: ItemKind
    label: Text
    required: bool = True
    unit: str = ""
    low: float | None = None
    high: float | None = None
    grade: Grade = Grade.D

    def is_inside(self, number: float) -> bool:
        """Tell whether a reading is in the band."""
        above = self.low is None or number >= self.low
        return above and (self.high is None or number <= self.high)

    @property
    def band(self) -> str:
        """Give the band in signs, the unit behind it: "40–95 °C", "≥ 40 °C"; empty for none."""
        if self.low is None and self.high is None:
            return ""
        if self.high is None:
            words = f"≥ {self.low:g}"
        elif self.low is None:
            words = f"≤ {self.high:g}"
        else:
            words = f"{self.low:g}–{self.high:g}"
        return f"{words} {self.unit}".strip()


@dataclass(frozen=True, slots=True)
class Checklist:
    """The points for some categories: a code, or a group with its dot."""

    of: str
    items: tuple[Item, ...]

    def item(self, key: str) -> Item:
        """Give the point with this key. DomainError where there is none."""
        for item in self.items:
            if item.key == key:
                return item
        raise DomainError("invalid", f"There is no point {key!r} on this checklist. Look again.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What was entered at a point. number: a reading. text: its instrument, or who signed.
    parts: name and count. strokes: of a signature, each x and y in turn, from 0 to 1."""

    number: float | None = None
    text: str = ""
    parts: Sequence[tuple[str, float]] = ()
    strokes: Sequence[Sequence[float]] = ()


def check_answer(item: Item, answer: Answer) -> None:
    """Refuse what does not answer the point. DomainError says what is wanted."""
    if item.kind is ItemKind.PHOTO:
        raise DomainError("invalid", f"{item.label['en']}: take a photo for this.")
    if item.kind is ItemKind.READING and answer.number is None:
        wanted = f"a number in {item.unit}" if item.unit else "a number"
        raise DomainError("invalid", f"{item.label['en']}: enter {wanted}.")
    if item.kind is ItemKind.PARTS and any(count <= 0 or not name for name, count in answer.parts):
        raise DomainError("invalid", f"{item.label['en']}: name each part, and say how many.")
    if item.kind is ItemKind.SIGNATURE:
        points = sum(len(stroke) for stroke in answer.strokes)
        if not answer.text or not points:
            raise DomainError("invalid", f"{item.label['en']}: a name and a signature are wanted.")
        if len(answer.strokes) > MOST_STROKES or points > MOST_POINTS:
            raise DomainError("invalid", f"{item.label['en']}: sign again, with fewer strokes.")


def unfinished(
    checklist: Checklist, answers: Mapping[str, Answer], photos: Mapping[str, Grade]
) -> list[Text]:
    """Say in words what must still be done. photos: the best grade by point."""
    return [words for item in checklist.items for words in _wanting(item, answers, photos)]


def _wanting(
    item: Item, answers: Mapping[str, Answer], photos: Mapping[str, Grade]
) -> Iterable[Text]:
    if item.kind is ItemKind.PHOTO:
        found = photos.get(item.key)
        if found is None and item.required:
            yield filled(WANTED[item.kind], label=item.label)
        elif found is not None and found > item.grade:
            yield filled(POOR, label=item.label, found=found.value, wanted=item.grade.value)
        return
    answer = answers.get(item.key)
    if answer is None:
        if item.required:
            yield filled(WANTED[item.kind], label=item.label)
    elif answer.number is not None and not item.is_inside(answer.number):
        value = f"{answer.number:g} {item.unit}".strip()
        yield filled(OUTSIDE, label=item.label, value=value, band=item.band)


def checklist_for(checklists: Sequence[Checklist], code: str) -> Checklist:
    """Give the list for a category: its own, else its group's, else the one for all."""
    fitting = [
        each
        for each in checklists
        if each.of in ("", code) or (each.of.endswith(".") and code.startswith(each.of))
    ]
    return max(fitting, key=lambda each: len(each.of), default=Checklist("", ()))


WANTED: Mapping[ItemKind, Text] = {
    ItemKind.CHECK: {"ru": "Отметьте: {label}.", "en": "Tick off: {label}."},
    ItemKind.PHOTO: {"ru": "Сделайте снимок: {label}.", "en": "Take a photo: {label}."},
    ItemKind.READING: {"ru": "Введите показание: {label}.", "en": "Enter a reading: {label}."},
    ItemKind.PARTS: {"ru": "Укажите запчасти: {label}.", "en": "Enter the parts: {label}."},
    ItemKind.SIGNATURE: {"ru": "Нужна подпись: {label}.", "en": "Get a signature: {label}."},
}
POOR: Text = {
    "ru": "{label}: снимок с оценкой {found}, нужна не ниже {wanted}. Снимите на месте.",
    "en": "{label}: the photo is of grade {found}, wanted is {wanted} or better. Take it on the "
    "spot.",
}
OUTSIDE: Text = {
    "ru": "{label}: {value}, а должно быть {band}.",
    "en": "{label}: it is {value}; wanted is {band}.",
}
