"""Rows of a CSV file as cities export them: UTF-8 with or without a mark, or cp1251."""

import csv
import io
from collections.abc import Sequence
from pathlib import Path

from core.errors import ConfigError

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


def _decoded(content: bytes) -> str:
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return content.decode("utf-16", errors="replace")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1251", errors="replace")  # what Russian spreadsheets save
