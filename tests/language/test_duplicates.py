"""Which messages tell of one trouble, through `kvartal language duplicates`."""

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from gateway.language.command import run

HOLE = "Большая яма у входа в школу, машины объезжают по тротуару"
AGAIN = "Яма возле входа в школу до сих пор не заделана, объезжают по тротуару"


@pytest.fixture
def joined(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Any:
    """Give for messages (text, lat, lon, reported, category) which were looked at, and joined."""

    def joined(*messages: tuple[str, str, str, str, str]) -> dict[tuple[str, str], bool]:
        with (tmp_path / "in.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["id", "text", "lat", "lon", "reported", "category"])
            writer.writerows([str(at), *message] for at, message in enumerate(messages, 1))
        assert run(["duplicates", str(tmp_path / "in.csv"), "--json"]) == 0
        pairs = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
        assert all(pair.keys() == {"a", "b", "score", "joined"} for pair in pairs)
        return {(pair["a"], pair["b"]): pair["joined"] for pair in pairs}

    return joined


def test_the_same_trouble_in_other_words_is_joined(joined: Any) -> None:
    found = joined(
        (HOLE, "51.73", "36.19", "2026/03/01", "roads"),
        (AGAIN, "51.7302", "36.1902", "2026-03-09T10:00:00+03:00", "Roads"),
    )
    assert found == {("1", "2"): True}


def test_other_words_at_the_same_place_are_another_trouble(joined: Any) -> None:
    found = joined(
        ("Сломана скамейка", "51.73", "36.19", "01.03.2026", "yard"),
        ("Прошу спилить сухой тополь", "51.73", "36.19", "2026/3/1", "yard"),
    )
    assert found == {("1", "2"): False}


def test_things_with_other_numbers_are_told_apart(joined: Any) -> None:
    where = ("51.73", "36.19", "2026-03-01", "lamps")
    found = joined(
        ("Лампа 10 не горит совсем", *where),
        ("Фонарь на столбе 5 мигает и не горит", *where),
        ("Лампа 10 опять не горит", *where),
    )
    assert found == {("1", "2"): False, ("1", "3"): True, ("2", "3"): False}


@pytest.mark.parametrize(
    ("other", "why"),
    [
        ((HOLE, "51.7310", "36.19", "2026-03-01", "roads"), "111 m away"),
        ((HOLE, "51.73", "36.19", "2026-03-23", "roads"), "22 days later"),
        ((HOLE, "51.73", "36.19", "2026-03-01", "waste"), "of another category"),
        ((HOLE, "", "", "2026-03-01", "roads"), "without a place"),
        ((HOLE, "0", "0", "2026-03-01", "roads"), "nowhere"),
        ((HOLE, "nan", "36.19", "2026-03-01", "roads"), "no place"),
        ((HOLE, "51.73", "36.19", "soon", "roads"), "without a time"),
    ],
)
def test_equal_words_are_not_enough(joined: Any, other: tuple[str, ...], why: str) -> None:
    assert joined((HOLE, "51.73", "36.19", "2026-03-01", "roads"), other) == {}, why


def test_two_texts_without_a_place_are_never_joined(joined: Any) -> None:
    assert joined(*[(HOLE, "", "", "2026-03-01", "roads")] * 3) == {}


def test_texts_without_words_are_no_trouble(joined: Any) -> None:
    assert joined(*[("?!", "51.73", "36.19", "2026-03-01", "roads")] * 2) == {}
