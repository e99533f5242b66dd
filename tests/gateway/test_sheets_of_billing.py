"""`kvartal registry import --of meters|tariffs`: what billing knows, as people keep it."""

import asyncio
import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from openpyxl import Workbook

from core.command_line import run
from core.registry import Registry
from gateway.registry.rows import read_registry
from gateway.settings import load_settings
from gateway.storage.opened import opened
from tests.gateway.conftest import TOWN  # type: ignore[import-not-found]

Kvartal = Callable[..., tuple[int, str, str]]
METERS = (
    "Объект;Прибор;Ресурс;Охват;Поверен до;Пломба;Опломбирован;Кем опломбирован;Предел шкалы\n"
    ";lamp-1-head;Электроэнергия;дом;31.03.2031;A-17;01.04.2025;Электросети;99 999,5\n"
    "lamp-2;;electricity;;2030-12-31;;;;\n"
)
TARIFFS = (
    "Территория;Ресурс;Зона;Действует с;Цена;Валюта\n"
    "left;Электроэнергия;Т1;01.07.2026;8,42;\n"
    "Правобережный;cold water;;2026-07-01;58.5;RUB\n"
)


@pytest.fixture
def kvartal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Kvartal:
    """Run a command in a folder with a gateway that knows the town; give code, output, errors."""
    monkeypatch.chdir(tmp_path)
    Path("town.json").write_text(json.dumps(TOWN), encoding="utf-8")
    run(["gateway", "import", "town.json"])
    capsys.readouterr()

    def typed(*words: object) -> tuple[int, str, str]:
        code = run(["registry", *(str(word) for word in words)])
        told = capsys.readouterr()
        return code, told.out, told.err.removeprefix("kvartal registry: ")

    return typed


def written(text: str) -> str:
    Path("sheet.csv").write_text(text, encoding="utf-8")
    return "sheet.csv"


def registry_in_force() -> Registry:
    async def read() -> Registry:
        async with opened(load_settings()) as database, database.reading() as session:
            return (await read_registry(session))[0]

    return asyncio.run(read())


def test_a_dry_run_tells_the_difference_and_changes_nothing(kvartal: Kvartal) -> None:
    kvartal("import", "--of", "tariffs", written(TARIFFS))
    code, told, _ = kvartal(
        "import", "--of", "tariffs", "--dry-run",
        written(TARIFFS.replace("8,42", "9,1") + "left;gas;;2026-07-01;7\n"),
    )  # fmt: skip
    assert (code, told) == (
        0,
        "~ tariffs left electricity T1 2026-07-01: price: 8.42 → 9.1\n"
        "+ tariffs left gas 2026-07-01\n"
        "1 added, 1 changed; the sheet names 3 entries\n"
        "nothing was written: --dry-run\n",
    )
    assert [each.price for each in registry_in_force().tariffs] == [8.42, 58.5]


def test_meters_are_named_by_their_device_or_by_what_it_measures(kvartal: Kvartal) -> None:
    assert kvartal("import", "--of", "meters", written(METERS))[0] == 0
    lamp, other = registry_in_force().meters
    assert (lamp.device, lamp.resource, lamp.scope, lamp.seal, lamp.rolls_over_at) == (
        "lamp-1-head", "electricity", "house", "A-17", 99999.5,
    )  # fmt: skip
    assert (str(lamp.verified_until), str(lamp.sealed_on)) == ("2031-03-31", "2025-04-01")
    assert (other.scope, str(other.verified_until)) == ("flat", "2030-12-31")


def test_an_empty_cell_leaves_what_is_known(kvartal: Kvartal) -> None:
    kvartal("import", "--of", "meters", written(METERS))
    kvartal("import", "--of", "meters", written("device;seal\nlamp-1-head;A-18\n"))
    lamp = registry_in_force().meters[0]
    assert (lamp.seal, str(lamp.verified_until)) == ("A-18", "2031-03-31")


def test_every_fault_is_told_with_its_row_and_column_and_nothing_is_taken(kvartal: Kvartal) -> None:
    code, _, told = kvartal(
        "import", "--of", "meters",
        written(
            "asset;device;resource;verified until;rolls over at\n"
            ";lamp-9-head;electricity;;\n"
            "lamp-2;;steam;;\n"
            "lamp-2;;electricity;31.02.2027;many\n"
            ";lamp-1-head;electricity;;-5\n"
            ";;electricity;;\n"
        ),
    )  # fmt: skip
    assert (code, [line.split(": ")[:2] for line in told.splitlines()[:-1]]) == (
        2,
        [
            ["sheet.csv:2", "device"],
            ["sheet.csv:3", "resource"],
            ["sheet.csv:4", "verified until"],
            ["sheet.csv:4", "rolls over at"],
            ["sheet.csv:5", "rolls over at"],
            ["sheet.csv:6", "asset"],
        ],
    )
    assert registry_in_force().meters == ()


def test_prices_that_cannot_be_are_told_with_their_rows(kvartal: Kvartal) -> None:
    code, _, told = kvartal(
        "import", "--of", "tariffs",
        written(
            "place;resource;zone;since;price;currency\n"
            "moon;gas;;2026-07-01;7;\n"
            "left;gas;T9;2026-07-01;7;\n"
            "left;gas;;;;\n"
            "left;gas;;2026-08-01;-7;roubles\n"
        ),
    )  # fmt: skip
    assert (code, [line.split(": ")[:2] for line in told.splitlines()[:-1]]) == (
        2,
        [
            ["sheet.csv:2", "place"],
            ["sheet.csv:3", "zone"],
            ["sheet.csv:4", "since"],
            ["sheet.csv:4", "price"],
            ["sheet.csv:5", "price"],
            ["sheet.csv:5", "currency"],
        ],
    )


@pytest.mark.parametrize(("of", "sheet"), [("meters", METERS), ("tariffs", TARIFFS)])
@pytest.mark.parametrize("ending", ["csv", "xlsx"])
def test_what_is_exported_is_taken_back_without_a_change(
    kvartal: Kvartal, of: str, sheet: str, ending: str
) -> None:
    kvartal("import", "--of", of, written(sheet))
    assert kvartal("export", "--of", of, f"all.{ending}")[1] == f"all.{ending}: 2 {of}\n"
    told = kvartal("import", "--of", of, f"all.{ending}")[1]
    assert told.startswith("0 added, 0 changed; the sheet names 2 entries\nnothing changes")


def test_days_and_numbers_of_a_workbook_are_understood(kvartal: Kvartal) -> None:
    book = Workbook()
    assert book.active is not None
    book.active.append(["place", "resource", "since", "price"])
    book.active.append(["left", "gas", datetime(2026, 7, 1, tzinfo=UTC).replace(tzinfo=None), 7.25])
    book.save("prices.xlsx")
    assert kvartal("import", "--of", "tariffs", "prices.xlsx")[::2] == (0, "")
    (price,) = registry_in_force().tariffs
    assert (str(price.since), price.price) == ("2026-07-01", 7.25)


def test_house_types_are_for_devices_alone(kvartal: Kvartal) -> None:
    code, _, told = kvartal("import", "--of", "tariffs", "--create-places", written(TARIFFS))
    assert (code, "not for tariffs" in told) == (2, True)
