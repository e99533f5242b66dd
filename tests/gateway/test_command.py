"""`kvartal gateway` as a person uses it: what it prints and with which code it ends."""

import json
import signal
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

KVARTAL = [sys.executable, "-c", "from core.command_line import main; main()", "gateway"]


def kvartal(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*KVARTAL, *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={"PATH": "", **environment},
    )


def test_a_bad_settings_file_names_file_key_wish_and_finding(tmp_path: Path) -> None:
    file = tmp_path / "gateway.yaml"
    file.write_text("session_hours: -3\nlissen: 127.0.0.1:80\n")
    ended = kvartal("run", "--config", str(file), "--data-dir", str(tmp_path))
    assert ended.returncode == 2
    assert f"{file}: session_hours: Input should be greater than 0, found -3" in ended.stderr
    assert f"{file}: lissen: " in ended.stderr


def test_a_bad_setting_in_the_environment_is_named(tmp_path: Path) -> None:
    ended = kvartal("run", "--data-dir", str(tmp_path), KVARTAL_GATEWAY_BROKER="http://x")
    assert ended.returncode == 2
    assert "KVARTAL_GATEWAY_BROKER: " in ended.stderr


def test_an_unknown_setting_in_the_environment_is_named(tmp_path: Path) -> None:
    ended = kvartal("run", "--data-dir", str(tmp_path), KVARTAL_GATEWAY_LISSEN="x")
    assert ended.returncode == 2
    assert "KVARTAL_GATEWAY_LISSEN: there is no such setting" in ended.stderr


def test_a_broken_registry_is_refused_with_every_mistake(
    tmp_path: Path, town: dict[str, Any]
) -> None:
    town["assets"][0]["place"] = "nowhere"
    town["devices"][1]["endpoint"] = "none"
    file = tmp_path / "town.json"
    file.write_text(json.dumps(town))
    ended = kvartal("import", str(file), "--data-dir", str(tmp_path / "data"))
    assert ended.returncode == 2
    assert f"{file}: assets[0].place: there is no 'nowhere' in places" in ended.stderr
    assert f"{file}: devices[1].endpoint: there is no 'none' in endpoints" in ended.stderr


def test_a_link_needs_a_place_of_the_registry(tmp_path: Path, town: dict[str, Any]) -> None:
    file = tmp_path / "town.json"
    file.write_text(json.dumps(town))
    where = ("--data-dir", str(tmp_path / "data"))
    assert kvartal("import", str(file), *where).returncode == 0
    who = ("--role", "dispatcher", "--name", "Anna")
    made = kvartal("link", *where, *who, "--place", "left")
    assert made.stdout.startswith("http://127.0.0.1:8080/sign-in#")
    refused = kvartal("link", *where, *who, "--place", "mars")
    assert refused.returncode == 2
    assert "there is no place 'mars' in the registry" in refused.stderr


def test_what_it_stores_is_for_its_user_alone(tmp_path: Path, town: dict[str, Any]) -> None:
    file, data = tmp_path / "town.json", tmp_path / "data"
    file.write_text(json.dumps(town))
    assert kvartal("import", str(file), "--data-dir", str(data)).returncode == 0
    assert stat.S_IMODE(data.stat().st_mode) == 0o700
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in data.rglob("*.sqlite*")}
    assert modes
    assert set(modes.values()) == {0o600}


def test_an_address_in_use_is_named(tmp_path: Path) -> None:
    first = _started(tmp_path / "one", "127.0.0.1:0")
    try:
        address = first.stdout.readline().strip().rpartition("//")[2]
        second = kvartal("run", "--data-dir", str(tmp_path / "two"), "--listen", address)
        assert second.returncode == 2
        assert f"listen {address}: Address already in use" in second.stderr
    finally:
        first.send_signal(signal.SIGTERM)
        with first:
            assert first.wait(timeout=6) == 0


def _started(folder: Path, address: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [*KVARTAL, "run", "--data-dir", str(folder), "--listen", address],
        stdout=subprocess.PIPE,
        text=True,
    )
