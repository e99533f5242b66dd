"""`kvartal edge probe` against real servers, through the command line."""

import json
import os
import pty
import re
import signal
import struct
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from asyncua import ua

from core.clock import SECOND
from core.command_line import run
from core.quality import GOOD
from edge.commissioning.probe import Row
from edge.commissioning.table import records
from tests.adapters.conftest import running_broker
from tests.adapters.modbus_server import ModbusServer
from tests.adapters.opcua_rig import ServerThread
from tests.edge.serving import publishing, serving
from tests.edge.stand import make_inventory
from tests.edge.test_process import KVARTAL
from tests.ports import free_port

METER = [230.0, 4.5, 1035.0, 50.0]  # voltage, current, power, frequency
ENERGY_WH = 1_234_567


@pytest.fixture
def server() -> Iterator[ModbusServer]:
    """Serve the generic meter as unit 1; unit 9 says nothing."""
    with serving(ModbusServer()) as made:
        made.put(1, "input", 0, struct.pack(">4fQ", *METER, ENERGY_WH))
        made.put(1, "holding", 100, struct.pack(">f", 21.5))
        made.silent = {9}
        made.illegal = {(1, 500)}
        yield made


def written(folder: Path, port: int, *units: int) -> Path:
    file = folder / "devices.yaml"
    lines = [
        "endpoints:",
        f"  - {{id: cellar, protocol: modbus, address: 'modbus+tcp://127.0.0.1:{port}'}}",
        "devices:",
        *(
            f"  - {{id: meter-{unit}, profile: generic-electricity-meter, endpoint: cellar, "
            f"unit: {unit}}}"
            for unit in units
        ),
    ]
    file.write_text("\n".join(lines))
    return file


def probe(capsys: pytest.CaptureFixture[str], *words: object) -> tuple[int, str]:
    code = run(["edge", "probe", *map(str, words)])
    told = capsys.readouterr()
    return code, told.out + told.err


def cells(out: str) -> list[list[str]]:
    """Give the cells of the table, without the ages."""
    table = out.partition("\n\n")[0].splitlines()
    return [[*row[:4], row[5]] for row in (re.split(r"  +", line.strip()) for line in table)]


def test_a_device_is_shown_with_units_quality_and_the_number_of_readings(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], server: ModbusServer
) -> None:
    code, out = probe(capsys, written(tmp_path, server.port, 1), "--once")
    assert code == 0
    assert cells(out) == [
        ["DEVICE", "SIGNAL", "VALUE", "QUALITY", "READINGS"],
        ["meter-1", "voltage_l1", "230 V", "good", "1"],
        ["meter-1", "current_l1", "4.5 A", "good", "1"],
        ["meter-1", "power", "1035 W", "good", "1"],
        ["meter-1", "frequency", "50 Hz", "good", "1"],
        ["meter-1", "energy", "1234567 Wh", "good", "1"],
    ]


def test_the_bytes_behind_each_value_are_shown_and_none_where_it_was_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], server: ModbusServer
) -> None:
    server.put(1, "input", 0, struct.pack(">4fQ", 230.0, -4.5, 1035.0, 50.0, 99))
    server.illegal.add((1, 4))
    _, out = probe(capsys, written(tmp_path, server.port, 1), "--once")
    shown = [re.split(r"  +", line)[6:] for line in out.partition("\n\n")[0].splitlines()]
    assert shown == [
        ["BYTES"], ["4366 0000"], ["c090 0000"], [], ["4248 0000"], ["0000 0000 0000 0063"],
    ]  # fmt: skip
    _, out = probe(capsys, written(tmp_path, server.port, 1), "--once", "--json")
    found = {each["signal"]: each["bytes"] for each in json.loads(out)["signals"]}
    assert (found["voltage_l1"], found["power"]) == ("43660000", None)


def test_only_the_devices_asked_for_are_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], server: ModbusServer
) -> None:
    code, out = probe(capsys, written(tmp_path, server.port, 1, 9), "meter-1")
    assert (code, {row[0] for row in cells(out)}) == (0, {"DEVICE", "meter-1"})
    assert {unit for unit, *_ in server.requests} == {1}


