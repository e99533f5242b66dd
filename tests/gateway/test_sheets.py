"""`kvartal registry`: sheets of devices, as a person imports and exports them."""

import asyncio
import json
import re
import shlex
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl import Workbook

from core.command_line import run
from core.errors import ConfigError
from core.registry import Registry
from gateway.registry.document import decode_registry
from gateway.registry.rows import newest_configuration, read_registry
from gateway.settings import load_settings
from gateway.sheets.export import HEADINGS, rows
from gateway.sheets.faults import Faults
from gateway.sheets.house_types import read_house_types
from gateway.sheets.sheet import Sheet
from gateway.sheets.table_file import Row, read_table, write_table
from gateway.storage.opened import opened
from tests.gateway.conftest import TOWN  # type: ignore[import-not-found]

PAGE = Path(__file__).parents[2] / "docs/bulk.md"
BLOCK = re.compile(r"^```(csv|yaml|console)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
HEADER = "address;asset;kind;profile;line;unit\n"
METER = "Lesnaya 5;m1;water_meter;generic-water-meter;modbus+tcp://192.0.2.7;7\n"
Kvartal = Callable[..., tuple[int, str, str]]


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
        code = run([str(word) for word in words])
        told = capsys.readouterr()
        return code, told.out, told.err.removeprefix("kvartal registry: ")

    return typed


def written(text: str, encoding: str = "utf-8") -> str:
    Path("sheet.csv").write_text(text, encoding=encoding)
    return "sheet.csv"


def test_what_the_page_shows_is_what_happens(kvartal: Kvartal) -> None:
    typed = 0
    for kind, block in BLOCK.findall(PAGE.read_text(encoding="utf-8")):
        if kind != "console":
            name, _, content = block.partition("\n")
            Path(name.removeprefix("# ")).write_text(content, encoding="utf-8")
            continue
        for part in block.split("$ ")[1:]:
            command, _, printed = part.partition("\n")
            program, *words = shlex.split(command)
            assert program == "kvartal"
            assert kvartal(*words) == (0, printed, "")
            typed += 1
    assert typed == 5


def test_every_fault_is_told_with_its_row_and_column_and_nothing_is_taken(kvartal: Kvartal) -> None:
    sheet = written(
        "address;asset;kind;profile;line;unit;secret\n"
        "Lesnaya 5;m1;water_meter;generic-water-meter;modbus+tcp://192.0.2.7;A7;\n"
        "Lesnaya 55;m2;water_meter;generic-water-meter;modbus+tcp://192.0.2.7;8;\n"
        "Mira 5;m3;water_meter;generic-water-meter;modbus+tcp://192.0.2.7;8;\n"
        "Lesnaya 5;m4;;generic-water-meter;ftp://192.0.2.7;9;\n"
        "Lesnaya 5;m5;water_meter;;modbus+tcp://192.0.2.7;;user:a password\n"
        "Lesnaya 5;M 6;water_meter;generic-water-meter;modbus+tcp://192.0.2.7;10;\n"
        "Lesnaya 5;m7;water_meter;generic-water-meter;modbus+tcp://192.0.2.8;11;meters\n"
    )
    code, _, told = kvartal("registry", "import", sheet)
    assert code == 2
    lines = told.splitlines()
    assert [line.split(": ", 2)[:2] for line in lines[:-1]] == [
        ["sheet.csv:2", "unit"],
        ["sheet.csv:3", "address"],
        ["sheet.csv:4", "address"],
        ["sheet.csv:5", "line"],
        ["sheet.csv:5", "kind"],
        ["sheet.csv:6", "secret"],
        ["sheet.csv:6", "profile"],
        ["sheet.csv:6", "unit"],
        ["sheet.csv:7", "asset"],
        ["sheet.csv:7", "device"],
        ["sheet.csv:8", "secret"],
    ]
    assert lines[0].endswith("wanted a Modbus unit from 0 to 255, found 'A7'")
    assert "a password" not in told
    assert kvartal("registry", "export", "all.csv")[1] == "all.csv: 2 devices\n"


def test_a_changed_row_changes_its_device_in_place_and_the_rest_stays(kvartal: Kvartal) -> None:
    kvartal("registry", "import", written(HEADER + METER))
    code, out, _ = kvartal("registry", "import", written(HEADER + METER.replace(";7\n", ";8\n")))
    assert (code, out.splitlines()[0]) == (0, "~ devices m1-d1: unit: 7 → 8")
    assert kvartal("registry", "export", "all.csv")[1] == "all.csv: 3 devices\n"


def test_two_rows_that_want_the_same_thing_differently_are_refused(kvartal: Kvartal) -> None:
    other = METER.replace(";7\n", ";8\n")
    code, _, told = kvartal("registry", "import", written(HEADER + METER + other))
    assert code == 2
    assert told.startswith("sheet.csv:3: devices m1-d1 is otherwise in row 2: unit")


def test_another_device_at_an_asset_is_no_row_of_a_sheet(kvartal: Kvartal) -> None:
    kvartal("registry", "import", written(HEADER + METER))
    header = HEADER.replace("unit", "unit;device")
    sheet = written(header + METER.replace(";7\n", ";7;m1-d2\n"))
    code, _, told = kvartal("registry", "import", sheet)
    assert code == 2
    assert "sheet.csv:2: device: m1 is served by m1-d1, found 'm1-d2'" in told


def test_a_dry_run_as_json_says_what_would_change(kvartal: Kvartal) -> None:
    code, out, _ = kvartal("registry", "import", written(HEADER + METER), "--dry-run", "--json")
    told = json.loads(out)
    assert code == 0
    assert (told["added"], told["changed"], told["dry_run"], told["revision"]) == (4, 0, True, 1)
    assert {"part": "devices", "id": "m1-d1", "changed": {}} in told["changes"]


def test_a_model_that_nobody_brings_is_told_with_the_nearest(kvartal: Kvartal) -> None:
    sheet = written(HEADER + METER.replace("generic-water-meter", "generic-watermeter"))
    code, _, told = kvartal("registry", "import", sheet)
    assert code == 0
    assert (
        "no bundled model is called generic-watermeter; did you mean generic-water-meter?" in told
    )


def test_a_house_is_made_where_the_street_is_known_and_it_is_wanted(kvartal: Kvartal) -> None:
    sheet = written(HEADER + METER.replace("Lesnaya 5", "ул. Лесная, д. 12а"))
    assert "--create-places makes it" in kvartal("registry", "import", sheet)[2]
    code, out, _ = kvartal("registry", "import", sheet, "--create-places")
    assert (code, out.splitlines()[0]) == (0, "+ places lesnaya-12a")


def test_a_sheet_of_a_russian_spreadsheet_is_read(kvartal: Kvartal) -> None:
    text = (HEADER + METER).replace("address", "Адрес").replace("Lesnaya 5", "ул. Лесная, 5")
    assert kvartal("registry", "import", written(text, "cp1251"))[0] == 0


def test_a_workbook_is_read_as_it_is_shown(kvartal: Kvartal) -> None:
    book = Workbook()
    for line in (HEADER, METER):
        cells: list[Any] = line.strip().split(";")
        book.active.append([float(cell) if cell == "7" else cell for cell in cells])  # type: ignore[union-attr]
    book.save("sheet.xlsx")
    assert kvartal("registry", "import", "sheet.xlsx")[0] == 0
    assert kvartal("registry", "import", written(HEADER + METER))[1].startswith(
        "0 added, 0 changed"
    )


def test_an_export_is_imported_without_a_change(kvartal: Kvartal) -> None:
    kvartal("registry", "import", written(HEADER + METER))
    for name in ("all.csv", "all.xlsx"):
        kvartal("registry", "export", name)
        assert kvartal("registry", "import", name)[1].startswith("0 added, 0 changed")


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "is empty"),
        (b"PK\x03\x04 no workbook", "cannot be read as a workbook"),
        (b"\x98\xff\xff", "neither UTF-8 nor cp1251"),
        (b"address;adress\n", "did you mean address?"),
        ("address;Адрес\n".encode(), "is there twice"),
        (b"address\nLesnaya 5;7\n", "more cells than there are headings"),
        (b"address\n" + b"x" * 2000, "more than 1000 signs"),
    ],
)
def test_what_is_no_sheet_is_refused_with_the_reason(
    kvartal: Kvartal, content: bytes, told: str
) -> None:
    Path("sheet").write_bytes(content)
    code, _, error = kvartal("registry", "import", "sheet")
    assert code == 2
    assert error.startswith("sheet")
    assert told in error


