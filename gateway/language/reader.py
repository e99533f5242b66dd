"""Reads what comes in: what it is about, what it states, and whether it can wait."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from core.category import CATEGORIES
from core.urgency import Urgency
from gateway.language.classifier import Classifier, Suggestion
from gateway.language.day_one import DayOne
from gateway.language.facts import Facts
from gateway.language.splitting import troubles
from gateway.language.urgency import urgencies

# Where danger and words say the same, nobody waits for a person to choose.
DANGER = {Urgency.GAS: "gas.leak", Urgency.TRAPPED: "lift.trapped"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Understanding:
    """What a message was read to say.

    suggestions: categories, the likeliest first. is_sure: the first may be taken without a person.
    parts: the troubles that it seems to tell of, if they are several.
    """

    suggestions: tuple[Suggestion, ...] = ()
    is_sure: bool = False
    urgent: tuple[Urgency, ...] = ()
    parts: tuple[str, ...] = ()


class Reader:
    """Judges by the city's own model where there is one, else by what everybody knows."""

    def __init__(self, model: Path | None, sure_from: float) -> None:
        """sure_from: chance of being right, 0–1, from which on no person need look."""
        self._model = Classifier.load(model) if model else None
        self._day_one = DayOne()
        self._sure_from = sure_from

    def understand(self, texts: Sequence[str]) -> list[Understanding]:
        """Read messages; many at once cost less."""
        if not texts:
            return []
        suggested, parts = self._suggest(texts), troubles(texts, self._likeliest)
        return [self._understood(*each) for each in zip(texts, suggested, parts, strict=True)]

    def _understood(
        self, text: str, suggested: tuple[Suggestion, ...], parts: Sequence[str]
    ) -> Understanding:
        urgent = urgencies(text)
        dangers = {DANGER[kind] for kind in urgent if kind in DANGER}
        is_sure = any(
            best.confidence >= self._sure_from or best.label in dangers for best in suggested[:1]
        )
        return Understanding(
            suggestions=suggested,
            is_sure=is_sure,
            urgent=tuple(urgent),
            parts=tuple(parts),
        )

    def _suggest(self, texts: Sequence[str]) -> list[tuple[Suggestion, ...]]:
        if self._model is None:
            return self._day_one.suggest(texts)
        judged = self._model.judge(texts, [{} for _ in texts])
        # Of a category that is gone since the model was trained nothing is suggested.
        return [tuple(each for each in one.best if each.label in CATEGORIES) for one in judged]

    def _likeliest(self, texts: Sequence[str]) -> list[tuple[str, float]]:
        if not texts:
            return []
        best = (suggested[:1] for suggested in self._day_one.suggest(texts))
        return [(one[0].label, one[0].confidence) if one else ("", 0.0) for one in best]


def address_of(facts: Facts) -> str:
    """Give the house that a message states, as an address book looks for it; empty for none."""
    if not (facts.street and facts.house):
        return ""
    return f"{facts.street} {facts.house}"