def test_a_silent_unit_says_what_to_check_and_the_others_are_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], server: ModbusServer
) -> None:
    code, out = probe(capsys, written(tmp_path, server.port, 1, 9), "--endpoint", "cellar")
    assert code == 1
    assert ["meter-1", "power", "1035 W", "good", "1"] in cells(out)
    assert ["meter-9", "power", "-", "bad: lost line", "0"] in cells(out)
    assert "meter-9: unit 9 does not answer\n    check the unit number" in out


def test_an_unknown_device_is_named_with_the_nearest(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out = probe(capsys, written(tmp_path, 502, 1), "metre-1")
    assert (code, out) == (
        2,
        "kvartal edge: there is no device metre-1; did you mean meter-1?\n",
    )


def test_an_unknown_device_is_probed_by_its_registers(
    capsys: pytest.CaptureFixture[str], server: ModbusServer
) -> None:
    registers = ["--register", "holding:100:float32", "--register", "input:16:u16"]
    code, out = probe(capsys, f"modbus+tcp://127.0.0.1:{server.port}", "--unit", 1, *registers)
    assert code == 0
    assert cells(out)[1:] == [
        ["device", "holding_100_float32", "21.5", "good", "1"],
        ["device", "input_16_u16", "0", "good", "1"],
    ]


def test_an_illegal_register_is_told_with_what_to_check(
    capsys: pytest.CaptureFixture[str], server: ModbusServer
) -> None:
    address = f"modbus+tcp://127.0.0.1:{server.port}"
    code, out = probe(capsys, address, "--register", "holding:500", "--register", "holding:100:f32")
    assert code == 1
    assert ["device", "holding_500", "-", "bad: refused", "1"] in cells(out)
    assert ["device", "holding_100_f32", "21.5", "good", "1"] in cells(out)
    assert "device.holding_500: exception 2\n    the device has no such register" in out


@pytest.mark.parametrize(
    ("address", "advice"),
    [
        ("modbus+tcp://127.0.0.1:{port}", "127.0.0.1 is there and refuses port {port}: check"),
        ("modbus+tcp://nowhere.invalid:{port}", "there is no host nowhere.invalid: check"),
    ],
)
def test_a_line_that_cannot_be_opened_says_what_to_check(
    capsys: pytest.CaptureFixture[str], address: str, advice: str
) -> None:
    port = free_port()
    code, out = probe(capsys, address.format(port=port), "--register", "holding:1")
    assert code == 1
    assert advice.format(port=port) in out


def test_a_value_out_of_its_range_says_what_to_check(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], server: ModbusServer
) -> None:
    server.put(1, "input", 6, struct.pack(">f", 5e7))
    code, out = probe(capsys, written(tmp_path, server.port, 1), "--once")
    assert code == 1
    assert ["meter-1", "frequency", "50000000 Hz", "bad: out of range", "1"] in cells(out)
    assert "meter-1.frequency: bad: out of range\n    the value is outside what" in out


def test_a_camera_that_is_not_there_is_told_once_and_nothing_else_is(
    tmp_path: Path,
) -> None:
    port = free_port()
    file = tmp_path / "devices.yaml"
    file.write_text(
        f"endpoints: [{{id: yard, protocol: camera, address: 'http://127.0.0.1:{port}/yard'}}]\n"
        "devices: [{id: cam, profile: generic-yard-camera, endpoint: yard, unit: yard}]\n"
    )
    command = [*KVARTAL, "edge", "probe", str(file)]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (ended.returncode, ended.stderr) == (1, "")
    assert f"\nyard: http://127.0.0.1:{port}/yard gives no stream\n" in ended.stdout
    assert f"127.0.0.1 is there and refuses port {port}" in ended.stdout


