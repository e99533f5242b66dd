"""`kvartal edge check` and `schema`: everything that is wrong with a file, at once."""

import json
from pathlib import Path

import pytest

from core.command_line import run

DEVICES = """\
endpoints:
  - {id: cellar, protocol: modbus, address: "modbus+tcp://192.0.2.7:502"}
devices:
  - {id: meter-1, profile: generic-electricity-meter, endpoint: cellar, unit: 1}
"""

BROKEN = """\
endpoints:
  - id: cellar
    protocol: modbus
    address: modbus+tcp://192.0.2.7:99999
  - id: attic
    protocol: m-bus
    address: x
    adress: y
  - {id: roof, protocol: opcua, address: "http://192.0.2.8"}
devices:
  - id: Meter 1
    profile: generic-electricity-metre
    endpoint: cellar
    unit: 1
  - {id: meter-2, profile: generic-electricity-meter, endpoint: celar, unit: 1}
  - {id: meter-3, profile: generic-electricity-meter, endpoint: roof, unit: 1}
  - {id: meter-4, profile: generic-electricity-meter, endpoint: cellar, unit: A7}
  - {id: meter-4, profile: generic-electricity-meter, endpoint: cellar}
"""


def check(
    capsys: pytest.CaptureFixture[str], file: Path, *more: str
) -> tuple[int, list[str], list[str]]:
    code = run(["edge", "check", str(file), *more])
    told = capsys.readouterr()
    err = told.err.removeprefix("kvartal edge: ").replace(str(file), "FILE")
    return code, told.out.replace(str(file), "FILE").splitlines(), err.splitlines()


def written(folder: Path, text: str) -> Path:
    file = folder / "devices.yaml"
    file.write_text(text, encoding="utf-8")
    return file


def test_a_clean_file_says_what_it_found(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert check(capsys, written(tmp_path, DEVICES)) == (
        0,
        ["FILE: 1 endpoints, 1 devices, 5 signals, nothing wrong"],
        [],
    )


def test_everything_that_is_wrong_is_told_at_once_in_the_order_of_the_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, _, told = check(capsys, written(tmp_path, BROKEN))
    assert code == 2
    assert told == [
        "FILE:4: endpoints[0].address: wanted a port from 1 to 65535, found 99999",
        "FILE:6: endpoints[1].protocol: m-bus is not known; there are modbus, opcua, mqtt, camera",
        "FILE:8: endpoints[1].adress: Extra inputs are not permitted, found 'y'",
        "FILE:9: endpoints[2].address: wanted opc.tcp://host:port, found 'http://192.0.2.8'",
        "FILE:11: devices[0].id: String should match pattern "
        "'^[a-z0-9][a-z0-9._-]*$', found 'Meter 1'",
        "FILE:12: devices[0].profile: generic-electricity-metre is not known; "
        "did you mean generic-electricity-meter?",
        "FILE:15: devices[1].endpoint: meter-2 is on celar, which is not there; "
        "did you mean cellar?",
        "FILE:16: devices[2]: generic-electricity-meter speaks modbus, but roof is opcua",
        "FILE:17: devices[3].unit: wanted a Modbus unit from 0 to 255, found 'A7'",
        "FILE:18: devices[4]: meter-4 is there twice",
        "FILE:18: devices[4].unit: Field required",
    ]


@pytest.mark.parametrize(
    ("address", "complaint"),
    [
        ("modbus+tcp://", "wanted a host after ://, found 'modbus+tcp://'"),
        ("modbus+tcp://:502", "wanted a host after ://, found 'modbus+tcp://:502'"),
        ("modbus+tcp://a:b", "wanted a port from 1 to 65535, found b"),
        ("modbus+tcp://a:0", "wanted a port from 1 to 65535, found 0"),
        ("modbus+tcp://[::1", "Invalid IPv6 URL, found 'modbus+tcp://[::1'"),
        ("modbus+tcp://my host", "wanted a host after ://, found 'modbus+tcp://my host'"),
    ],
)
def test_an_address_where_nothing_can_be_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], address: str, complaint: str
) -> None:
    text = DEVICES.replace("modbus+tcp://192.0.2.7:502", address)
    code, _, told = check(capsys, written(tmp_path, text))
    assert (code, told) == (2, [f"FILE:2: endpoints[0].address: {complaint}"])


