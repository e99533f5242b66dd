"""Reads and writes a table as people keep it: CSV or XLSX, with one line of headings.

What is read is bounded, for a workbook of a few kilobytes may unpack to gigabytes.
"""

import csv
import io
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import ParseError

from openpyxl import Workbook, load_workbook
from openpyxl.utils.exceptions import InvalidFileException

from core.errors import ConfigError

MOST_BYTES = 50_000_000  # of a file
MOST_UNPACKED = 500_000_000  # bytes of a workbook's parts
MOST_ROWS = 200_000
MOST_COLUMNS = 100
LONGEST_CELL = 1000  # signs
FORMULA = ("=", "+", "-", "@", "\t", "\r")  # what a spreadsheet would execute
TEXT_MARK = "'"  # what makes a spreadsheet take a cell as text


@dataclass(frozen=True, slots=True)
class Row:
    """number: of the line in the file, from 1. cells: by heading; empty ones are left out."""

    number: int
    cells: dict[str, str]


def read_table(path: Path) -> tuple[list[str], list[Row]]:
    """Give the headings, and the rows below them. ConfigError where it is no table of bounds."""
    try:
        if path.stat().st_size > MOST_BYTES:
            raise ConfigError(f"{path}: is larger than {MOST_BYTES // 1_000_000} MB; divide it")
        content = path.read_bytes()
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from error
    return parse_table(str(path), content)


def parse_table(name: str, content: bytes) -> tuple[list[str], list[Row]]:
    """Give the headings, and the rows below them. ConfigError where it is no table of bounds.

    name: of the table, for complaints.
    """
    lines = _workbook(name, content) if content.startswith(b"PK") else _csv(name, content)
    headings: list[str] = []
    rows = []
    for number, line in enumerate(lines, 1):
        if number > MOST_ROWS:
            raise ConfigError(f"{name}: has more than {MOST_ROWS} rows; divide it")
        cells = [_shown(name, number, cell) for cell in line]
        if len(cells) > MOST_COLUMNS and any(cells[MOST_COLUMNS:]):
            raise ConfigError(f"{name}:{number}: has more than {MOST_COLUMNS} columns")
        if not any(cells):
            continue
        if not headings:
            headings = cells
            continue
        if any(cells[len(headings) :]):
            raise ConfigError(f"{name}:{number}: has more cells than there are headings")
        named = zip(headings, cells, strict=False)
        rows.append(Row(number, {heading: cell for heading, cell in named if cell}))
    if not headings:
        raise ConfigError(f"{name}: is empty; wanted a line of headings")
    return headings, rows


def write_table(path: Path, headings: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Write a table; as a workbook where the name ends in .xlsx, otherwise as CSV.

    What a spreadsheet would take for a formula is marked as text, and read back without the mark.
    """
    if path.suffix.lower() == ".xlsx":
        book = Workbook(write_only=True)
        sheet = book.create_sheet("registry")
        for row in (headings, *rows):
            sheet.append([guarded(cell) for cell in row])
        book.save(path)
        return
    path.write_bytes(as_csv(headings, rows))


def as_csv(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> bytes:
    """Give a table as CSV, with what a spreadsheet would take for a formula marked as text."""
    text = io.StringIO(newline="")
    csv.writer(text).writerows([guarded(cell) for cell in row] for row in (headings, *rows))
    return text.getvalue().encode("utf-8-sig")  # the mark tells Excel UTF-8


def guarded(cell: str) -> str:
    """Mark as text what a spreadsheet would take for a formula."""
    return TEXT_MARK + cell if cell.lstrip(TEXT_MARK).startswith(FORMULA) else cell


def _shown(name: str, number: int, cell: Any) -> str:
    """Give a cell as people see it: 7 and not 7.0, without the mark of a text."""
    if cell is None:
        return ""
    if isinstance(cell, float) and cell.is_integer():
        cell = int(cell)
    text = str(cell).strip()
    if len(text) > LONGEST_CELL:
        raise ConfigError(f"{name}:{number}: a cell has more than {LONGEST_CELL} signs")
    is_marked = text.startswith(TEXT_MARK) and text.lstrip(TEXT_MARK).startswith(FORMULA)
    return text[1:] if is_marked else text


def _csv(name: str, content: bytes) -> Iterator[Sequence[Any]]:
    for encoding in ("utf-8-sig", "cp1251"):  # the second is what Russian spreadsheets save
        try:
            text = content.decode(encoding)
            break
        except UnicodeDecodeError:
            continue
    else:
        raise ConfigError(f"{name}: is neither UTF-8 nor cp1251; save it as UTF-8")
    first = text.partition("\n")[0]
    separator = max(";,\t", key=first.count)
    try:
        yield from csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    except csv.Error as error:
        raise ConfigError(f"{name}: cannot be read as CSV: {error}") from error


def _workbook(name: str, content: bytes) -> Iterator[Sequence[Any]]:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as parts:
            unpacked = sum(part.file_size for part in parts.infolist())
    except zipfile.BadZipFile as error:
        raise ConfigError(f"{name}: cannot be read as a workbook: {error}") from error
    if unpacked > MOST_UNPACKED:
        raise ConfigError(f"{name}: unpacks to more than {MOST_UNPACKED // 1_000_000} MB")
    try:
        book = load_workbook(io.BytesIO(content), read_only=True, data_only=True)
        yield from book.worksheets[0].iter_rows(values_only=True)
    except (InvalidFileException, KeyError, ValueError, IndexError, ParseError) as error:
        raise ConfigError(f"{name}: cannot be read as a workbook: {error}") from error
