"""What deploy/ ships is understood by the program that it starts."""

import shlex
from pathlib import Path
from typing import Any

import pytest
import yaml

from core.command_line import run
from gateway.settings import ROLES, load_settings

DEPLOY = Path(__file__).parent.parent / "deploy"
IMAGE = "kvartal"
UNITS = sorted((DEPLOY / "systemd").glob("*.service"))


def gateways() -> dict[str, dict[str, Any]]:
    """Give the services of the compose file that are gateway processes."""
    services = yaml.safe_load((DEPLOY / "compose/compose.yaml").read_text())["services"]
    return {name: each for name, each in services.items() if each["image"] == IMAGE}


@pytest.mark.parametrize("name", gateways())
def test_the_settings_of_a_service_are_taken(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for key, value in gateways()[name]["environment"].items():
        monkeypatch.setenv(key, value)
    settings = load_settings(data_dir=tmp_path)
    assert settings.is_shared
    assert f"{settings.host}:{settings.port}" == "0.0.0.0:8080"


def test_the_services_have_all_roles_and_a_standby() -> None:
    roles = [each["environment"]["KVARTAL_GATEWAY_ROLES"] for each in gateways().values()]
    assert {role for some in roles for role in some.split(",")} == set(ROLES)
    assert sum("worker" in some for some in roles) == 2


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_the_command_of_a_unit_is_known(unit: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (line,) = [each for each in unit.read_text().splitlines() if each.startswith("ExecStart=")]
    program, *words = shlex.split(line.removeprefix("ExecStart="))
    assert Path(program).name == "kvartal"
    with pytest.raises(SystemExit) as ended:
        run([*words, "--help"])
    assert ended.value.code == 0
    known = capsys.readouterr().out
    assert [word for word in words if word.startswith("--") and word not in known] == []
