"""`kvartal edge scan` against real servers, through the command line."""

import json
import re
import struct
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from asyncua import ua

from core.command_line import run
from edge.commissioning.check import check
from tests.adapters.conftest import running_broker
from tests.adapters.modbus_server import ModbusServer
from tests.adapters.opcua_rig import ServerThread
from tests.edge.serving import publishing, serving
from tests.ports import free_port

LAMP = '{"on": 1, "level": 80, "power": 74.5, "burning_hours": 1200, "id": 7}'
LIFT = {"State": 1, "Floor": 7, "Door": 0, "Load": 150, "Trips": 12345, "OutOfService": 0,
        "TestCallAge": 5}  # fmt: skip


def scan(capsys: pytest.CaptureFixture[str], *words: object) -> tuple[int, list[list[str]], str]:
    """Give the exit code, the cells of the list, and the devices file."""
    code = run(["edge", "scan", *map(str, words)])
    told = capsys.readouterr()
    table, _, file = (told.out + told.err).partition("\n\n")
    return code, [re.split(r"  +", line.rstrip()) for line in table.splitlines()], file


@pytest.fixture
def server() -> Iterator[ModbusServer]:
    """Units 3 and 5 answer: 3 is the generic meter, 5 refuses whatever it is asked."""
    with serving(ModbusServer()) as made:
        made.put(3, "input", 0, struct.pack(">4fQ", 230.0, 4.5, 1035.0, 50.0, 99))
        made.exceptions = {5: 2}
        made.silent = {1, 2, 4}
        yield made


def test_the_units_that_answer_are_found_with_the_models_that_fit(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], server: ModbusServer
) -> None:
    code, cells, file = scan(capsys, f"modbus+tcp://127.0.0.1:{server.port}", "--units", "1-4,5")
    assert code == 0
    assert cells == [
        ["UNIT", "MODELS THAT FIT"],
        ["3", "generic-electricity-meter"],
        ["5", "-"],
    ]
    (tmp_path / "found.yaml").write_text(file)
    assert check(tmp_path / "found.yaml").endswith(
        "1 endpoints, 1 devices, 5 signals, nothing wrong"
    )


def test_what_was_found_is_there_for_programs(
    capsys: pytest.CaptureFixture[str], server: ModbusServer
) -> None:
    address = f"modbus+tcp://127.0.0.1:{server.port}"
    assert run(["edge", "scan", address, "--units", "3,5", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {
        "address": address,
        "protocol": "modbus",
        "units": ["3", "5"],
        "points": [],
        "matches": [{"profile": "generic-electricity-meter", "unit": "3"}],
        "problems": [],
    }


def test_only_the_units_asked_for_are_asked(
    capsys: pytest.CaptureFixture[str], server: ModbusServer
) -> None:
    code, cells, _ = scan(capsys, f"modbus+tcp://127.0.0.1:{server.port}", "--units", "5")
    assert (code, cells[1:]) == (0, [["5", "-"]])
    assert {unit for unit, *_ in server.requests} <= {5}


def test_where_no_unit_answers_it_says_what_to_check(
    capsys: pytest.CaptureFixture[str], server: ModbusServer
) -> None:
    code, cells, _ = scan(capsys, f"modbus+tcp://127.0.0.1:{server.port}", "--units", "1-2")
    assert code == 1
    assert cells[0] == ["no unit answers"]
    assert "check the unit number" in cells[2][1]


def test_a_line_that_cannot_be_opened_says_what_to_check(
    capsys: pytest.CaptureFixture[str],
) -> None:
    port = free_port()
    code, cells, _ = scan(capsys, f"modbus+tcp://127.0.0.1:{port}", "--units", "1")
    assert code == 1
    assert cells[2][1].startswith(f"127.0.0.1 is there and refuses port {port}: check")


def test_the_variables_of_a_server_are_shown_with_type_value_and_unit(
    capsys: pytest.CaptureFixture[str],
) -> None:
    async def build(server: ServerThread) -> None:
        await server.server.register_namespace("urn:test")
        boiler = await server.server.nodes.objects.add_object("ns=2;s=Boiler", "Boiler")
        flow = await server.variable("ns=2;s=B.flow", 4.5, ua.VariantType.Double, parent=boiler)
        unit = ua.EUInformation(DisplayName=ua.LocalizedText("m3/h"))
        await flow.add_property(ua.NodeId(900, 2), "0:EngineeringUnits", unit)
        for name, value in LIFT.items():
            await server.variable(f"ns=2;s=lift-7.{name}", value, ua.VariantType.Int32)

    with ServerThread(build) as server:
        code, cells, file = scan(capsys, server.address)
    assert code == 0
    assert cells[0] == ["NAME", "NODE", "TYPE", "VALUE", "UNIT"]
    assert ["Boiler/flow", "nsu=urn:test;s=B.flow", "Double", "4.5", "m3/h"] in cells
    assert ["Floor", "nsu=urn:test;s=lift-7.Floor", "Int32", "7", "-"] in cells
    assert '- {id: device-1, profile: generic-lift, endpoint: line, unit: "lift-7"}' in file


def test_the_topics_that_are_heard_are_shown_with_an_example(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with (
        running_broker(tmp_path, "mosquitto") as (broker, _),
        publishing(broker, "town/lamp/lamp-7", LAMP),
        publishing(broker, "other/thing", "x" * 100),
    ):
        code, cells, file = scan(capsys, broker, "--for", 3)
    assert code == 0
    assert cells == [
        ["TOPIC", "PAYLOAD", "EXAMPLE"],
        ["other/thing", "text", "x" * 59 + "…"],
        ["town/lamp/lamp-7", "json", LAMP[:59] + "…"],
    ]
    assert '- {id: device-1, profile: generic-street-light, endpoint: line, unit: "lamp-7"}' in file


def test_what_a_device_says_commands_neither_the_terminal_nor_the_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with (
        running_broker(tmp_path, "mosquitto") as (broker, _),
        publishing(broker, "other/thing", "\x1b]52;c;eA==\x07\u202eolleh"),
        publishing(broker, 'town/lamp/x", secret: "y', LAMP),
    ):
        _, cells, file = scan(capsys, broker, "--for", 3)
    assert ["other/thing", "binary", r"\x1b]52;c;eA==\x07\u202eolleh"] in cells
    (device,) = yaml.safe_load(file)["devices"]
    assert device["unit"] == 'x", secret: "y'


def test_a_broker_where_nothing_is_said_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with running_broker(tmp_path, "mosquitto") as (broker, _):
        code, cells, _ = scan(capsys, broker, "--for", 1)
    assert (code, cells) == (1, [["nothing is heard"]])


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["http://192.0.2.1"], "camera cannot be scanned"),
        (["ftp://192.0.2.1"], "ftp://192.0.2.1: no protocol is known for this address"),
        (["mqtt://h", "--option", "x"], "--option x: wanted KEY=VALUE"),
        (["modbus+tcp://h:0"], "modbus+tcp://h:0: wanted a port from 1 to 65535, found 0"),
    ],
)
def test_an_address_that_cannot_be_scanned_is_named(
    capsys: pytest.CaptureFixture[str], words: list[str], complaint: str
) -> None:
    assert run(["edge", "scan", *words]) == 2
    assert capsys.readouterr().err == f"kvartal edge: {complaint}\n"
