"""Learns from labelled texts what a new text is about, and how sure that is."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import TypeAlias
from zipfile import BadZipFile

import numpy as np
import numpy.typing as npt
from sklearn.isotonic import IsotonicRegression
from sklearn.model_selection import KFold
from sklearn.svm import LinearSVC

from core.errors import ConfigError
from gateway.language.features import Features, Matrix, Row, packed, unpacked

Floats: TypeAlias = npt.NDArray[np.float64]
WANTED_PRECISION = 0.95  # of what is decided without a person
# Views that vote, and the regularisation of each; classes count alike, however rare they are.
MEMBERS = {"words": 0.2, "all": 0.2}
SHARPNESS = 5.0  # of a member's vote
NEIGHBOURS, NEIGHBOUR_VOTE = 20, 0.75
MANY_CLASSES = 40
FOLDS, FEWER_FOLDS = 5, 3  # for the calibration, and where there are many classes
LEAST_DECIDED = 20  # texts on which a threshold must have been tried
NEVER = 1.1  # a threshold that no share of votes reaches
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


class Classifier:
    """Linear machines on several views of a text and its nearest neighbours, voting."""

    def __init__(self, features: Features) -> None:
        self._features = features
        self.labels: list[str] = []
        self._machines: dict[str, tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]] = {}
        self._known: Matrix | None = None
        self._known_labels: npt.NDArray[np.int64] = np.zeros(0, np.int64)
        self._confidence: tuple[Floats, Floats] = (np.array([0.0, 1.0]), np.array([0.0, 1.0]))
        self.threshold = NEVER

    @classmethod
    def trained(
        cls,
        texts: Sequence[str],
        labels: Sequence[str],
        rows: Sequence[Row],
        columns: Sequence[str],
    ) -> "Classifier":
        """Learn from texts, each with its label and its row of context.

        The names of labels stand beside the texts: they say what is meant. ConfigError where there
        is nothing to tell apart.
        """
        names = sorted(set(labels))
        if len(names) < 2:
            raise ConfigError(
                f"there are {len(names)} labels; two at least are wanted to learn from"
            )
        classifier = cls(Features(columns))
        titles = [name for name in names if any(sign.isalpha() for sign in name)]
        views = classifier._features.fit([*texts, *titles], [*rows, *({} for _ in titles)])
        index = {name: at for at, name in enumerate(names)}
        numbers = np.array([index[label] for label in (*labels, *titles)], np.int64)
        classifier._calibrate(views, numbers, len(texts), names)
        classifier._learn(views, numbers, names)
        return classifier

    def chances(self, texts: Sequence[str], rows: Sequence[Row]) -> Floats:
        """Give each label's share of the votes for each text, summing to 1."""
        return self._votes(self._features.views(texts, rows))

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
        arrays = {**self._features.arrays(), "labels": packed(json.dumps(n) for n in self.labels)}
        for name, (weights, offsets) in self._machines.items():
            # Half precision changes no vote, and a model of many labels is half as large.
            arrays |= {f"weights.{name}": weights.astype(np.float16), f"offsets.{name}": offsets}
        if self._known is not None:
            arrays |= {
                "known.data": self._known.data.astype(np.float16),
                "known.indices": self._known.indices.astype(np.int32),
                "known.indptr": self._known.indptr.astype(np.int32),
                "known.shape": np.array(self._known.shape),
            }
        arrays |= {
            "known.labels": self._known_labels,
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
        classifier = cls(Features.restored(arrays))
        classifier.labels = [json.loads(name) for name in unpacked(arrays["labels"])]
        for name in MEMBERS:
            if f"weights.{name}" in arrays:
                weights = np.asarray(arrays[f"weights.{name}"], np.float32)
                classifier._machines[name] = (
                    weights,
                    np.asarray(arrays[f"offsets.{name}"], np.float32),
                )
        known = tuple(arrays[f"known.{part}"] for part in ("data", "indices", "indptr"))
        shape = tuple(int(side) for side in arrays["known.shape"])
        classifier._known = Matrix((known[0].astype(np.float32), *known[1:]), shape=shape)
        classifier._known_labels = np.asarray(arrays["known.labels"], np.int64)
        shares, right = (
            np.asarray(arrays[f"confidence.{n}"], np.float64) for n in ("shares", "right")
        )
        classifier._confidence = shares, right
        classifier.threshold = float(arrays["threshold"])
        return classifier

    def _learn(
        self, views: Mapping[str, Matrix], numbers: npt.NDArray[np.int64], names: Sequence[str]
    ) -> None:
        self.labels = list(names)
        self._known, self._known_labels = views["likeness"], numbers
        self._machines = {}
        present = np.unique(numbers)
        for name, looseness in MEMBERS.items():
            machine = LinearSVC(C=looseness, class_weight="balanced", random_state=0)
            machine.fit(views[name], numbers)
            weights = np.zeros((len(names), views[name].shape[1]), np.float32)
            offsets = np.full(len(names), -2.0, np.float32)  # of a label without a text
            two = len(machine.classes_) == 2  # then there is one plane, not two
            weights[present] = np.vstack([-machine.coef_, machine.coef_]) if two else machine.coef_
            offsets[present] = (
                np.array([-machine.intercept_[0], machine.intercept_[0]])
                if two
                else machine.intercept_
            )
            self._machines[name] = weights, offsets

    def _votes(self, views: Mapping[str, Matrix]) -> Floats:
        votes = np.zeros((views["all"].shape[0], len(self.labels)))
        for name, (weights, offsets) in self._machines.items():
            votes += _shares(SHARPNESS * (views[name] @ weights.T + offsets))
        votes += NEIGHBOUR_VOTE * self._neighbours(views["likeness"])
        return np.asarray(votes / votes.sum(axis=1, keepdims=True), np.float64)

    def _neighbours(self, rows: Matrix) -> Floats:
        """Give the votes of the likest known texts, by the square of their likeness."""
        votes = np.zeros((rows.shape[0], len(self.labels)))
        if self._known is None:
            return votes
        many = min(NEIGHBOURS, self._known.shape[0])
        for first in range(0, rows.shape[0], 256):
            likeness = (rows[first : first + 256] @ self._known.T).toarray()
            nearest = np.argpartition(-likeness, many - 1, axis=1)[:, :many]
            for at, known in enumerate(nearest):
                np.add.at(votes[first + at], self._known_labels[known], likeness[at, known] ** 2)
        return np.asarray(votes / (votes.sum(axis=1, keepdims=True) + 1e-9), np.float64)

    def _calibrate(
        self,
        views: Mapping[str, Matrix],
        numbers: npt.NDArray[np.int64],
        texts: int,
        names: Sequence[str],
    ) -> None:
        """Try on folds of the texts how often a share of votes was right, and where 95 % are.

        Rows after the texts are titles: always learnt, never tried.
        """
        folds = min(FEWER_FOLDS if len(names) > MANY_CLASSES else FOLDS, texts)
        shares, right = np.zeros(texts), np.zeros(texts, bool)
        titles = np.arange(texts, len(numbers))
        for learnt, tried in KFold(folds, shuffle=True, random_state=0).split(np.arange(texts)):
            taught = np.concatenate([learnt, titles])
            if len(np.unique(numbers[taught])) < 2:
                continue
            self._learn(
                {name: view[taught] for name, view in views.items()}, numbers[taught], names
            )
            votes = self._votes({name: view[tried] for name, view in views.items()})
            shares[tried] = votes.max(axis=1)
            right[tried] = votes.argmax(axis=1) == numbers[tried]
        curve = IsotonicRegression(y_min=0.0, y_max=1.0, out_of_bounds="clip").fit(shares, right)
        self._confidence = curve.X_thresholds_, curve.y_thresholds_
        self.threshold = sure_from(shares, right)

    def _confident(self, share: float) -> float:
        return float(np.interp(share, *self._confidence))


def sure_from(shares: Floats, right: npt.NDArray[np.bool_]) -> float:
    """Give the lowest share from which on the wanted precision was reached; above 1 for none.

    Half an error of the estimate is taken off, for the lowest of many is a lucky one.
    """
    order = np.argsort(-shares, kind="stable")
    tried = np.arange(1, len(order) + 1)
    precision = np.cumsum(right[order]) / tried
    error = np.sqrt(precision * (1 - precision) / tried)
    enough = np.flatnonzero(precision - error / 2 >= WANTED_PRECISION)
    if not len(enough) or enough[-1] + 1 < LEAST_DECIDED:
        return NEVER
    return float(shares[order[enough[-1]]])


def _shares(scores: Floats) -> Floats:
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True), np.float64)
