"""What a message is about, on the first day: by the words that everybody uses of it.

A city that has cases of its own trains a model by them, which takes the place of this.
"""

from collections.abc import Sequence

import numpy as np

from core.category import CATEGORIES
from gateway.language.classifier import Suggestion
from gateway.language.features import stems
from gateway.language.taxonomy import topics
from gateway.language.terms import Matrix, Terms
from gateway.language.words import keys_of

MOST_SUGGESTED = 5
# How often a share of the likeness was right, tried on messages of two cities whose topics people
# had named; and from which likeness on it says anything.
SHARES = (0.0, 0.3, 0.5, 0.7, 0.85, 1.0)
RIGHT = (0.1, 0.45, 0.65, 0.88, 0.94, 0.98)
LIKE_ENOUGH = 0.15
# They say how people write, not of what.
COMMON = frozenset(
    keys_of(
        "in on the a an of out get is no not and to at it for off up inside cannot this there have "
        "has been be are was with from my our please нет не на в и по с у из от для что как мы вас "
        "нас это за к о я так же но уже при до все очень прошу просим примите меры здравствуйте "
        "добрый день пожалуйста просьба когда"
    )
)


class DayOne:
    """Judges by likeness to the bundled topics."""

    def __init__(self) -> None:
        known = topics()
        documents = [" ".join(topic.documents) for topic in known]
        self._terms = Terms(_telling)
        self._terms.fit(documents)
        self._topics = self._rows(documents).T
        # A topic without a category speaks for "a person decides", the last column.
        self._codes = [code for code, row in CATEGORIES.items() if row.offered]
        columns = {code: at for at, code in enumerate(self._codes)}
        self._column = [columns.get(topic.category or "", len(columns)) for topic in known]

    def suggest(self, texts: Sequence[str]) -> list[tuple[Suggestion, ...]]:
        """Give the five likeliest categories of each text; fewer where nothing speaks for more."""
        likeness = (self._rows(texts) @ self._topics).toarray()
        votes = np.zeros((len(texts), len(self._codes) + 1))
        for topic, column in enumerate(self._column):
            votes[:, column] = np.maximum(votes[:, column], likeness[:, topic] ** 2)
        shares = votes / (votes.sum(axis=1, keepdims=True) + 1e-9)
        trust = np.minimum(1.0, likeness.max(axis=1) / LIKE_ENOUGH)
        return [self._best(share, float(much)) for share, much in zip(shares, trust, strict=True)]

    def _rows(self, texts: Sequence[str]) -> Matrix:
        rows = self._terms.rows(texts)
        if rows is None:
            raise RuntimeError("the bundled topics have no words")
        return rows

    def _best(
        self, shares: np.ndarray[tuple[int], np.dtype[np.float64]], trust: float
    ) -> tuple[Suggestion, ...]:
        # Where most speaks for "a person decides", the likeliest of the others is a mere guess.
        order = np.argsort(-shares[:-1], kind="stable")[:MOST_SUGGESTED]
        return tuple(
            Suggestion(
                self._codes[at], round(trust * float(np.interp(shares[at], SHARES, RIGHT)), 4)
            )
            for at in order
            if shares[at] > 0
        )


def _telling(text: str) -> list[str]:
    return [word for word in stems(text) if word not in COMMON]
