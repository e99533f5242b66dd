"""What makes an answer worth sending: a date, a measure, and no empty phrase."""

import pytest

from core.answer import AnswerKind, Wording, language_of, shortcomings, unsendable

WORDING = Wording(empty=("under control", "приняты меры"), measures=("replac", "замен"))


def missing(text: str, kind: AnswerKind = AnswerKind.FINAL) -> list[str]:
    return [each["en"] for each in shortcomings(text, kind, WORDING)]


def test_an_answer_with_a_date_and_a_measure_lacks_nothing() -> None:
    assert missing("The lamp was replaced on 2026-11-27.") == []
    assert missing("Лампа заменена 27 ноября.") == []


def test_an_empty_phrase_is_named_however_it_is_spaced_and_cased() -> None:
    assert missing("The lamp, replaced on 2026-11-27, is Under\n control.") == [
        "“under control” says nothing. Write what exactly, and when."
    ]


def test_the_date_of_a_paper_says_nothing_of_the_work() -> None:
    assert missing("Your appeal of 26.11.2026: the lamp was replaced.") == [
        "There is no date: say when it was done."
    ]


def test_an_interim_answer_wants_the_day_by_which_it_is_done_and_no_measure() -> None:
    assert missing("Light Ltd has it.", AnswerKind.INTERIM) == [
        "There is no date: say by which day it will be done."
    ]


def test_a_final_answer_without_a_measure_or_with_a_gap_is_poor() -> None:
    assert missing("… on 2026-11-27") == [
        "There is a gap “…”. Fill in what belongs there.",
        "There is no measure: say what was done (replaced, restored, repaired…).",
    ]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (" ", "The answer is empty. Write it."),
        ("<b>done</b>", "Remove the markup (<…>)."),
        ("a" * 4001, "There are 4001 characters here, at most 4000 are sent. Shorten the text."),
    ],
)
def test_what_nobody_can_be_sent_is_named(text: str, why: str) -> None:
    assert [each["en"] for each in unsendable(text)] == [why]


def test_the_answer_is_in_the_language_of_the_appeal() -> None:
    assert [language_of(text) for text in ("Темно", "It is dark", "Темно у Lesnaya", "123")] == [
        "ru", "en", "ru", "en",
    ]  # fmt: skip
