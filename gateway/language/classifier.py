"""Judges what a text is about by what it has learnt, and how sure that is."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import TypeAlias
from zipfile import BadZipFile

import numpy as np
import numpy.typing as npt

from core.errors import ConfigError
from gateway.language.features import Features, Row
from gateway.language.terms import Matrix, packed, unpacked

Floats: TypeAlias = npt.NDArray[np.float64]
SHARPNESS = 5.0  # of a machine's vote
NEIGHBOURS, NEIGHBOUR_VOTE = 20, 0.75
FORMAT = 1  # of a kept model


@dataclass(frozen=True, slots=True)
class Suggestion:
    """label, and its calibrated chance of being right, 0–1."""

    label: str
    confidence: float


@dataclass(frozen=True, slots=True)
class Judgement:
    """best: most likely first. share: of the votes for the first. is_sure: no person need look."""

    best: tuple[Suggestion, ...]
    share: float
    is_sure: bool


@dataclass(frozen=True, slots=True)
class Plane:
    """A linear machine. weights: labels × terms of its view; offsets: one a label."""

    weights: npt.NDArray[np.float32]
    offsets: npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True)
class Voters:
    """Linear machines on several views of a text, and the texts that were learnt from.

    planes: by view. known: rows of the view `likeness`. known_labels: their labels, by number.
    """

    labels: Sequence[str]
    planes: Mapping[str, Plane]
    known: Matrix
    known_labels: npt.NDArray[np.int64]

    def votes(self, views: Mapping[str, Matrix]) -> Floats:
        """Give each label's share for each text, summing to 1."""
        votes = np.zeros((views["likeness"].shape[0], len(self.labels)))
        for view, plane in self.planes.items():
            votes += _shares(SHARPNESS * (views[view] @ plane.weights.T + plane.offsets))
        votes += NEIGHBOUR_VOTE * self._neighbours(views["likeness"])
        return np.asarray(votes / votes.sum(axis=1, keepdims=True), np.float64)

    def _neighbours(self, rows: Matrix) -> Floats:
        """Give the votes of the likest known texts, by the square of their likeness."""
        votes = np.zeros((rows.shape[0], len(self.labels)))
        many = min(NEIGHBOURS, self.known.shape[0])
        for first in range(0, rows.shape[0], 256):
            likeness = (rows[first : first + 256] @ self.known.T).toarray()
            nearest = np.argpartition(-likeness, many - 1, axis=1)[:, :many]
            for at, known in enumerate(nearest):
                np.add.at(votes[first + at], self.known_labels[known], likeness[at, known] ** 2)
        return np.asarray(votes / (votes.sum(axis=1, keepdims=True) + 1e-9), np.float64)


class Classifier:
    """confidence: shares of the votes, ascending, and how often such a share was right.

    threshold: the share from which on no person need look.
    """

    def __init__(
        self,
        features: Features,
        voters: Voters,
        confidence: tuple[Floats, Floats],
        threshold: float,
    ) -> None:
        self.labels = list(voters.labels)
        self.threshold = threshold
        self._features = features
        self._voters = voters
        self._confidence = confidence

    def chances(self, texts: Sequence[str], rows: Sequence[Row]) -> Floats:
        """Give each label's share of the votes for each text, summing to 1."""
        return self._voters.votes(self._features.views(texts, rows))

    def judge(self, texts: Sequence[str], rows: Sequence[Row]) -> list[Judgement]:
        """Give the five likeliest labels of each text."""
        chances = self.chances(texts, rows)
        order = np.argsort(-chances, axis=1, kind="stable")[:, :5]
        judged = []
        for shares, likeliest in zip(chances, order, strict=True):
            best = tuple(
                Suggestion(self.labels[at], self._confident(shares[at])) for at in likeliest
            )
            share = float(shares[likeliest[0]])
            judged.append(Judgement(best, share, share >= self.threshold))
        return judged

    def save(self, path: Path) -> None:
        """Keep the model: arrays only, which carry no code."""
        voters, known = self._voters, self._voters.known
        arrays = {**self._features.arrays(), "labels": packed(json.dumps(n) for n in self.labels)}
        for view, plane in voters.planes.items():
            # Half precision changes no vote, and a model of many labels is half as large.
            arrays |= {
                f"weights.{view}": plane.weights.astype(np.float16),
                f"offsets.{view}": plane.offsets,
            }
        arrays |= {
            "known.data": known.data.astype(np.float16),
            "known.indices": known.indices.astype(np.int32),
            "known.indptr": known.indptr.astype(np.int32),
            "known.shape": np.array(known.shape),
            "known.labels": voters.known_labels,
            "confidence.shares": self._confidence[0],
            "confidence.right": self._confidence[1],
            "threshold": np.array(self.threshold),
            "format": np.array(FORMAT),
        }
        content = BytesIO()
        np.savez_compressed(content, allow_pickle=False, **arrays)
        path.write_bytes(content.getvalue())

    @classmethod
    def load(cls, path: Path) -> "Classifier":
        """Take a kept model. ConfigError where the file is none."""
        try:
            with np.load(BytesIO(path.read_bytes()), allow_pickle=False) as kept:
                arrays: Mapping[str, npt.NDArray[np.generic]] = {name: kept[name] for name in kept}
        except (OSError, ValueError, BadZipFile) as error:
            raise ConfigError(f"{path}: is no model: {error}") from error
        if int(arrays.get("format", np.array(0))) != FORMAT:
            raise ConfigError(f"{path}: is a model of another version; train it anew")
        planes = {
            name.removeprefix("weights."): Plane(
                np.asarray(weights, np.float32),
                np.asarray(arrays[name.replace("weights", "offsets", 1)], np.float32),
            )
            for name, weights in arrays.items()
            if name.startswith("weights.")
        }
        data, indices, indptr = (arrays[f"known.{part}"] for part in ("data", "indices", "indptr"))
        shape = tuple(int(side) for side in arrays["known.shape"])
        voters = Voters(
            labels=[json.loads(name) for name in unpacked(arrays["labels"])],
            planes=planes,
            known=Matrix((data.astype(np.float32), indices, indptr), shape=shape),
            known_labels=np.asarray(arrays["known.labels"], np.int64),
        )
        shares, right = (
            np.asarray(arrays[f"confidence.{name}"], np.float64) for name in ("shares", "right")
        )
        threshold = float(arrays["threshold"])
        return cls(Features.restored(arrays), voters, (shares, right), threshold)

    def _confident(self, share: float) -> float:
        return float(np.interp(share, *self._confidence))


def _shares(scores: Floats) -> Floats:
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True), np.float64)
