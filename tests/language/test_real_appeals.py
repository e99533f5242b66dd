"""How well real appeals are understood: five folds of the files that KVARTAL_APPEALS names.

Each figure is held against the least that was measured when it was last improved.
"""

import csv
import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.model_selection import StratifiedKFold

from gateway.language.command import run
from gateway.language.words import keys_of

pytestmark = pytest.mark.timeout(1800)
APPEALS = Path(os.environ["KVARTAL_APPEALS"])
PLACE = ("--context", "category", "--context", "district", "--context", "lat", "--context", "lon")


def read(name: str) -> list[dict[str, str]]:
    return list(csv.DictReader((APPEALS / name).read_text(encoding="utf-8-sig").splitlines(True)))


def write(path: Path, rows: list[dict[str, str]]) -> str:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return str(path)


def evaluated(folder: Path, capsys: Any, learnt: Any, tried: Any, *more: str) -> dict[str, float]:
    files = ["--train", write(folder / "a.csv", learnt), "--test", write(folder / "b.csv", tried)]
    assert run(["evaluate", *files, "--text", "text", *more, "--json"]) == 0
    figures: dict[str, float] = json.loads(capsys.readouterr().out)
    return figures


@pytest.mark.filterwarnings("ignore:The least populated class")  # the file has what it has
@pytest.mark.parametrize(
    ("name", "label", "least"),
    [
        (
            "kursk_train.csv",
            "category",
            {"weighted_f1": 0.80, "macro_f1_largest": 0.69, "top_3": 0.967, "coverage": 0.46},
        ),
        ("newhaven_train.csv", "request_type", {"weighted_f1": 0.685, "top_3": 0.845}),
    ],
)
def test_labels_are_found(
    tmp_path: Path, capsys: Any, name: str, label: str, least: dict[str, float]
) -> None:
    rows = read(name)
    labels = [row[label] for row in rows]
    parts = StratifiedKFold(5, shuffle=True, random_state=7).split(labels, labels)
    found = [
        evaluated(
            tmp_path, capsys, [rows[a] for a in learnt], [rows[b] for b in tried], "--label", label
        )
        for learnt, tried in parts
    ]
    means = {figure: float(np.mean([each[figure] for each in found])) for figure in found[0]}
    errors = {figure: float(np.std([each[figure] for each in found])) for figure in found[0]}
    report = ", ".join(f"{name} {means[name]:.4f} ± {errors[name]:.4f}" for name in means)
    with capsys.disabled():
        print(f"\n{name} {label}: {report}")
    assert {figure: means[figure] >= value for figure, value in least.items()} == dict.fromkeys(
        least, True
    )


def test_the_executor_is_found_by_text_and_place(tmp_path: Path, capsys: Any) -> None:
    rows = read("konstanz_train.csv")
    latest = len(rows) * 4 // 5
    figures = evaluated(
        tmp_path, capsys, rows[:latest], rows[latest:], "--label", "executor", *PLACE
    )
    with capsys.disabled():
        print(f"\nkonstanz_train.csv executor: {figures}")
    assert figures["accuracy"] >= 0.73
    assert figures["surer_half"] >= 0.90


def test_addresses_and_rooms_are_found(tmp_path: Path, capsys: Any) -> None:
    lines = (APPEALS / "facts_gold.jsonl").read_text(encoding="utf-8").splitlines()
    gold = [json.loads(line) for line in lines]
    file = write(tmp_path / "in.csv", [{"id": str(row["id"]), "text": row["text"]} for row in gold])
    streets = str(APPEALS / "kursk_streets.csv")
    assert run(["extract", file, "--gazetteer", streets, "--json"]) == 0
    found = [json.loads(line) for line in capsys.readouterr().out.splitlines()]

    def shares(name: str) -> tuple[float, float]:
        """Give how many of the stated were found, and how many of the found are wrong."""
        pairs = [
            (want["facts"].get(name) or "", got[name] or "")
            for want, got in zip(gold, found, strict=True)
        ]
        right = [keys_of(want) == keys_of(got) for want, got in pairs if want and got]
        stated = sum(1 for want, _ in pairs if want)
        given = sum(1 for _, got in pairs if got)
        return sum(right) / stated, 1 - sum(right) / given

    least = {"street": 0.95, "house": 0.95, "entrance": 0.95, "floor": 0.95, "flat": 0.95}
    measured = {name: shares(name) for name in least}
    with capsys.disabled():
        print(f"\nfacts_gold.jsonl: {measured}")
    assert {name: measured[name][0] >= value for name, value in least.items()} == dict.fromkeys(
        least, True
    )
    assert {name: wrong <= 0.05 for name, (_, wrong) in measured.items()} == dict.fromkeys(
        least, True
    )


def test_one_trouble_is_joined(tmp_path: Path, capsys: Any) -> None:
    pairs = read("konstanz_pairs.csv")
    reports = {
        row[f"id_{side}"]: {
            "id": row[f"id_{side}"],
            "category": row["category"],
            **{name: row[f"{name}_{side}"] for name in ("text", "lat", "lon", "reported")},
        }
        for row in pairs
        for side in "ab"
    }
    file = write(tmp_path / "in.csv", list(reports.values()))
    assert run(["duplicates", file, "--json"]) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    joined = {frozenset((line["a"], line["b"])) for line in lines if line["joined"]}
    judged = {frozenset((row["id_a"], row["id_b"])): float(row["label"]) == 1 for row in pairs}
    right = sum(1 for pair in joined if judged.get(pair))
    precision = right / sum(1 for pair in joined if pair in judged)
    recall = right / sum(judged.values())
    with capsys.disabled():
        print(f"\nkonstanz_pairs.csv: precision {precision:.3f}, recall {recall:.3f}")
    assert precision >= 0.88
    assert recall >= 0.88
