"""Which messages tell of the same trouble: at one place, in one time, in like words.

Two texts that read the same are one trouble only at one place; without a place none are joined.
"""

import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from core.position import METRES_PER_DEGREE, Position, distance_m
from gateway.language.features import characters, stems
from gateway.language.terms import Matrix, Terms

NEAR_M = 60.0
SOON = timedelta(days=21)
ENOUGH = 0.12  # of a score, to join; tried on reports that people had judged
PER_METRE = 0.002  # off the score
SAME_NUMBER, OTHER_NUMBER = 0.1, -0.1  # "lamp 13" twice; "lamp 10" and "lamp 5"
NUMBER = re.compile(r"(?<![\d:.,/-])\d{1,4}(?![\d:.,/%-])")
MOST_NUMBERS_LOOKED_AT = 5000  # characters of a message in which they are sought
KEPT = 2000  # texts whose terms are remembered

Counts: TypeAlias = tuple[NDArray[np.int64], NDArray[np.float64]]


@dataclass(frozen=True, slots=True)
class Report:
    """A message of which it is known where, when and what of."""

    id: str
    text: str
    position: Position
    reported: datetime
    category: str


@dataclass(frozen=True, slots=True)
class Pair:
    """Two reports near one another. score: how likely it is one trouble, 0–1, though no chance."""

    a: str
    b: str
    score: float
    joined: bool


def report_of(row: Mapping[str, str]) -> Report | None:
    """Give the report of a row, or nothing where it lacks words, place, time or category."""
    position = position_of(row["lat"], row["lon"])
    reported = time_of(row["reported"])
    category = row["category"].strip().casefold()
    if position is None or reported is None or not category or not stems(row["text"]):
        return None
    return Report(row["id"], row["text"], position, reported, category)


def find_pairs(reports: Sequence[Report]) -> Iterator[Pair]:
    """Give each pair of the same category, at most 60 m and 21 days apart, with its score."""
    if len(reports) < 2:
        return
    views = [_rows(reports, Terms(stems)), _rows(reports, Terms(characters))]
    numbers = [set(NUMBER.findall(each.text[:MOST_NUMBERS_LOOKED_AT])) for each in reports]
    for first, second in sorted(_near(reports)):
        a, b = reports[first], reports[second]
        if a.category != b.category or abs(a.reported - b.reported) > SOON:
            continue
        alike = [float((view[first] @ view[second].T).sum()) for view in views if view is not None]
        score = sum(alike) / max(len(alike), 1) - PER_METRE * distance_m(a.position, b.position)
        score += _of_numbers(numbers[first], numbers[second])
        yield Pair(a.id, b.id, min(max(score, 0.0), 1.0), score >= ENOUGH)


def likeness(text: str, others: Sequence[str]) -> list[float]:
    """Give the score of a text with each of others that are told at the same place.

    It is that of `find_pairs` for these few texts; made for a look in between.
    """
    scores = np.zeros(len(others))
    views = [
        view
        for kind in (_word_counts, _character_counts)
        if len((view := [kind(each) for each in (text, *others)])[0][0])
    ]
    for view in views:
        scores += _cosines(view)
    scores /= max(len(views), 1)
    numbers = [set(NUMBER.findall(each[:MOST_NUMBERS_LOOKED_AT])) for each in (text, *others)]
    return [
        float(score) + _of_numbers(numbers[0], theirs)
        for score, theirs in zip(scores, numbers[1:], strict=True)
    ]


def position_of(latitude: str, longitude: str) -> Position | None:
    """Give the position, or nothing where the two are none; 0, 0 is what broken forms send."""
    try:
        position = float(latitude.replace(",", ".")), float(longitude.replace(",", "."))
    except ValueError:
        return None
    is_real = abs(position[0]) <= 90 and abs(position[1]) <= 180 and position != (0.0, 0.0)
    return position if is_real else None


def time_of(text: str) -> datetime | None:
    """Give the moment of 2026-11-26T10:00Z, 2026/11/26 or 26.11.2026; without a zone it is UTC."""
    text = text.strip().replace("/", "-")
    text = re.sub(r"^(\d{1,2})\.(\d{1,2})\.(\d{4})", r"\3-\2-\1", text)
    text = re.sub(r"^(\d{4})-(\d)(?=-)", r"\1-0\2", text)
    text = re.sub(r"^(\d{4}-\d{2})-(\d)(?!\d)", r"\1-0\2", text)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _of_numbers(here: set[str], there: set[str]) -> float:
    if not (here and there):
        return 0.0
    return SAME_NUMBER if here & there else OTHER_NUMBER


@lru_cache(maxsize=KEPT)
def _word_counts(text: str) -> Counts:
    return _counts(stems(text))


@lru_cache(maxsize=KEPT)
def _character_counts(text: str) -> Counts:
    return _counts(characters(text))


def _counts(terms: Iterable[str]) -> Counts:
    """Give the terms of a text, as numbers, and how much each counts by how often it is there."""
    counted = Counter(terms)
    numbers = np.fromiter((hash(term) for term in counted), np.int64, len(counted))
    times = np.fromiter(counted.values(), np.float64, len(counted))
    return numbers, 1.0 + np.log(times)


def _cosines(texts: Sequence[Counts]) -> NDArray[np.float64]:
    """Give the cosine of the first text with each other one, weighed as `Terms` weighs them."""
    sizes = [len(numbers) for numbers, _ in texts]
    _, place = np.unique(np.concatenate([numbers for numbers, _ in texts]), return_inverse=True)
    seldom = 1.0 + np.log((1 + len(texts)) / (1 + np.bincount(place)))
    weights = np.concatenate([weights for _, weights in texts]) * seldom[place]
    first = np.zeros(len(seldom))
    first[place[: sizes[0]]] = weights[: sizes[0]]
    of = np.repeat(np.arange(len(texts)), sizes)
    lengths = np.sqrt(np.bincount(of, weights**2, minlength=len(texts)))
    alike = np.bincount(of, weights * first[place], minlength=len(texts))
    return np.asarray(alike[1:] / (lengths[0] * np.maximum(lengths[1:], 1e-12)), np.float64)


def _rows(reports: Sequence[Report], terms: Terms) -> Matrix | None:
    texts = [report.text for report in reports]
    terms.fit(texts)
    return terms.rows(texts)


def _near(reports: Sequence[Report]) -> set[tuple[int, int]]:
    """Give the pairs whose distance through the earth is near; on its surface it is the same."""
    angles = np.radians(np.array([report.position for report in reports], np.float64))
    latitude, longitude = angles[:, 0], angles[:, 1]
    level = np.cos(latitude)
    points = np.stack(
        [level * np.cos(longitude), level * np.sin(longitude), np.sin(latitude)], axis=1
    )
    found: set[tuple[int, int]] = cKDTree(points * math.degrees(METRES_PER_DEGREE)).query_pairs(
        NEAR_M
    )
    return found