def test_json_has_every_signal_and_problem(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], server: ModbusServer
) -> None:
    code, out = probe(capsys, written(tmp_path, server.port, 1, 9), "--once", "--json")
    found = json.loads(out)
    by_name: dict[tuple[str, str], Any] = {
        (each["device"], each["signal"]): each for each in found["signals"]
    }
    assert code == 1
    assert (by_name["meter-1", "power"]["value"], by_name["meter-1", "power"]["unit"]) == (
        1035.0,
        "W",
    )
    assert by_name["meter-9", "power"]["value"] is None
    assert [each["name"] for each in found["problems"]] == ["meter-9"]


@pytest.mark.parametrize(("value", "state"), [(1.0, "x"), (1.5, None), (2.0, None)])
def test_json_names_a_state_only_where_the_value_is_one(value: float, state: str | None) -> None:
    pump = make_inventory("heat-1").point("heat-1", "pump")  # its states are 0 and 1
    (signal,) = records([Row(pump, value, GOOD, SECOND, 1)], [], SECOND)["signals"]
    assert signal["state"] == state


def test_a_node_is_probed_and_one_that_is_not_there_is_told(
    capsys: pytest.CaptureFixture[str],
) -> None:
    async def build(server: ServerThread) -> None:
        await server.server.register_namespace("urn:test")
        await server.variable("ns=2;s=Boiler.Temp", 65.5, ua.VariantType.Double)

    with ServerThread(build) as server:
        code, out = probe(capsys, server.address, "--node", "ns=2;s=Boiler.Temp")
        assert (code, cells(out)[1:]) == (0, [["device", "boiler_temp", "65.5", "good", "1"]])
        code, out = probe(capsys, server.address, "--node", "ns=2;s=Nothing")
    assert code == 1
    assert "device.nothing: BadNodeIdUnknown" in out
    assert "`kvartal edge scan` lists its variables" in out


def test_a_topic_is_probed_and_one_that_is_not_heard_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with (
        running_broker(tmp_path, "mosquitto") as (broker, _),
        publishing(broker, "heat/7", '{"t": 64.5}'),
    ):
        code, out = probe(capsys, broker, "--topic", "heat/7", "--field", "/t")
        assert (code, cells(out)[1][:3]) == (0, ["device", "t", "64.5"])
        code, out = probe(capsys, broker, "--topic", "heat/8", "--for", 1)
    assert code == 1
    assert "device.heat_8: nothing yet\n    no message with it was heard" in out


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["--node", "ns=2;s=a"], "--node is for opcua, but modbus+tcp://h is modbus"),
        ([], "modbus+tcp://h: wanted at least one --register"),
        (["--register", "holding"], "--register holding: wanted TABLE:ADDRESS[:TYPE[:ORDER]]"),
        (["--register", "holding:70000"], "holding:70000: address: Input should be less than"),
        (["--register", "holding:1:u8"], "holding:1:u8: type: Input should be"),
        (["meter-1"], "DEVICE and --endpoint are for a file"),
    ],
)
def test_options_that_make_no_sense_are_named(
    capsys: pytest.CaptureFixture[str], words: list[str], complaint: str
) -> None:
    code, out = probe(capsys, "modbus+tcp://h", *words)
    assert code == 2
    assert f"kvartal edge: {complaint}" in out


def test_a_terminal_shows_the_table_in_place_until_ctrl_c(
    tmp_path: Path, server: ModbusServer
) -> None:
    ours, theirs = pty.openpty()
    command = [*KVARTAL, "edge", "probe", str(written(tmp_path, server.port, 1))]
    shown = b""
    with subprocess.Popen(command, stdout=theirs, stderr=theirs) as process:
        os.close(theirs)
        while b"\x1b[J" not in shown or b"230 V" not in shown:  # a frame over another
            shown += os.read(ours, 4096)
        process.send_signal(signal.SIGINT)
        while chunk := _read(ours):
            shown += chunk
        assert process.wait(timeout=20) == 0
    os.close(ours)
    assert re.search(rb"\x1b\[\d+F\x1b\[JDEVICE ", shown)
    assert b"meter-1  power" in shown[shown.rindex(b"DEVICE") :]


def _read(terminal: int) -> bytes:
    """Give what a terminal shows; nothing when its program has ended."""
    try:
        return os.read(terminal, 4096)
    except OSError:
        return b""
