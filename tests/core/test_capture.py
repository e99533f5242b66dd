"""How much a photo proves, by what could be checked of it."""

from dataclasses import replace

import pytest

from core.capture import Capture, Nonce, Tag, grade_capture

ON_THE_SPOT = Capture(nonce=Nonce.FRESH, accuracy_m=8, distance_m=12)
FILE = Capture()


def graded(capture: Capture) -> tuple[str, list[str]]:
    found = grade_capture(capture)
    return found.grade.value, [words["en"] for words in found.reasons]


def test_a_photo_taken_on_the_spot_proves_by_itself() -> None:
    assert graded(ON_THE_SPOT) == (
        "A",
        ["Taken in the application, on the spot, during the work."],
    )


@pytest.mark.parametrize(
    ("capture", "grade", "reason"),
    [
        (replace(ON_THE_SPOT, accuracy_m=30, distance_m=50), "A", "on the spot"),
        (replace(ON_THE_SPOT, accuracy_m=31), "B", "12 m from the asset, to within 31 m"),
        (replace(ON_THE_SPOT, distance_m=51), "B", "51 m from the asset"),
        (replace(ON_THE_SPOT, distance_m=100), "B", "100 m from the asset"),
        (replace(ON_THE_SPOT, distance_m=101), "D", "101 m from the asset"),
        (replace(ON_THE_SPOT, accuracy_m=2000), "D", "to within 2000 m"),
        (replace(ON_THE_SPOT, nonce=Nonce.KEPT), "B", "without a connection"),
        (replace(ON_THE_SPOT, nonce=Nonce.KEPT, in_time=False), "D", "before the case was opened"),
        (replace(ON_THE_SPOT, indoors=True), "B", "needs the tag"),
        (replace(ON_THE_SPOT, indoors=True, tag=Tag.THIS), "A", "on the spot"),
        (replace(ON_THE_SPOT, distance_m=None), "D", "not known where"),
        (replace(ON_THE_SPOT, distance_m=None, tag=Tag.THIS), "A", "on the spot"),
        (replace(ON_THE_SPOT, tag=Tag.OTHER), "D", "of another asset"),
        (replace(ON_THE_SPOT, nonce=Nonce.SPENT), "D", "Another photo came with this number"),
        (replace(ON_THE_SPOT, nonce=Nonce.EXPIRED), "D", "too late"),
        (replace(ON_THE_SPOT, nonce=Nonce.FOREIGN), "D", "not given for this task"),
        (replace(ON_THE_SPOT, used_in=41), "D", "evidence of case 41 already"),
        (FILE, "D", "does not show where and when"),
        (replace(FILE, exif_agrees=True), "C", "place and time agree"),
        (replace(FILE, exif_agrees=True, used_in=41), "D", "evidence of case 41 already"),
    ],
)
def test_what_stands_against_a_photo_lowers_its_grade_and_is_said(
    capture: Capture, grade: str, reason: str
) -> None:
    found, reasons = graded(capture)
    assert found == grade
    assert reason in reasons[0]


def test_all_that_stands_against_it_is_said_at_once() -> None:
    capture = replace(ON_THE_SPOT, nonce=Nonce.KEPT, distance_m=70, indoors=True)
    grade, reasons = graded(capture)
    assert (grade, len(reasons)) == ("B", 3)