def test_a_workbook_that_unpacks_without_end_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.sheets.table_file.MOST_UNPACKED", 1_000_000)
    file = tmp_path / "bomb.xlsx"
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as parts:
        parts.writestr("xl/worksheets/sheet1.xml", b"0" * 2_000_000)
    with pytest.raises(ConfigError, match="unpacks to more than"):
        read_table(file)


@pytest.mark.parametrize("suffix", [".csv", ".xlsx"])
def test_no_cell_of_an_export_is_a_formula_to_a_spreadsheet(tmp_path: Path, suffix: str) -> None:
    file = tmp_path / f"sheet{suffix}"
    wicked = ["=1+1", "+7", "-7", "@a", "plain", "it's"]
    write_table(file, ["a"], [[cell] for cell in wicked])
    assert [row.cells["a"] for row in read_table(file)[1]] == wicked
    if suffix == ".csv":
        lines = file.read_text(encoding="utf-8-sig").splitlines()[1:]
        assert not [line for line in lines if line.startswith(("=", "+", "-", "@"))]


WORDS = st.text("абвгд abcdefg-/0123456789'=", min_size=1, max_size=12).map(str.strip)


@given(serial=WORDS, owner=WORDS, unit=st.integers(0, 255))
@settings(
    max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_whatever_is_exported_is_imported_as_it_was(
    tmp_path: Path, serial: str, owner: str, unit: int
) -> None:
    taken = amended(
        {"place": "lesnaya-5", "asset": "m1", "kind": "water_meter", "profile": "some-meter",
         "line": "modbus+tcp://192.0.2.7", "unit": str(unit), "serial": serial, "owner": owner}
    )  # fmt: skip
    file = tmp_path / "all.csv"
    write_table(file, HEADINGS, rows(taken))
    reader = Sheet(taken, {}, Faults("all.csv"))
    reader.take(read_table(file)[1])
    assert reader.amendment.changes() == []


def amended(cells: dict[str, str]) -> Registry:
    registry = decode_registry(json.dumps(TOWN).encode())
    faults = Faults("sheet")
    reader = Sheet(registry, {}, faults)
    reader.take([Row(2, {name: cell for name, cell in cells.items() if cell})])
    faults.raise_any()
    return reader.amendment.result()


def test_everything_wrong_with_house_types_is_told(tmp_path: Path) -> None:
    file = tmp_path / "types.yaml"
    device = "asset: a, kind: k, profile: p, endpoint: e, unit: '{nr}'"
    file.write_text(
        f"one: {{devices: [{{{device}}}, {{{device}, for: {{nr: 5-1}}}}]}}\n"
        f"two: {{devises: [], endpoints: [{{id: a}}]}}\n"
        f"three: {{devices: [{{{device}, for: {{nr: 1-9999}}}}]}}\n"
    )
    with pytest.raises(ConfigError) as raised:
        read_house_types(file)
    assert [line.removeprefix(f"{file}: ") for line in str(raised.value).splitlines()] == [
        "one.devices[0].unit: nothing fills {nr}; there are house",
        "one.devices[1].for.nr: wanted a range that grows, found '5-1'",
        "two.devises: there is no such key",
        "two.endpoints[0]: Object missing required field `line`",
        "three.devices: 9999 of one house are more than 5000",
    ]


def test_a_house_type_that_is_not_there_is_told_with_the_nearest(kvartal: Kvartal) -> None:
    Path("types.yaml").write_text("panel-9: {parameters: [converter]}\n")
    sheet = written("address;type;converter\nLesnaya 5;panel9;\nLesnaya 5;panel-9;\n")
    _, _, told = kvartal("registry", "import", sheet, "--types", "types.yaml")
    assert "sheet.csv:2: type: there is no house type 'panel9'; did you mean panel-9?" in told
    assert "sheet.csv:3: converter: the house type asks for it, and the cell is empty" in told


def test_a_serial_number_is_kept_and_gives_an_edge_nothing_new(kvartal: Kvartal) -> None:
    header = HEADER.replace("unit", "unit;serial")
    for serial in ("21-417", "21-418"):
        sheet = written(header + METER.replace(";7\n", f";7;{serial}\n"))
        assert kvartal("registry", "import", sheet)[0] == 0

    async def stored() -> tuple[str, int]:
        async with opened(load_settings()) as database, database.reading() as session:
            registry, _ = await read_registry(session)
            newest = await newest_configuration(session, "edge-1")
            (meter,) = [each for each in registry.devices if each.id == "m1-d1"]
            assert newest is not None
            assert "21-41" not in newest.document
            return meter.serial, newest.revision

    assert asyncio.run(stored()) == ("21-418", 2)
