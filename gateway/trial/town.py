"""A made-up territory and what its people say, for the trial of how fast appeals become work."""

import random
from collections.abc import Iterator

from core.appeal import Draft
from core.position import Position
from core.registry import Asset, Executor, Place, PlaceKind, Registry
from core.route import Route
from core.text import Text
from gateway.language.taxonomy import topics

STREETS, HOUSES = 160, 200  # of the town; houses of each street
BANKS = 4
LATITUDE, LONGITUDE = 55.0, 37.0
STEP = 0.0018  # degrees between houses: 200 m and 115 m
HOT = 0.3  # share of appeals that come from a few houses, where something is out of order
HOT_HOUSES = 40
WORDS = 7  # that people use of their topic's
POLITE = (
    "Добрый день! Прошу принять меры.",
    "Здравствуйте, который день одно и то же.",
    "Просьба разобраться, спасибо.",
)


def town() -> Registry:
    """Give thirty-two thousand houses with a lift in every fifth, on streets of four districts."""
    places = [_place("town", PlaceKind.REGION, None, "Заречье")]
    places += [
        _place(f"bank-{at}", PlaceKind.MUNICIPALITY, "town", f"Округ {at}") for at in range(BANKS)
    ]
    assets = []
    for street in range(STREETS):
        name = f"улица {_name(street)}"
        places.append(_place(f"s{street}", PlaceKind.STREET, f"bank-{street % BANKS}", name))
        for house in range(1, HOUSES + 1):
            identifier = f"s{street}-{house}"
            at = LATITUDE + street * STEP, LONGITUDE + house * STEP
            places.append(_place(identifier, PlaceKind.BUILDING, f"s{street}", f"дом {house}", *at))
            if house % 5 == 0:
                assets.append(
                    Asset(
                        id=f"lift-{identifier}", kind="lift", name=_words("Лифт"), place=identifier
                    )
                )
    executors = [
        Executor(id=f"{kind}-{at}", name=_words(f"{kind} {at}"), place=f"bank-{at}")
        for at in range(BANKS)
        for kind in ("lifts", "light", "houses")
    ]
    rows = {"lifts": "lift.", "light": "lighting.", "houses": ""}
    routes = [
        Route(executor=f"{kind}-{at}", category=rows[kind], place=f"bank-{at}")
        for at in range(BANKS)
        for kind in rows
    ]
    return Registry(
        name=_words("Заречье"),
        places=tuple(places),
        assets=tuple(assets),
        executors=tuple(executors),
        routes=tuple(routes),
    )


def drafts(seed: int) -> Iterator[Draft]:
    """Give appeals without end: words of a topic, with a house in words or a point on the map."""
    chance = random.Random(seed)  # noqa: S311 - made-up people
    known = [topic for topic in topics() if topic.category]
    hot = [(chance.randrange(STREETS), chance.randint(1, HOUSES), chance.choice(known))
           for _ in range(HOT_HOUSES)]  # fmt: skip
    number = 0
    while True:
        number += 1
        street, house = chance.randrange(STREETS), chance.randint(1, HOUSES)
        topic = chance.choice(known)
        if chance.random() < HOT:
            street, house, topic = chance.choice(hot)
        words = topic.words["ru"].split()
        said = " ".join(chance.sample(words, min(WORDS, len(words))))
        where = f"улица {_name(street)}, дом {house}, кв. {chance.randint(1, 90)}."
        latitude, longitude = _near(chance, street, house)
        yield Draft(
            description=f"{topic.title['ru']}: {said}. {where} {chance.choice(POLITE)}",
            latitude=latitude,
            longitude=longitude,
            name="Иван Петров",
            phone=f"+7 910 {number:07}",
        )


def somewhere(chance: random.Random) -> tuple[str, Position]:
    """Give one of the houses and its spot."""
    street, house = chance.randrange(STREETS), chance.randint(1, HOUSES)
    return f"s{street}-{house}", (LATITUDE + street * STEP, LONGITUDE + house * STEP)


def _near(chance: random.Random, street: int, house: int) -> Position:
    aside, along = (chance.uniform(-1, 1) * STEP / 10 for _ in range(2))
    return LATITUDE + street * STEP + aside, LONGITUDE + house * STEP + along


def _name(street: int) -> str:
    first = ("Лес", "Сад", "Реч", "Луг", "Снеж", "Клён", "Ябло", "Бере", "Рябин", "Овраж")
    last = ("ная", "овая", "ковская", "инская", "евская", "овская", "енская", "истая", "ицкая",
            "анская", "отная", "ёвая", "иевская", "ольная", "альная", "упская")  # fmt: skip
    return first[street % len(first)] + last[street // len(first)]


def _place(identifier: str, kind: PlaceKind, parent: str | None, name: str, *at: float) -> Place:
    latitude, longitude = at or (None, None)
    return Place(
        id=identifier,
        kind=kind,
        name=_words(name),
        parent=parent,
        latitude=latitude,
        longitude=longitude,
    )


def _words(name: str) -> Text:
    return {"ru": name, "en": name}
