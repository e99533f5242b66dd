"""What devices show stands above what people bring; what is missing is told in words."""

from datetime import timedelta

import numpy as np
import pytest

from core.alarm import AlarmTest, Condition
from core.evidence import EvidenceKind, Grade
from core.proof import (
    Judged,
    Proof,
    ProofRule,
    Sign,
    Track,
    Verdict,
    covering,
    judge,
    missing_proof,
)

MINUTE = 60 * 10**9  # nanoseconds
NOW = 60 * MINUTE
BURNS = Sign(
    label={"ru": "Мощность", "en": "Power"},
    signal="power",
    test=AlarmTest.ABOVE,
    limit=0.5,
    of_rated=True,
    held_for=timedelta(minutes=10),
    when=(Condition(signal="on", test=AlarmTest.EQUALS, limit=1),),
)
ON = Track(np.array([0]), np.array([1.0]))


def track(*points: tuple[int, float]) -> Track:
    """Give a signal that had these values from these minutes on."""
    return Track(
        np.array([minute * MINUTE for minute, _ in points], np.int64),
        np.array([value for _, value in points]),
    )


def verdict(power: Track, on: Track = ON, rated: float | None = 92.0) -> tuple[Verdict, float]:
    judged = judge(BURNS, {"power": power, "on": on}, NOW, rated=rated, unit="W")
    return judged.verdict, judged.for_so_long / timedelta(minutes=1)


def test_a_lamp_that_draws_half_its_power_for_ten_minutes_is_proved() -> None:
    assert verdict(track((0, 0.8), (50, 91.5))) == (Verdict.HOLDS, 10)


def test_a_lamp_that_burns_for_nine_minutes_is_not_proved_yet() -> None:
    assert verdict(track((0, 0.8), (51, 91.5))) == (Verdict.TOO_SHORT, 9)


def test_a_lamp_that_flickered_begins_anew() -> None:
    assert verdict(track((0, 91.5), (55, 0.8), (56, 91.5))) == (Verdict.TOO_SHORT, 4)


def test_a_lamp_that_is_to_burn_and_draws_nothing_contradicts() -> None:
    assert verdict(track((0, 91.5), (59, 0.8)))[0] is Verdict.CONTRADICTED


def test_a_lamp_that_is_switched_off_shows_nothing() -> None:
    assert verdict(track((0, 0.8)), on=track((0, 1.0), (30, 0.0)))[0] is Verdict.UNKNOWN


def test_power_counts_only_for_as_long_as_the_lamp_is_to_burn() -> None:
    assert verdict(track((0, 91.5)), on=track((0, 0.0), (57, 1.0))) == (Verdict.TOO_SHORT, 3)


def test_without_a_reading_nothing_is_known() -> None:
    assert verdict(track())[0] is Verdict.UNKNOWN


def test_without_a_rated_power_a_share_of_it_says_nothing() -> None:
    assert verdict(track((0, 91.5)), rated=None)[0] is Verdict.UNKNOWN


def shown(verdict: Verdict) -> Judged:
    return Judged(
        sign=BURNS,
        verdict=verdict,
        limit=46.0,
        value=0.8,
        unit="W",
        for_so_long=timedelta(minutes=4),
    )


ACT = ProofRule(of="gas.", accepts=frozenset({EvidenceKind.ACT}))
SHARP = ProofRule(of="", photo=Grade.B)
PHOTO = EvidenceKind.PHOTO


@pytest.mark.parametrize(
    ("proof", "missing"),
    [
        (Proof(), ["Attach a photo of the work done."]),
        (Proof(brought={PHOTO: Grade.D}), []),
        (Proof(rule=ACT, brought={PHOTO: Grade.A}), ["Attach a signed act."]),
        (Proof(rule=ACT, brought={EvidenceKind.ACT: Grade.B}), []),
        (Proof(rule=SHARP, brought={PHOTO: Grade.B}), []),
        (
            Proof(rule=SHARP, brought={PHOTO: Grade.C}),
            [
                "Attach a photo of the work done (the photo of grade B or better: taken in the "
                "application, on the spot)."
            ],
        ),
        (Proof(incidents=1), ["There are no readings that show the return to normal."]),
        (
            Proof(incidents=1, brought={PHOTO: Grade.A}),
            ["There are no readings that show the return to normal."],
        ),
        (
            Proof(incidents=2, active=({"en": "Lift stopped"},), returned=True),
            ["Not back to normal yet: Lift stopped."],
        ),
        (Proof(incidents=2, returned=True), []),
        (Proof(incidents=1, returned=True, signs=(shown(Verdict.HOLDS),)), []),
        (Proof(incidents=1, returned=True, signs=(shown(Verdict.UNKNOWN),)), []),
        (Proof(signs=(shown(Verdict.HOLDS),)), []),
        (
            Proof(brought={PHOTO: Grade.A}, signs=(shown(Verdict.CONTRADICTED),)),
            ["Power: it is 0.8 W now; wanted is above 46 W for 10 min."],
        ),
        (
            Proof(incidents=1, returned=True, signs=(shown(Verdict.TOO_SHORT),)),
            ["Power: it has been so for 4 of 10 min. Wait."],
        ),
    ],
)
def test_missing_proof_is_told_in_words(proof: Proof, missing: list[str]) -> None:
    assert [text["en"] for text in missing_proof(proof)] == missing


@pytest.mark.parametrize(
    ("code", "of"), [("gas.leak", "gas."), ("gas.smell", "gas.smell"), ("yard.other", "")]
)
def test_the_rule_that_says_most_of_a_category_counts(code: str, of: str) -> None:
    rules = [ProofRule(of=""), ProofRule(of="gas."), ProofRule(of="gas.smell")]
    assert covering(rules, code).of == of
