"""What residents write is held against the territory, masked, and never cleaned in silence."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.address import AddressBook
from core.alarm import Severity
from core.appeal import Draft, Territory, check_appeal, masked
from core.errors import DomainError
from core.evidence import media_type
from core.position import distance_m
from core.priority import people_behind, priority
from core.registry import Place, PlaceKind

PLACES = (
    Place(id="lesnaya", kind=PlaceKind.STREET, name={"ru": "улица Лесная", "en": "Lesnaya Street"}),
    Place(id="lesnaya-5", kind=PlaceKind.BUILDING, name={"ru": "дом 5", "en": "house 5"},
          parent="lesnaya"),
    Place(id="lesnaya-5a", kind=PlaceKind.BUILDING, name={"ru": "дом 5а", "en": "house 5a"},
          parent="lesnaya"),
)  # fmt: skip
BOOK = AddressBook(PLACES)
TERRITORY = Territory((37.0, 55.0, 37.1, 55.1), {place.id for place in PLACES}, BOOK)


@pytest.mark.parametrize(
    ("address", "found"),
    [
        ("ул. Лесная, 5", "lesnaya-5"),
        ("г. Приречье, Лесная д.5, кв. 12", "lesnaya-5"),
        ("на Лесной 5а", "lesnaya-5a"),
        ("5 Lesnaya street", "lesnaya-5"),
        ("Лесная, возле парка", "lesnaya"),
        ("Садовая 5", None),
        ("", None),
    ],
)
def test_a_house_is_found_as_people_write_it(address: str, found: str | None) -> None:
    assert BOOK.find(address) == found


def test_every_wrong_field_is_listed_at_once() -> None:
    draft = Draft(category="lift.door", description="<i>", email="x", photos=[b"GIF89a"])
    with pytest.raises(DomainError) as refusal:
        check_appeal(draft, TERRITORY)
    assert [(one["field"], one["code"]) for one in refusal.value.details] == [
        ("description", "markup"),
        ("address", "no_place"),
        ("photo", "not_a_photo"),
        ("email", "email"),
    ]


@given(st.text(max_size=5000), st.text(max_size=50), st.binary(max_size=64))
def test_any_text_is_taken_or_refused_in_words(text: str, address: str, photo: bytes) -> None:
    draft = Draft(category="yard.other", description=text, address=address, photos=[photo])
    details: tuple[dict[str, str], ...] = ()
    description = "taken"
    try:
        description = check_appeal(draft, TERRITORY).description
    except DomainError as refusal:
        details = refusal.details
    assert [one for one in details if not (one["ru"] and one["en"])] == []
    assert 3 <= len(description) <= 4000
    assert "<script" not in description.lower()


@pytest.mark.parametrize(
    ("email", "phone", "shown"),
    [
        ("anna@mail.example", "+7 900 123-45-67", "a***@mail.example, ***4567"),
        ("", "12345", "***"),
        ("", "", ""),
    ],
)
def test_a_contact_is_masked(email: str, phone: str, shown: str) -> None:
    assert masked(email, phone) == shown


@pytest.mark.parametrize(
    ("content", "media"),
    [
        (b"\xff\xd8\xff\xe1", "image/jpeg"),
        (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", "image/png"),
        (b"RIFF\x00\x00\x00\x00WEBPVP8 ", "image/webp"),
    ],
)
def test_a_picture_is_known_by_its_first_bytes(content: bytes, media: str) -> None:
    assert media_type(content) == media


@pytest.mark.parametrize("content", [b"MZ\x90", b"\x7fELF", b"#!/bin/sh", b"<svg", b"GIF89a"])
def test_anything_else_is_not_a_picture(content: bytes) -> None:
    with pytest.raises(DomainError, match="not a JPEG, PNG or WebP"):
        media_type(content)


def test_a_minute_of_latitude_is_a_nautical_mile() -> None:
    assert distance_m((55.0, 37.0), (55.0 + 1 / 60, 37.0)) == pytest.approx(1852, rel=0.002)


@pytest.mark.parametrize(
    ("kinds", "appeals", "expected"),
    [([], 0, "medium"), (["house"], 0, "high"), ([], 4, "high"), (["house"] * 12, 0, "high")],
)
def test_many_people_raise_the_priority(kinds: list[str], appeals: int, expected: str) -> None:
    assert priority(Severity.MEDIUM, people_behind(kinds, appeals)) == expected
