"""What proves that a trouble is over: what devices show, a photo, a signed act.

Which of them counts for what kind of trouble is configuration. What devices say stands above all
else: a picture of a lamp does not close the case of a lamp that draws no power.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from core.alarm import AlarmTest, Condition
from core.alarm_score import score_form
from core.evidence import EvidenceKind, Grade
from core.text import Text, filled

MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sign:
    """What a signal of the asset must show, without a break, for `held_for` up to now.

    test, limit: of its values; of_rated: the limit is a share of what the signal is rated for.
    when: conditions on other signals of the device that must hold all that time too, or nothing is
    proved either way: a lamp that is switched off shows nothing.
    """

    label: Text
    signal: str
    test: AlarmTest
    limit: float
    held_for: timedelta
    of_rated: bool = False
    when: tuple[Condition, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ProofRule:
    """What proves for some categories: a code, or a group with its dot.

    signs: what devices must show, of those signals that the asset has. returned_for: for how long
    its incidents must have been over before the case closes by itself. accepts: what people may
    bring where devices tell nothing. photo: the lowest grade that counts. indoors: a position
    proves little there, so that the tag of the asset is asked for.
    """

    of: str
    signs: tuple[Sign, ...] = ()
    returned_for: timedelta = timedelta()
    accepts: frozenset[EvidenceKind] = frozenset({EvidenceKind.PHOTO})
    photo: Grade = Grade.D
    indoors: bool = False


class Verdict(StrEnum):
    HOLDS = "holds"
    TOO_SHORT = "too_short"  # it is so now, not yet for long enough
    CONTRADICTED = "contradicted"
    UNKNOWN = "unknown"  # nothing is heard, or what must hold beside it does not


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """A sign beside what was read. limit: in the unit of the signal. value: the last one."""

    sign: Sign
    verdict: Verdict
    limit: float
    value: float | None = None
    unit: str = ""
    for_so_long: timedelta = timedelta()


@dataclass(frozen=True, slots=True)
class Track:
    """What a signal was: the good readings of a time and the last one before it.

    time: int64[n], nanoseconds UTC, rising. value: float64[n]. A value stands until the next one.
    """

    time: NDArray[np.int64]
    value: NDArray[np.float64]


NOTHING = Track(np.zeros(0, np.int64), np.zeros(0))


def judge(
    sign: Sign, tracks: Mapping[str, Track], now: int, *, rated: float | None = None, unit: str = ""
) -> Judged:
    """Hold a sign against what was read. tracks: by signal. now: nanoseconds UTC."""
    limit = sign.limit * rated if sign.of_rated and rated is not None else sign.limit
    track = tracks.get(sign.signal, NOTHING)
    value = float(track.value[-1]) if len(track.value) else None
    blind = sign.of_rated and rated is None
    if value is None or blind:
        return Judged(sign=sign, verdict=Verdict.UNKNOWN, limit=limit, value=value, unit=unit)
    since = _so_since(track, sign.test, limit)
    known_since = [
        _so_since(tracks.get(each.signal, NOTHING), each.test, each.limit) for each in sign.when
    ]
    if since is None:
        blind = None in known_since
        verdict = Verdict.UNKNOWN if blind else Verdict.CONTRADICTED
        return Judged(sign=sign, verdict=verdict, limit=limit, value=value, unit=unit)
    moments = [since, *(each for each in known_since if each is not None)]
    if len(moments) <= len(known_since):
        return Judged(sign=sign, verdict=Verdict.UNKNOWN, limit=limit, value=value, unit=unit)
    lasted = timedelta(microseconds=max(0, now - max(moments)) // 1000)
    return Judged(
        sign=sign,
        verdict=Verdict.HOLDS if lasted >= sign.held_for else Verdict.TOO_SHORT,
        limit=limit,
        value=value,
        unit=unit,
        for_so_long=lasted,
    )


def _so_since(track: Track, test: AlarmTest, limit: float) -> int | None:
    """Give since when the test holds without a break, as far back as it is known; None: not now."""
    sign, centre, absolute, above, _ = score_form(test, limit)
    score = track.value - centre
    score = sign * (np.abs(score) if absolute else score)
    fails = np.flatnonzero(~(score > above))
    if not len(track.time) or (len(fails) and fails[-1] == len(track.time) - 1):
        return None
    return int(track.time[fails[-1] + 1 if len(fails) else 0])


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """What there is to show that a case is done.

    incidents: how many it had; active: names of those that are still active. returned: an extract
    shows all of them back to normal. signs: what its devices show beside that. brought: what those
    who did the work brought, each with the best of its grades.
    """

    rule: ProofRule = field(default_factory=lambda: ProofRule(of=""))
    incidents: int = 0
    active: tuple[Text, ...] = ()
    returned: bool = False
    signs: tuple[Judged, ...] = ()
    brought: Mapping[EvidenceKind, Grade] = field(default_factory=dict)

    @property
    def by_devices(self) -> bool:
        """Tell whether its devices prove it, without a word of people."""
        if self.active or (self.incidents and not self.returned):
            return False
        known = [each for each in self.signs if each.verdict is not Verdict.UNKNOWN]
        if any(each.verdict is not Verdict.HOLDS for each in known):
            return False
        return bool(known) or self.returned

    @property
    def by_people(self) -> bool:
        """Tell whether what people brought is of a kind and a grade that counts."""
        return any(self._counts(kind) for kind in self.brought)

    def _counts(self, kind: EvidenceKind) -> bool:
        if kind not in self.rule.accepts:
            return False
        least = self.rule.photo if kind is EvidenceKind.PHOTO else Grade.B
        return self.brought[kind] <= least


def missing_proof(proof: Proof) -> list[Text]:
    """Say in words what must be there before the case can be closed."""
    if proof.active:
        return [filled(STILL_ACTIVE, name=name) for name in proof.active]
    if against := [_against(each) for each in proof.signs if _is_against(each)]:
        return against
    if proof.by_devices or (proof.by_people and not proof.incidents):
        return []
    if proof.incidents:
        return [NO_TELEMETRY]
    return [_wanted(proof.rule)]


def _is_against(judged: Judged) -> bool:
    return judged.verdict in {Verdict.TOO_SHORT, Verdict.CONTRADICTED}


def _against(judged: Judged) -> Text:
    held = f"{judged.sign.held_for / MINUTE:g}"
    if judged.verdict is Verdict.TOO_SHORT:
        so_far = str(int(judged.for_so_long / MINUTE))
        return filled(TOO_SHORT, label=judged.sign.label, so_far=so_far, held=held)
    value = f"{judged.value:g} {judged.unit}".strip()
    return filled(
        CONTRADICTED,
        label=judged.sign.label,
        value=value,
        wanted=filled(TESTS[judged.sign.test], limit=f"{judged.limit:g} {judged.unit}".strip()),
        held=held,
    )


def _wanted(rule: ProofRule) -> Text:
    """Say what people may bring, in the order in which they are asked for it."""
    kinds = [kind for kind in ASKED if kind in rule.accepts]
    if not kinds:
        return NO_TELEMETRY
    least = rule.photo if EvidenceKind.PHOTO in kinds and rule.photo is not Grade.D else None
    words = {
        language: {"ru": " или ", "en": " or "}[language].join(
            ASKED[kind][language] for kind in kinds
        )
        for language in ("ru", "en")
    }
    if least is not None:
        words = filled(OF_GRADE, wanted=words, grade=least.value)
    return filled(BRING, wanted=words)


def covering(rules: Sequence[ProofRule], code: str) -> ProofRule:
    """Give the rule for a category: its own, else its group's, else the one for all."""
    fitting: Iterable[ProofRule] = (
        rule
        for rule in rules
        if rule.of in ("", code) or (rule.of.endswith(".") and code.startswith(rule.of))
    )
    return max(fitting, key=lambda rule: len(rule.of), default=ProofRule(of=""))


