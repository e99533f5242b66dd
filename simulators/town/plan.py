"""The plan of the town: streets, crossings and houses on the two banks of a river that flows north.

Everything is laid out in metres (x east, y north of the middle of the bridge), bent a little so
that no street is a ruler's line, and turned into WGS 84 at the border.
"""

import math
import random
from dataclasses import dataclass

MIDDLE = (54.2, 37.6)  # latitude, longitude of the bridge; the town itself is invented
METRES_A_DEGREE = 111_320.0  # of latitude
TURNED = math.radians(11)
CELL = 250.0  # metres between parallel streets
HOUSE = (64.0, 15.0)  # length along the street and depth, metres
SETBACK = 27.0  # metres from the middle of the street to the middle of the house

Metres = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Street:
    """A straight line in metres between two points. bank: id of its municipality."""

    id: str
    ru: str
    en: str
    bank: str
    start: Metres
    end: Metres

    @property
    def length(self) -> float:
        return math.dist(self.start, self.end)

    def at(self, along: float, aside: float = 0.0) -> Metres:
        """Give the point `along` metres from the start, `aside` metres to the right of the way."""
        east = (self.end[0] - self.start[0]) / self.length
        north = (self.end[1] - self.start[1]) / self.length
        return (
            self.start[0] + east * along + north * aside,
            self.start[1] + north * along - east * aside,
        )

    @property
    def middle(self) -> tuple[float, float]:
        """Give its middle, longitude and latitude."""
        return lon_lat(self.at(self.length / 2))

    def line(self) -> dict[str, object]:
        """Give it as GeoJSON."""
        steps = int(self.length / 40)
        points = [self.at(self.length * step / steps) for step in range(steps + 1)]
        return {"type": "LineString", "coordinates": [list(lon_lat(point)) for point in points]}


@dataclass(frozen=True, slots=True)
class House:
    """A block of flats: `lifts` of them in each of its entrances."""

    street: Street
    number: int
    middle: Metres
    corners: tuple[Metres, ...]
    entrances: int
    lifts: int
    floors: int

    @property
    def id(self) -> str:
        return f"{self.street.id}-{self.number}"

    @property
    def address(self) -> dict[str, str]:
        return {
            "ru": f"{self.street.ru}, {self.number}",
            "en": f"{self.number} {self.street.en}",
        }

    def door(self, entrance: int) -> Metres:
        """Give the middle of an entrance's share of the house."""
        share = (entrance - 0.5) / self.entrances
        (x0, y0), (x1, y1) = self.corners[0], self.corners[1]
        return (x0 + (x1 - x0) * share, y0 + (y1 - y0) * share)

    def outline(self) -> dict[str, object]:
        """Give it as GeoJSON."""
        ring = [list(lon_lat(corner)) for corner in (*self.corners, self.corners[0])]
        return {"type": "Polygon", "coordinates": [ring]}


@dataclass(frozen=True, slots=True)
class Crossing:
    first: Street
    second: Street
    middle: Metres


def _bank(bank: str, west: float, along: list[str], across: list[str]) -> list[Street]:
    """Lay three streets along the river and three across it."""
    east = west + 2 * CELL
    rows = [name.split("/") for name in (*along, *across)]
    lines = [
        ((west + CELL * i, -CELL - 110.0), (west + CELL * i, CELL + 110.0)) for i in range(3)
    ] + [
        # The middle street across runs on, over half of the bridge.
        (
            (west - 110.0, CELL * (1 - i)) if west < 0 or i != 1 else (0.0, 0.0),
            (east + 110.0, CELL * (1 - i)) if west > 0 or i != 1 else (0.0, 0.0),
        )
        for i in range(3)
    ]
    return [
        Street(key, ru, en, bank, start, end)
        for (key, ru, en), (start, end) in zip(rows, lines, strict=True)
    ]


