"""Weighs the terms of texts by how often they stand in one, and how seldom in all (TF-IDF)."""

import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
from scipy import sparse

Matrix: TypeAlias = sparse.csr_matrix
Arrays: TypeAlias = dict[str, npt.NDArray[np.generic]]
Analyse: TypeAlias = Callable[[str], Iterable[str]]


class Terms:
    """analyse: gives the terms of a text. fewest: texts in which a term must stand to count.

    scikit-learn gives the same rows; its import costs the gateway 73 MB and seconds of its start.
    """

    def __init__(self, analyse: Analyse, fewest: int = 1) -> None:
        self._analyse = analyse
        self._fewest = fewest
        self._columns: dict[str, int] = {}
        self._rarity: npt.NDArray[np.float32] = np.zeros(0, np.float32)  # by column

    def fit(self, texts: Sequence[str]) -> None:
        """Learn the terms; there may be none."""
        found = Counter[str]()
        for text in texts:
            found.update(set(self._analyse(text)))
        common = sorted(term for term, many in found.items() if many >= self._fewest)
        self._columns = {term: at for at, term in enumerate(common)}
        self._rarity = np.array(
            [1 + math.log((1 + len(texts)) / (1 + found[term])) for term in common], np.float32
        )

    def rows(self, texts: Sequence[str]) -> Matrix | None:
        """Give a row of length 1 for each text; nothing where no terms are known."""
        if not self._columns:
            return None
        columns: list[int] = []
        counts: list[int] = []
        ends = [0]
        known = self._columns
        for text in texts:
            stand = Counter(known[term] for term in self._analyse(text) if term in known)
            columns += stand
            counts += stand.values()
            ends.append(len(columns))
        at = np.array(columns, np.int32)
        weight = (1 + np.log(np.array(counts, np.float32))) * self._rarity[at]
        rows = sparse.csr_matrix((weight, at, np.array(ends, np.int32)), (len(texts), len(known)))
        rows.sort_indices()
        length = np.sqrt(rows.multiply(rows).sum(axis=1).A1)
        rows.data /= np.repeat(np.where(length > 0, length, 1), np.diff(rows.indptr))
        return rows

    def arrays(self, prefix: str) -> Arrays:
        """Give what was learnt, to be kept."""
        if not self._columns:
            return {}
        return {f"{prefix}.terms": packed(self._columns), f"{prefix}.idf": self._rarity}

    def restore(self, arrays: Mapping[str, npt.NDArray[np.generic]], prefix: str) -> None:
        """Take what was kept."""
        if f"{prefix}.terms" in arrays:
            terms = unpacked(arrays[f"{prefix}.terms"])
            self._columns = {term: at for at, term in enumerate(terms)}
            self._rarity = np.asarray(arrays[f"{prefix}.idf"], np.float32)


def packed(texts: Iterable[str]) -> npt.NDArray[np.uint8]:
    """Keep texts without line breaks as one array."""
    return np.frombuffer("\n".join(texts).encode(), np.uint8)


def unpacked(array: npt.NDArray[np.generic]) -> list[str]:
    content = array.tobytes().decode()
    return content.split("\n") if content else []
