"""`docs/first-meter.md`: what it writes is written, what it types is typed, and both are compared.

The meter of the page is a real server on another address.
"""

import re
import shlex
import struct
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.command_line import run
from tests.adapters.modbus_server import ModbusServer
from tests.edge.serving import serving

PAGE = Path(__file__).parents[2] / "docs/first-meter.md"
METER = "192.0.2.7"
BLOCK = re.compile(r"^```(yaml|console)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
AGE = re.compile(r"\d+\.\d s ")  # of a reading, which is not the same twice


@pytest.fixture
def meter() -> Iterator[ModbusServer]:
    """Serve what the table of the page says; another unit or register is not there."""
    with serving(ModbusServer()) as server:
        server.put(7, "input", 0, struct.pack(">3H12xQ", 2314, 1250, 0, 18_402_350))
        server.illegal = {(7, address) for address in (*range(3, 9), *range(13, 200))}
        server.silent = {unit for unit in range(256) if unit != 7}
        yield server


def commands(block: str) -> Iterator[tuple[str, str]]:
    """Give each command of a block with what it prints."""
    for part in block.split("$ ")[1:]:
        command, _, printed = part.partition("\n")
        yield command, printed


def test_what_the_page_shows_is_what_happens(
    meter: ModbusServer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    here = f"127.0.0.1:{meter.port}"
    typed = []
    for kind, block in BLOCK.findall(PAGE.read_text(encoding="utf-8")):
        if kind == "yaml":
            name = block.partition("\n")[0].removeprefix("# ")
            Path(name).parent.mkdir(exist_ok=True)
            Path(name).write_text(block.replace(METER, here), encoding="utf-8")
            continue
        for command, printed in commands(block):
            program, *words = shlex.split(command.replace(METER, here))
            assert program == "kvartal"
            run(words)
            assert AGE.sub("", capsys.readouterr().out) == AGE.sub("", printed)
            typed.append(words[:2])
    assert typed == [["edge", verb] for verb in ("scan", "probe", "check", "probe")]
