import re
from dataclasses import MISSING, fields
from pathlib import Path

import pytest
import yaml

from adapters.document import Document
from core.alarm import AlarmTest
from core.command_line import run
from core.configuration import EdgeConfiguration, RuleOverride
from core.errors import ConfigError
from core.program import CalendarEntry, Program, ProgramKind, Span
from core.registry import Device, Endpoint
from edge.configuration import LastGood, read_configuration
from edge.inventory import Inventory
from edge.settings import load_settings
from tests.edge.stand import BOTH, PROFILES, make_inventory

LINE = {"id": "cellar", "protocol": "modbus", "address": "modbus+tcp://127.0.0.1:502"}
DEVICE = {"id": "heat-1", "profile": "heat", "endpoint": "cellar", "unit": 1}


def read(**document: object) -> EdgeConfiguration:
    content = {"endpoints": [LINE], **document}
    return read_configuration(Document("f", content), "edge-1", PROFILES)


def test_ten_lines_are_enough() -> None:
    (device,) = read(devices=[DEVICE]).devices
    assert (device.unit, device.name["en"], device.place) == ("1", "heat-1", "")


def test_numbers_follow_devices_and_the_order_of_the_profile() -> None:
    inventory = Inventory(
        read(devices=[DEVICE, {**DEVICE, "id": "heat-2", "unit": 2}]), PROFILES, 1
    )
    first = len(PROFILES["kvartal-edge"].signals)
    points = inventory.points(inventory.configuration.endpoints[0])
    assert [(point.name, point.number) for point in points] == [
        ("heat-1.temperature", first),
        ("heat-1.pump", first + 1),
        ("heat-1.setpoint", first + 2),
        ("heat-2.temperature", first + 3),
        ("heat-2.pump", first + 4),
        ("heat-2.setpoint", first + 5),
    ]


def test_a_rule_is_changed_for_one_device_only() -> None:
    configuration = read(
        devices=[DEVICE, {**DEVICE, "id": "heat-2", "unit": 2}],
        overrides=[{"device": "heat-2", "rule": "hot", "set": {"limit": 70}}],
    )
    rules = [each for each in Inventory(configuration, PROFILES).rules if each.rule.key == "hot"]
    assert [(each.device, each.rule.test, each.rule.limit) for each in rules] == [
        ("heat-1", AlarmTest.ABOVE, 80.0),
        ("heat-2", AlarmTest.ABOVE, 70.0),
    ]


@pytest.mark.parametrize(
    ("wrong", "complaint"),
    [
        ({"devices": [DEVICE, DEVICE]}, "f: devices[1]: heat-1 is there twice"),
        (
            {"devices": [DEVICE, {**DEVICE, "id": "heat-2"}]},
            "f: devices[1]: unit 1 of heat on cellar is there twice",
        ),
        (
            {"devices": [{**DEVICE, "profile": "heatt"}]},
            "f: devices[0].profile: heatt is not known",
        ),
        (
            {"devices": [{**DEVICE, "endpoint": "attic"}]},
            "f: devices[0].endpoint: heat-1 is on attic, which is not there",
        ),
        (
            {"endpoints": [{**LINE, "protocol": "m-bus"}]},
            "f: endpoints[0].protocol: m-bus is not known; there are modbus, opcua, mqtt, camera",
        ),
        (
            {"endpoints": [{**LINE, "protocol": "opcua"}], "devices": [DEVICE]},
            "f: devices[0]: heat speaks modbus, but cellar is opcua",
        ),
        ({"edge": "edge-2"}, "f: edge: it is for edge-2, this is edge-1"),
        ({"devises": []}, "f: devises: Extra inputs are not permitted"),
        (
            {"devices": [DEVICE], "overrides": [{"device": "heat-1", "rule": "cold", "set": {}}]},
            "f: overrides[0].rule: heat has no alarm cold",
        ),
        (
            {
                "devices": [DEVICE],
                "overrides": [
                    {"device": "heat-1", "rule": "hot", "set": {"signal": "pump"}},
                ],
            },
            "f: overrides[0].set.signal: it cannot be changed; "
            "wanted one of limit, deadband, on_delay_s, off_delay_s",
        ),
        (
            {
                "devices": [DEVICE],
                "overrides": [
                    {"device": "heat-1", "rule": "hot", "set": {"limit": "high"}},
                ],
            },
            "f: overrides[0].set.limit: ",
        ),
    ],
)
def test_what_is_wrong_is_named(wrong: dict[str, object], complaint: str) -> None:
    with pytest.raises(ConfigError) as error:
        read(**wrong)
    assert complaint in str(error.value)


def test_the_copy_on_disk_is_the_configuration(tmp_path: Path) -> None:
    copy = LastGood(tmp_path)
    assert copy.load("edge-1", PROFILES).revision == 0
    configuration = make_inventory("heat-1", revision=7, protocol="modbus").configuration
    copy.save(configuration)
    assert copy.load("edge-1", PROFILES) == configuration


