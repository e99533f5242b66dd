"""A checklist says what is missing, and takes nothing that does not answer its points."""

from dataclasses import replace

import pytest

from core.checklist import (
    Answer,
    Checklist,
    Item,
    ItemKind,
    check_answer,
    checklist_for,
    unfinished,
)
from core.errors import DomainError
from core.evidence import Grade
from core.text import Text


def words(english: str) -> Text:
    return {"ru": english, "en": english}


AFTER = Item(key="after", kind=ItemKind.PHOTO, label=words("After"), grade=Grade.B)
SUPPLY = Item(
    key="supply", kind=ItemKind.READING, label=words("Supply"), unit="°C", low=40, high=95
)
PARTS = Item(key="parts", kind=ItemKind.PARTS, label=words("Parts"), required=False)
SIGNED = Item(key="signed", kind=ItemKind.SIGNATURE, label=words("Tenant"))
LIST = Checklist("heating.", (AFTER, SUPPLY, PARTS, SIGNED))
SIGNATURE = Answer(text="A. Ivanova", strokes=[[0.1, 0.2, 0.3, 0.4]])


def missing(answers: dict[str, Answer], photos: dict[str, Grade]) -> list[str]:
    return [text["en"] for text in unfinished(LIST, answers, photos)]


def test_everything_that_is_required_is_asked_for_at_once() -> None:
    assert missing({}, {}) == [
        "Take a photo: After.",
        "Enter a reading: Supply.",
        "Get a signature: Tenant.",
    ]


def test_nothing_is_missing_where_all_of_it_is_there() -> None:
    assert missing({"supply": Answer(number=61.5), "signed": SIGNATURE}, {"after": Grade.B}) == []


def test_a_reading_outside_its_band_and_a_poor_photo_are_not_done() -> None:
    found = missing({"supply": Answer(number=35), "signed": SIGNATURE}, {"after": Grade.C})
    assert found == [
        "After: the photo is of grade C, wanted is B or better. Take it on the spot.",
        "Supply: it is 35 °C; wanted is 40–95 °C.",
    ]


@pytest.mark.parametrize(
    ("low", "high", "band"),
    [(40.0, 95.0, "40–95 °C"), (40.0, None, "≥ 40 °C"), (None, 95.0, "≤ 95 °C"), (None, None, "")],
)
def test_a_band_is_said_as_it_is(low: float | None, high: float | None, band: str) -> None:
    assert replace(SUPPLY, low=low, high=high).band == band


@pytest.mark.parametrize(
    ("item", "answer", "wanted"),
    [
        (AFTER, Answer(text="done"), "take a photo"),
        (SUPPLY, Answer(text="warm"), "a number in °C"),
        (PARTS, Answer(parts=[("Valve", 0)]), "say how many"),
        (SIGNED, Answer(text="A. Ivanova"), "a name and a signature"),
        (SIGNED, replace(SIGNATURE, strokes=[[0.0, 0.0]] * 201), "fewer strokes"),
    ],
)
def test_what_does_not_answer_a_point_is_refused(item: Item, answer: Answer, wanted: str) -> None:
    with pytest.raises(DomainError, match=wanted):
        check_answer(item, answer)


def test_the_list_of_a_category_stands_before_that_of_its_group() -> None:
    lists = [Checklist("", ()), LIST, Checklist("heating.none", (AFTER,))]
    found = [
        checklist_for(lists, code).of for code in ("heating.none", "heating.low", "water.leak")
    ]
    assert found == ["heating.none", "heating.", ""]