NO_TELEMETRY: Text = {
    "ru": "Нет показаний, которые подтверждают возврат к норме.",
    "en": "There are no readings that show the return to normal.",
}
STILL_ACTIVE: Text = {
    "ru": "Ещё не в норме: {name}.",
    "en": "Not back to normal yet: {name}.",
}
TOO_SHORT: Text = {
    "ru": "{label}: подтверждается {so_far} мин из {held}. Подождите.",
    "en": "{label}: it has been so for {so_far} of {held} min. Wait.",
}
CONTRADICTED: Text = {
    "ru": "{label}: сейчас {value}, а нужно {wanted} в течение {held} мин.",
    "en": "{label}: it is {value} now; wanted is {wanted} for {held} min.",
}
TESTS: Mapping[AlarmTest, Text] = {
    AlarmTest.ABOVE: {"ru": "больше {limit}", "en": "above {limit}"},
    AlarmTest.BELOW: {"ru": "меньше {limit}", "en": "below {limit}"},
    AlarmTest.EQUALS: {"ru": "ровно {limit}", "en": "exactly {limit}"},
    AlarmTest.DIFFERS: {"ru": "не {limit}", "en": "not {limit}"},
}
BRING: Text = {
    "ru": "Приложите {wanted}.",
    "en": "Attach {wanted}.",
}
OF_GRADE: Text = {
    "ru": "{wanted} (фотография с оценкой не ниже {grade}: снятая в приложении на месте)",
    "en": "{wanted} (the photo of grade {grade} or better: taken in the application, on the spot)",
}
ASKED: Mapping[EvidenceKind, Text] = {
    EvidenceKind.PHOTO: {
        "ru": "фотографию сделанной работы",
        "en": "a photo of the work done",
    },
    EvidenceKind.MEASUREMENT: {
        "ru": "измерение в допустимых пределах",
        "en": "a measurement inside its band",
    },
    EvidenceKind.ACT: {"ru": "подписанный акт", "en": "a signed act"},
    EvidenceKind.ANSWER: {"ru": "ответ заявителю", "en": "the answer to the applicant"},
}