CABINET = {"protocol": "opcua", "family": "feeder_cabinet"}


def everything() -> EdgeConfiguration:
    """Give a configuration in which nothing has its default."""
    span = Span(set=1.0, since="dusk+15", until="dawn-20", within=(Span(set=0.0, since="01:00"),))
    line = Endpoint(
        id="cellar", edge="edge-1", protocol="opcua", address="opc.tcp://127.0.0.1:4840",
        options={"security": "sign"}, secret="cellar",
    )  # fmt: skip
    device = Device(
        id="heat-1", profile="heat", endpoint="cellar", unit="1", name=BOTH, place="p",
        options={"prefix": "x"}, serial="21-417",
    )  # fmt: skip
    program = Program(
        id="pumps", kind=ProgramKind.LIGHTING, devices=("heat-1",), signal="pump",
        zone="Europe/Moscow", name=BOTH, place="p", latitude=55.0, longitude=37.0, elevation=-4.0,
        spans=(span,), otherwise=1.0, override_s=60.0,
        calendar=(CalendarEntry(since="12-31", until="01-01", weekdays=("mon",), spans=(span,)),),
    )  # fmt: skip
    override = RuleOverride(device="heat-1", rule="hot", set={"limit": 70.0})
    return EdgeConfiguration(
        revision=7, edge="edge-1", endpoints=(line,), devices=(device,), overrides=(override,),
        programs=(program,),
    )  # fmt: skip


def test_the_copy_on_disk_keeps_every_key_that_a_configuration_has(tmp_path: Path) -> None:
    profiles = {**PROFILES, "heat": PROFILES["heat"].model_copy(update=CABINET)}
    copy = LastGood(tmp_path)
    configuration = everything()
    copy.save(configuration)
    assert copy.load("edge-1", profiles) == configuration
    parts = (
        configuration, *configuration.endpoints, *configuration.devices, *configuration.overrides,
        *configuration.programs, *configuration.programs[0].calendar,
    )  # fmt: skip
    left_out = [
        f"{type(part).__name__}.{each.name}"
        for part in parts
        for each in fields(part)
        if getattr(part, each.name) in (each.default, (), "")
        or (each.default_factory is not MISSING and not getattr(part, each.name))
    ]
    assert left_out == []  # a new key belongs into `everything`


@pytest.mark.parametrize("text", ["revision: 7\n", '{"revision": 7,', "[" * 100_000, "\x00"])
def test_a_copy_that_is_no_json_is_named(text: str, tmp_path: Path) -> None:
    (tmp_path / "configuration.json").write_text(text)
    with pytest.raises(ConfigError, match=r"configuration\.json: cannot be read as JSON: "):
        LastGood(tmp_path).load("edge-1", PROFILES)


def write(path: Path, **content: object) -> Path:
    path.write_text(yaml.safe_dump(content))
    return path


def test_paths_are_taken_from_the_folder_of_the_settings(tmp_path: Path) -> None:
    (tmp_path / "password").write_text("secret\n")
    settings = load_settings(
        write(
            tmp_path / "edge.yaml",
            id="edge-1",
            broker="mqtt://broker:1883",
            data_dir="data",
            broker_password_file="password",
        )
    )
    assert settings.data_dir == tmp_path / "data"
    assert settings.broker_password() == "secret"
    assert settings.user == "edge-1"


def test_a_password_that_is_no_text_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "password").write_bytes("gl\u00fcck".encode("latin-1"))
    file = write(
        tmp_path / "edge.yaml",
        id="edge-1",
        broker="mqtt://b:1883",
        data_dir="data",
        broker_password_file="password",
    )
    assert run(["edge", "run", "--config", str(file)]) == 2
    assert "password: the broker's password cannot be read: wanted UTF-8" in capsys.readouterr().err


def test_what_the_environment_happens_to_name_is_no_setting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BROKER_USER", "somebody")
    monkeypatch.setenv("PROFILES", "not a list")
    file = write(tmp_path / "edge.yaml", id="edge-1", broker="mqtt://b:1883", data_dir="data")
    assert (load_settings(file).user, load_settings(file).profiles) == ("edge-1", [])


def test_wrong_settings_are_named_and_exit_with_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = write(tmp_path / "edge.yaml", id="Edge 1", broker="http://x", spool_megabytes=1, port=5)
    assert run(["edge", "run", "--config", str(file)]) == 2
    told = capsys.readouterr().err.removeprefix("kvartal edge: ")
    keys = ["id", "broker", "data_dir", "spool_megabytes", "port"]
    assert sorted(
        re.findall(rf"^{re.escape(str(file))}:\d+: (\w+): ", told, re.MULTILINE)
    ) == sorted(keys)
