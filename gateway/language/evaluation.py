"""How well a classifier does on texts that it has not learnt from."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from sklearn.metrics import f1_score

from gateway.language.classifier import Judgement

LARGEST = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """Shares of 0–1. precision: of those that are sure; coverage: how many are; None for none.
    macro_f1_largest: over the ten commonest labels; surer_half: right among the surer half."""

    rows: int
    labels: int
    accuracy: float
    weighted_f1: float
    macro_f1: float
    macro_f1_largest: float
    top_3: float
    threshold: float
    precision: float | None
    coverage: float
    surer_half: float


def figures(
    labels: Sequence[str], judged: Sequence[Judgement], known: Sequence[str], threshold: float
) -> Figures:
    """Hold judgements against the labels. known: labels that were learnt from."""
    predicted = [judgement.best[0].label for judgement in judged]
    right = [label == guess for label, guess in zip(labels, predicted, strict=True)]
    among = [
        label in [suggestion.label for suggestion in judgement.best[:3]]
        for label, judgement in zip(labels, judged, strict=True)
    ]
    sure = [is_right for is_right, each in zip(right, judged, strict=True) if each.is_sure]
    surest = sorted(range(len(judged)), key=lambda at: -judged[at].share)[: (len(judged) + 1) // 2]
    largest = [label for label, _ in Counter(labels).most_common(LARGEST)]

    def f1(average: str, of: list[str] | None = None) -> float:
        return float(f1_score(labels, predicted, average=average, labels=of, zero_division=0.0))

    return Figures(
        rows=len(labels),
        labels=len(set(known)),
        accuracy=_share(right),
        weighted_f1=f1("weighted"),
        macro_f1=f1("macro"),
        macro_f1_largest=f1("macro", largest),
        top_3=_share(among),
        threshold=threshold,
        precision=_share(sure) if sure else None,
        coverage=len(sure) / len(judged),
        surer_half=_share([right[at] for at in surest]),
    )


def _share(claims: Sequence[bool]) -> float:
    return sum(claims) / len(claims)