@pytest.mark.parametrize(
    ("endpoint", "complaint"),
    [
        (
            'address: "modbus+tcp://h", options: {timeout_s: 60}',
            "endpoints[0].options.timeout_s: Input should be less than or equal to 10, found 60",
        ),
        (
            'address: "modbus+tcp://h", options: {timeouts: 1}',
            "endpoints[0].options.timeouts: it is not known; wanted one of timeout_s, pause_s; "
            "did you mean timeout_s?",
        ),
        (
            'address: "modbus+tcp://h", secret: meters',
            "endpoints[0].secret: modbus takes no account",
        ),
        (
            'address: "modbus+rtu:///dev/ttyS0?baud=fast"',
            "endpoints[0].address: baud wanted 300 to 1000000, found fast",
        ),
        (
            'address: "modbus+rtu://ttyS0"',
            "endpoints[0].address: wanted modbus+rtu:///dev/ttyUSB0?baud=9600, "
            "found 'modbus+rtu://ttyS0'",
        ),
    ],
)
def test_options_that_an_adapter_would_refuse_are_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], endpoint: str, complaint: str
) -> None:
    text = DEVICES.replace('address: "modbus+tcp://192.0.2.7:502"', endpoint)
    code, _, told = check(capsys, written(tmp_path, text))
    assert (code, told) == (2, [f"FILE:2: {complaint}"])


@pytest.mark.parametrize(
    ("endpoint", "complaint"),
    [
        (
            'protocol: mqtt, address: "mqtt://h", options: {pasword: hunter2}',
            "endpoints[0].options.pasword: it is not known; wanted one of username, password, "
            "host_id, ca_file, certificate_file, key_file; did you mean password?",
        ),
        (
            'protocol: mqtt, address: "mqtt://h", options: {ca_file: ca.pem}',
            "endpoints[0].options: certificates need mqtts://, found mqtt://h",
        ),
        (
            'protocol: camera, address: "http://h", options: {fps: 5}',
            "endpoints[0].options.fps: it is not known; none is wanted",
        ),
    ],
)
def test_options_of_every_protocol_are_checked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], endpoint: str, complaint: str
) -> None:
    code, _, told = check(capsys, written(tmp_path, f"endpoints:\n  - {{id: line, {endpoint}}}\n"))
    assert (code, told) == (2, [f"FILE:2: {complaint}"])


def test_an_account_that_would_be_sent_unprotected_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    line = '{id: plc, protocol: opcua, address: "opc.tcp://h", secret: plc}'
    code, _, told = check(capsys, written(tmp_path, f"endpoints:\n  - {line}\n"))
    wanted = "FILE:2: endpoints[0].options: an identity is not sent unprotected"
    assert (code, len(told), told[0].startswith(wanted)) == (2, 1, True)


def test_a_key_that_is_there_twice_is_named_with_its_second_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, _, told = check(capsys, written(tmp_path, f"{DEVICES}endpoints: []\n"))
    assert code == 2
    assert "FILE:5: endpoints: it is there twice" in told


def test_what_is_not_yaml_is_named_with_its_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, _, told = check(capsys, written(tmp_path, "endpoints:\n  - {id: a\ndevices: []\n"))
    assert code == 2
    assert [line.partition(": ")[0] for line in told] == ["FILE:3"]


def test_a_broken_profile_beside_it_is_told_with_the_rest(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    models = tmp_path / "models"
    models.mkdir()
    (models / "em3.yaml").write_text("profile: em3\nfamily: toaster\n")
    file = written(tmp_path, DEVICES.replace("unit: 1", "unit: 256"))
    code, _, told = check(capsys, file, "--profiles", str(models))
    assert code == 2
    assert [line for line in told if line.startswith(f"{models}/em3.yaml:2: family: ")]
    assert told[-1] == "FILE:4: devices[0].unit: wanted a Modbus unit from 0 to 255, found '256'"


def test_settings_are_checked_with_what_they_name(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "edge.yaml"
    file.write_text(
        "id: edge-1\nbroker: mqtt://h:1\ndata_dir: d\nprofiles: [models]\n"
        "broker_password_file: password\n"
    )
    code, _, told = check(capsys, file)
    assert code == 2
    assert told == [
        f"{tmp_path}/models: wanted a folder of profiles, found none",
        f"{tmp_path}/password: the broker's password cannot be read: No such file or directory",
    ]


def test_the_schema_of_a_devices_file_lets_an_editor_complete_it(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run(["edge", "schema"]) == 0
    told = json.loads(capsys.readouterr().out)
    device = told["$defs"]["DeviceDocument"]
    assert set(told["properties"]) == {
        "revision", "edge", "endpoints", "devices", "overrides", "programs",
    }  # fmt: skip
    assert device["required"] == ["id", "profile", "endpoint", "unit"]
    assert device["properties"]["unit"]["type"] == ["string", "integer"]
    assert "description" in device["properties"]["profile"]
    options = {
        each["if"]["properties"]["protocol"]["const"]: each["then"]["properties"]["options"]
        for each in told["$defs"]["EndpointDocument"]["allOf"]
    }
    assert set(options) == {"modbus", "opcua", "mqtt", "camera"}
    assert not options["modbus"]["additionalProperties"]
    assert "seconds" in options["modbus"]["properties"]["timeout_s"]["description"]
    assert "certificates" not in options["opcua"]["properties"]
