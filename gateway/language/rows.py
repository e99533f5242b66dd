"""Rows of a CSV file as cities export them: UTF-8 with or without a mark, or cp1251."""

import csv
import io
from collections.abc import Sequence
from pathlib import Path

from core.errors import ConfigError
from gateway.language.classifier import Judgement

MOST_BYTES = 200_000_000  # of a file
LONGEST_CELL = 10_000_000  # characters


def read_rows(path: Path, wanted: Sequence[str]) -> list[dict[str, str]]:
    """Give the rows by heading, empty cells as empty texts. ConfigError names what is wrong.

    wanted: columns that must be there. A row that lacks cells has empty ones.
    """
    try:
        if path.stat().st_size > MOST_BYTES:
            raise ConfigError(f"{path}: is larger than {MOST_BYTES // 1_000_000} MB; divide it")
        text = _decoded(path.read_bytes())
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from error
    csv.field_size_limit(LONGEST_CELL)
    first = text.partition("\n")[0]
    reader = csv.DictReader(
        io.StringIO(text.replace("\0", ""), newline=""), delimiter=max(",;\t", key=first.count)
    )
    try:
        headings = [heading.strip() for heading in reader.fieldnames or ()]
        reader.fieldnames = headings
        rows = [{name: row.get(name) or "" for name in headings} for row in reader]
    except csv.Error as error:
        raise ConfigError(f"{path}:{reader.line_num}: cannot be read as CSV: {error}") from error
    missing = [name for name in wanted if name not in headings]
    if missing:
        there = ", ".join(headings) or "none"
        raise ConfigError(f"{path}: has no column {', '.join(missing)}; its columns are {there}")
    return rows


def write_predictions(
    path: Path, rows: Sequence[dict[str, str]], label: str, judged: Sequence[Judgement]
) -> None:
    """Write a line for each row: its number or id, its label, and what was suggested."""
    names = [f"{name}_{at}" for at in range(1, 6) for name in ("label", "confidence")]
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["row", "id", "label", "predicted", "confidence", "sure", *names[2:]])
        for number, (row, judgement) in enumerate(zip(rows, judged, strict=True), 1):
            first, *others = judgement.best
            cells = [cell for each in others for cell in (each.label, f"{each.confidence:.4f}")]
            known = [number, row.get("id", number), row[label], first.label]
            sure = "yes" if judgement.is_sure else "no"
            writer.writerow([*known, f"{first.confidence:.4f}", sure, *cells])


def _decoded(content: bytes) -> str:
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return content.decode("utf-16", errors="replace")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1251", errors="replace")  # what Russian spreadsheets save
