"""What is learnt from labelled messages, through `kvartal language train` and `evaluate`."""

import csv
import json
import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.category import CATEGORIES
from core.errors import ConfigError
from gateway.language.classifier import Classifier
from gateway.language.command import run
from gateway.language.taxonomy import topics
from gateway.language.training import NEVER, sure_from, trained

SAID = {
    "roads": (
        ["яма", "выбоина", "провал", "колея"],
        ["на дороге", "на проезжей части", "на шоссе"],
    ),
    "light": (["не горит фонарь", "темно", "мигает лампа"], ["у школы", "вечером", "на столбе"]),
    "waste": (["не вывозят мусор", "переполнен бак"], ["неделю", "во дворе", "у контейнера"]),
    "Лифт": (["стоит лифт", "не едет кабина"], ["второй день", "на пятом этаже", "с утра"]),
}


def messages(number: int, seed: int) -> list[dict[str, str]]:
    """Make messages that differ in their words and tell what they are about."""
    chance = random.Random(seed)
    rows = []
    for at in range(number):
        label = chance.choice(sorted(SAID))
        first, second = (chance.choice(part) for part in SAID[label])
        greeting = chance.choice(["Добрый день!", "Прошу помочь:", ""])
        text = f"{greeting} {first} {second}, прошу принять меры"
        rows.append({"id": str(at), "text": text, "label": label, "place": "left"})
    return rows


def write(path: Path, rows: list[dict[str, str]]) -> str:
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return str(path)


def evaluated(tmp_path: Path, capsys: Any, learnt: Any, tried: Any, *more: str) -> dict[str, Any]:
    files = [
        "--train",
        write(tmp_path / "a.csv", learnt),
        "--test",
        write(tmp_path / "b.csv", tried),
    ]
    assert run(["evaluate", *files, "--text", "text", "--label", "label", *more, "--json"]) == 0
    figures: dict[str, Any] = json.loads(capsys.readouterr().out)
    return figures


def test_what_is_plainly_said_is_told_apart(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out.csv"
    tried = messages(40, seed=2)
    figures = evaluated(tmp_path, capsys, messages(120, seed=1), tried, "--predictions", str(out))
    assert figures["rows"] == 40
    assert figures["accuracy"] == figures["weighted_f1"] == figures["macro_f1"] == 1.0
    assert figures["precision"] == figures["coverage"] == 1.0
    rows = list(csv.DictReader(out.read_text(encoding="utf-8").splitlines()))
    assert [row["predicted"] for row in rows] == [row["label"] for row in tried]
    assert {row["sure"] for row in rows} == {"yes"}


def test_the_context_decides_where_the_text_says_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [
        {"text": f"яма номер {at}", "label": side, "side": side[:4], "lat": str(47 + at / 100)}
        for at in range(60)
        for side in ("left bank", "right bank")
    ]
    without = evaluated(tmp_path, capsys, rows[:80], rows[80:])
    known = evaluated(
        tmp_path, capsys, rows[:80], rows[80:], "--context", "side", "--context", "lat"
    )
    assert known["accuracy"] == 1.0
    assert without["accuracy"] < 0.9
    assert without["coverage"] < 0.5


def test_senseless_rows_do_no_harm(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    odd = ["", "\n\n", '"', "???", "я" * 50_000, "😀", "<b>", "\x01", "0"]
    learnt = messages(60, seed=3) + [
        {"id": "x", "text": t, "label": "roads", "place": ""} for t in odd
    ]
    tried = [{"id": "x", "text": text, "label": "never seen", "place": ""} for text in odd]
    assert evaluated(tmp_path, capsys, learnt, tried)["accuracy"] == 0.0


def test_rows_without_a_label_are_not_learnt_from(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    learnt = messages(60, seed=4)
    unlabelled = [{**row, "label": ""} for row in messages(10, seed=5)]
    assert evaluated(tmp_path, capsys, learnt + unlabelled, learnt)["labels"] == len(SAID)


def test_a_single_label_is_nothing_to_learn(tmp_path: Path) -> None:
    rows = [row | {"label": "roads"} for row in messages(10, seed=6)]
    with pytest.raises(ConfigError, match="there are 1 labels; two at least"):
        evaluated(tmp_path, None, rows, rows)


def test_a_kept_model_judges_as_before(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    learnt, kept = messages(120, seed=1), tmp_path / "model"
    columns = ["--text", "text", "--label", "label", "--context", "place"]
    assert run(["train", write(tmp_path / "a.csv", learnt), *columns, "--model", str(kept)]) == 0
    tried = messages(30, seed=7)
    texts = [row["text"] for row in tried]
    fresh = trained(
        [row["text"] for row in learnt], [row["label"] for row in learnt], learnt, ("place",)
    )
    loaded = Classifier.load(kept)
    assert np.allclose(loaded.chances(texts, tried), fresh.chances(texts, tried), atol=1e-3)


def test_what_is_no_model_is_refused(tmp_path: Path) -> None:
    (tmp_path / "model").write_bytes(b"PK\x03\x04 something else")
    with pytest.raises(ConfigError, match="is no model"):
        Classifier.load(tmp_path / "model")


def test_nothing_is_sure_where_the_wanted_precision_is_never_reached() -> None:
    shares = np.linspace(0, 1, 200)
    assert sure_from(shares, np.arange(200) % 2 == 0) == NEVER
    assert sure_from(shares, shares > 0.5) == pytest.approx(0.5, abs=0.05)


def test_topics_are_in_both_languages_and_make_categories_that_exist() -> None:
    assert len(topics()) >= 60
    assert {language for topic in topics() for language in topic.title} == {"ru", "en"}
    offered = {code for code, category in CATEGORIES.items() if category.offered}
    # No words tell of what is none of them: a person says so.
    assert {topic.category for topic in topics()} - {None} == offered - {"city.other"}
