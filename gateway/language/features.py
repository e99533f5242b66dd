"""What a text and its context are to a classifier: rows of weighed terms."""

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
from scipy import sparse

from gateway.language.taxonomy import topics
from gateway.language.terms import Arrays, Matrix, Terms, packed, unpacked
from gateway.language.words import LONGEST, keys_of

Row: TypeAlias = Mapping[str, str]

CONTEXT_WEIGHT = 0.7  # of what stands beside a text
TOPIC_WEIGHT = 4.0  # of a text's likeness to the topics that everybody knows, beside its terms
LONGEST_WORD = 60  # characters of it that are looked at
BLANK = re.compile(r"\s+")
# Of a column of the context: from so many different numbers on, it is a measure, not a name.
FEWEST_MEASURES = 20
MOST_NAMES = 100  # different values of two columns that are also looked at together
GRIDS = (6, 12)  # parts into which each of two measures is divided: a map


def stems(text: str) -> list[str]:
    """Give the words of a text; numbers only by their length."""
    return ["0" * len(key) if key[0].isdigit() else key for key in keys_of(text)]


def pairs(text: str) -> Iterator[str]:
    """Give neighbouring words."""
    words = stems(text)
    return (f"{first} {second}" for first, second in pairwise(words))


def characters(text: str) -> Iterator[str]:
    """Give runs of 3 to 5 characters within words: what languages without stems have in common."""
    for word in BLANK.split(text[:LONGEST].lower()):
        yield from _runs(word[:LONGEST_WORD])


@lru_cache(maxsize=100_000)
def _runs(word: str) -> tuple[str, ...]:
    padded = f" {word} "
    return tuple(
        padded[start : start + length]
        for length in (3, 4, 5)
        for start in range(max(1, len(padded) - length + 1))
    )


class Context:
    """Turns columns beside a text into terms: names alone and together, places on a map."""

    def __init__(self, columns: Sequence[str]) -> None:
        self.columns = tuple(columns)
        self._edges: dict[str, npt.NDArray[np.float64]] = {}
        self._crossed: tuple[str, ...] = ()

    def fit(self, rows: Sequence[Row]) -> None:
        """Learn which columns are measures, and where a map's lines lie."""
        names = []
        for column in self.columns:
            values = [row.get(column, "").strip() for row in rows]
            numbers = [number for value in values if (number := _number(value)) is not None]
            filled = sum(1 for value in values if value)
            if len(set(numbers)) >= FEWEST_MEASURES and len(numbers) > 0.9 * filled:
                shares = np.linspace(0, 1, max(GRIDS) + 1)[1:-1]
                self._edges[column] = np.quantile(np.array(numbers), shares)
            elif len(set(values)) <= MOST_NAMES:
                names.append(column)
        self._crossed = tuple(names)

    def terms(self, row: Row) -> str:
        """Give a row's terms, one a line."""
        found = []
        for column in self.columns:
            value = row.get(column, "").strip().lower().replace("\n", " ")
            if value and column not in self._edges:
                found.append(f"{column}={value}")
                found += [f"{column}:{key}" for key in keys_of(value)]
        named = [f"{column}={row.get(column, '').strip().lower()}" for column in self._crossed]
        found += [f"{a}&{b}" for i, a in enumerate(named) for b in named[i + 1 :]]
        found += self._fields(row)
        return "\n".join(found)

    def arrays(self) -> Arrays:
        return {
            "context.columns": packed(self.columns),
            "context.crossed": packed(self._crossed),
            **{f"context.edges.{column}": edges for column, edges in self._edges.items()},
        }

    @classmethod
    def restored(cls, arrays: Mapping[str, npt.NDArray[np.generic]]) -> "Context":
        context = cls(unpacked(arrays["context.columns"]))
        context._crossed = tuple(unpacked(arrays["context.crossed"]))
        for column in context.columns:
            if f"context.edges.{column}" in arrays:
                edges = np.asarray(arrays[f"context.edges.{column}"], np.float64)
                context._edges[column] = edges
        return context

    def _fields(self, row: Row) -> list[str]:
        """Give the fields of the map, of each fineness, in which a row lies."""
        measured = {column: _number(row.get(column, "")) for column in list(self._edges)[:2]}
        fields = []
        for parts in GRIDS:
            step = max(GRIDS) // parts
            at = [
                int(np.searchsorted(self._edges[column][step - 1 :: step], value))
                for column, value in measured.items()
                if value is not None
            ]
            if at:
                fields.append(f"map{parts}={','.join(map(str, at))}")
        return fields


class Features:
    """Turns texts with their contexts into rows, by several views of the same text."""

    def __init__(self, columns: Sequence[str] = ()) -> None:
        self._context = Context(columns)
        self._words = Terms(stems)
        self._pairs = Terms(pairs, fewest=2)
        self._characters = Terms(characters, fewest=3)
        self._beside = Terms(str.splitlines)
        self._topics: Matrix | None = None

    def fit(self, texts: Sequence[str], rows: Sequence[Row]) -> dict[str, Matrix]:
        """Learn the terms; give the rows of each view."""
        self._context.fit(rows)
        self._words.fit([*texts, *_topic_texts()])
        self._pairs.fit(texts)
        self._characters.fit(texts)
        self._beside.fit([self._context.terms(row) for row in rows])
        return self.views(texts, rows)

    def views(self, texts: Sequence[str], rows: Sequence[Row]) -> dict[str, Matrix]:
        """Give the rows of each view, a row for each text."""
        words = self._words.rows(texts)
        likeness = self._likeness(words)
        beside = self._beside.rows([self._context.terms(row) for row in rows])
        every = [] if beside is None else [beside * CONTEXT_WEIGHT]
        found = {
            "words": words,
            "pairs": self._pairs.rows(texts),
            "characters": self._characters.rows(texts),
        }

        def view(topics: float, **weights: float) -> Matrix:
            named = [(found[name], weight) for name, weight in weights.items()]
            parts = [part * weight for part, weight in named if part is not None]
            return sparse.hstack(
                [*parts, likeness * topics, *every], format="csr", dtype=np.float32
            )

        return {
            "words": view(TOPIC_WEIGHT, words=1.0),
            "all": view(TOPIC_WEIGHT, words=1.0, pairs=0.7, characters=1.0),
            "likeness": view(1.0, words=1.0, characters=1.0),
        }

    def arrays(self) -> Arrays:
        return {
            **self._context.arrays(),
            **self._words.arrays("words"),
            **self._pairs.arrays("pairs"),
            **self._characters.arrays("characters"),
            **self._beside.arrays("beside"),
        }

    @classmethod
    def restored(cls, arrays: Mapping[str, npt.NDArray[np.generic]]) -> "Features":
        features = cls()
        features._context = Context.restored(arrays)
        features._words.restore(arrays, "words")
        features._pairs.restore(arrays, "pairs")
        features._characters.restore(arrays, "characters")
        features._beside.restore(arrays, "beside")
        return features

    def _likeness(self, words: Matrix) -> Matrix:
        """Give how like each text is to each topic, in all languages together."""
        if self._topics is None:
            documents: Matrix = self._words.rows(_topic_texts())
            self._topics = (documents[::2] + documents[1::2]).T.tocsr()  # Russian and English
        return words @ self._topics


def _topic_texts() -> list[str]:
    return [document for topic in topics() for document in topic.documents]


def _number(value: str) -> float | None:
    try:
        number = float(value.replace(",", "."))
    except ValueError:
        return None
    return number if np.isfinite(number) else None