STREETS = (
    *_bank(
        "left-bank",
        -810.0,
        [
            "lesnaya/ул. Лесная/Lesnaya St",
            "shkolnaya/ул. Школьная/Shkolnaya St",
            "sadovaya/ул. Садовая/Sadovaya St",
        ],
        [
            "mira/ул. Мира/Mira St",
            "mostovaya/ул. Мостовая/Mostovaya St",
            "lugovaya/ул. Луговая/Lugovaya St",
        ],
    ),
    *_bank(
        "right-bank",
        310.0,
        [
            "naberezhnaya/ул. Набережная/Naberezhnaya St",
            "zavodskaya/ул. Заводская/Zavodskaya St",
            "polevaya/ул. Полевая/Polevaya St",
        ],
        [
            "molodezhnaya/ул. Молодёжная/Molodezhnaya St",
            "vokzalnaya/ул. Вокзальная/Vokzalnaya St",
            "yuzhnaya/ул. Южная/Yuzhnaya St",
        ],
    ),
)


def houses(seed: int) -> list[House]:
    """Give 28 houses, 14 a bank: 20 of two entrances, 4 of three, 4 towers of one and 2 lifts."""
    chance = random.Random(f"houses {seed}")
    sites = [
        (street, 110.0 + CELL * block + CELL / 2, side)
        for street in STREETS
        for block in range(2)
        for side in (-1, 1)
        if _runs_along(street) or (block == 1 and side == 1 and street.id not in MIDDLE_STREETS)
    ]
    shapes = [(2, 1, 9)] * 20 + [(3, 1, 9)] * 4 + [(1, 2, 16)] * 4
    chance.shuffle(shapes)
    last = dict.fromkeys(((street.id, side) for street, _, side in sites), 0)
    built = []
    for (street, along, side), (entrances, lifts, floors) in zip(sites, shapes, strict=True):
        last[street.id, side] += 2 * chance.randint(1, 3)
        middle = along + chance.uniform(-30, 30)
        half, depth = HOUSE[0] / 2, HOUSE[1] / 2
        if entrances == 1:
            half /= 2.2
        aside = side * SETBACK
        built.append(
            House(
                street=street,
                number=last[street.id, side] - (1 if side < 0 else 0),
                middle=street.at(middle, aside),
                corners=tuple(
                    street.at(middle + along_it, aside + across)
                    for along_it, across in (
                        (-half, -depth),
                        (half, -depth),
                        (half, depth),
                        (-half, depth),
                    )
                ),
                entrances=entrances,
                lifts=lifts,
                floors=floors,
            )
        )
    return built


def crossings() -> list[Crossing]:
    """Give the eight crossings that have traffic lights, four a bank."""
    by_id = {street.id: street for street in STREETS}
    lit = (
        ("sadovaya", "mostovaya"),
        ("sadovaya", "mira"),
        ("shkolnaya", "mostovaya"),
        ("lesnaya", "lugovaya"),
        ("naberezhnaya", "vokzalnaya"),
        ("naberezhnaya", "molodezhnaya"),
        ("zavodskaya", "vokzalnaya"),
        ("polevaya", "yuzhnaya"),
    )
    return [Crossing(by_id[a], by_id[b], (by_id[a].start[0], by_id[b].start[1])) for a, b in lit]


def bank_outline(bank: str) -> dict[str, object]:
    """Give a municipality's territory as GeoJSON; the gap between the two is the river."""
    inner, outer = (-70.0, -1010.0) if bank == "left-bank" else (70.0, 1010.0)
    shore = [(inner, -520.0 + 40 * step) for step in range(27)]
    ring = [*shore, (outer, 520.0), (outer, -520.0), shore[0]]
    return {"type": "Polygon", "coordinates": [[list(lon_lat(point)) for point in ring]]}


def lon_lat(point: Metres) -> tuple[float, float]:
    """Turn metres into degrees (longitude first, as GeoJSON has it)."""
    x = point[0] + 22.0 * math.sin(point[1] / 210.0)
    y = point[1] + 16.0 * math.sin(point[0] / 330.0)
    east = x * math.cos(TURNED) + y * math.sin(TURNED)
    north = y * math.cos(TURNED) - x * math.sin(TURNED)
    return (
        round(MIDDLE[1] + east / (METRES_A_DEGREE * math.cos(math.radians(MIDDLE[0]))), 6),
        round(MIDDLE[0] + north / METRES_A_DEGREE, 6),
    )


MIDDLE_STREETS = {"mostovaya", "vokzalnaya"}


def _runs_along(street: Street) -> bool:
    return street.start[0] == street.end[0]
