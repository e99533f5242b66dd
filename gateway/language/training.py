"""Learns from labelled texts, and tries on folds of them how often its votes are right."""

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
from sklearn.isotonic import IsotonicRegression
from sklearn.model_selection import KFold
from sklearn.svm import LinearSVC

from core.errors import ConfigError
from gateway.language.classifier import Classifier, Floats, Plane, Voters
from gateway.language.features import Features, Row
from gateway.language.terms import Matrix

WANTED_PRECISION = 0.95  # of what is decided without a person
# Views that vote, and the regularisation of each; classes count alike, however rare they are.
MEMBERS = {"words": 0.2, "all": 0.2}
MANY_CLASSES = 40
FOLDS, FEWER_FOLDS = 5, 3  # for the calibration, and where there are many classes
LEAST_DECIDED = 20  # texts on which a threshold must have been tried
NEVER = 1.1  # a threshold that no share of votes reaches


def trained(
    texts: Sequence[str], labels: Sequence[str], rows: Sequence[Row], columns: Sequence[str]
) -> Classifier:
    """Learn from texts, each with its label and its row of context.

    columns: of the context. The names of labels stand beside the texts: they say what is meant.
    ConfigError where there is nothing to tell apart.
    """
    names = sorted(set(labels))
    if len(names) < 2:
        raise ConfigError(f"there are {len(names)} labels; two at least are wanted to learn from")
    features = Features(columns)
    titles = [name for name in names if any(sign.isalpha() for sign in name)]
    views = features.fit([*texts, *titles], [*rows, *({} for _ in titles)])
    index = {name: at for at, name in enumerate(names)}
    numbers = np.array([index[label] for label in (*labels, *titles)], np.int64)
    confidence, threshold = _calibrated(views, numbers, len(texts), names)
    return Classifier(features, _learnt(views, numbers, names), confidence, threshold)


def _learnt(
    views: Mapping[str, Matrix], numbers: npt.NDArray[np.int64], names: Sequence[str]
) -> Voters:
    present = np.unique(numbers)
    planes = {}
    for view, looseness in MEMBERS.items():
        machine = LinearSVC(C=looseness, class_weight="balanced", random_state=0)
        machine.fit(views[view], numbers)
        weights = np.zeros((len(names), views[view].shape[1]), np.float32)
        offsets = np.full(len(names), -2.0, np.float32)  # of a label without a text
        coef, intercept = machine.coef_, machine.intercept_
        if len(machine.classes_) == 2:  # then there is one plane, not two
            coef, intercept = np.vstack([-coef, coef]), np.concatenate([-intercept, intercept])
        weights[present], offsets[present] = coef, intercept
        planes[view] = Plane(weights, offsets)
    return Voters(labels=names, planes=planes, known=views["likeness"], known_labels=numbers)


def _calibrated(
    views: Mapping[str, Matrix], numbers: npt.NDArray[np.int64], texts: int, names: Sequence[str]
) -> tuple[tuple[Floats, Floats], float]:
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
        part = {view: rows[taught] for view, rows in views.items()}
        votes = _learnt(part, numbers[taught], names).votes(
            {view: rows[tried] for view, rows in views.items()}
        )
        shares[tried] = votes.max(axis=1)
        right[tried] = votes.argmax(axis=1) == numbers[tried]
    curve = IsotonicRegression(y_min=0.0, y_max=1.0, out_of_bounds="clip").fit(shares, right)
    return (curve.X_thresholds_, curve.y_thresholds_), sure_from(shares, right)


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
