"""`kvartal edge run` as a process."""

import contextlib
import os
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

KVARTAL = [sys.executable, "-c", "from core.command_line import main; main()"]


def settings(folder: Path, **changes: object) -> Path:
    values = {"id": "edge-1", "broker": "mqtt://127.0.0.1:1", "data_dir": folder / "data"} | changes
    file = folder / "edge.yaml"
    file.write_text("".join(f"{key}: {value}\n" for key, value in values.items()))
    return file


def told(file: Path, *before: str) -> tuple[int, str]:
    """Run an edge that cannot start; give its exit code and what it says."""
    command = [*before, *KVARTAL, "edge", "run", "--config", str(file)]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    return ended.returncode, ended.stderr


@contextlib.contextmanager
def running(file: Path) -> Iterator[None]:
    command = [*KVARTAL, "edge", "run", "--config", str(file)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as edge:
        try:
            assert edge.stdout is not None
            assert "is ready" in edge.stdout.readline()
            yield
        finally:
            edge.send_signal(signal.SIGTERM)
            edge.wait(timeout=20)


def test_a_data_dir_that_is_a_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("")
    wanted = f"kvartal edge: data_dir {tmp_path}/data: wanted a folder to write into, found a file"
    assert told(settings(tmp_path)) == (2, f"{wanted}\n")


def test_a_data_dir_whose_name_is_too_long_is_named(tmp_path: Path) -> None:
    code, error = told(settings(tmp_path, data_dir="d" * 300))
    assert code == 2
    assert "wanted a folder to write into, found: File name too long" in error


def test_a_data_dir_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    wanted = "data_dir /proc/kvartal: wanted a folder to write into, found: No such file"
    code, error = told(settings(tmp_path, data_dir="/proc/kvartal"))
    assert (code, wanted in error, "Traceback" in error) == (2, True, False)


def test_a_data_dir_without_room_is_named(tmp_path: Path) -> None:
    limited = ["sh", "-c", 'ulimit -f 1; exec "$@"', "sh"]  # no file may grow
    code, error = told(settings(tmp_path), *limited)
    wanted = f"kvartal edge: data_dir {tmp_path}/data: the spool cannot be kept there: "
    assert (code, error.startswith(wanted), error.count("\n")) == (2, True, 1)


def test_a_spool_that_is_none_is_named(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "spool.db").write_bytes(os.urandom(8192))
    wanted = (
        f"kvartal edge: {tmp_path}/data/spool.db: wanted a spool, found: file is not a database"
    )
    code, error = told(settings(tmp_path))
    assert (code, error.startswith(wanted), error.count("\n")) == (2, True, 1)


def test_two_edges_do_not_share_a_data_dir(tmp_path: Path) -> None:
    file = settings(tmp_path)
    with running(file):
        code, error = told(file)
    assert code == 2
    assert f"data_dir {tmp_path}/data: another edge keeps its spool there" in error


@pytest.mark.parametrize(
    ("broker", "complaint"),
    [
        ("mqtt://broker:99999", "wanted a port from 1 to 65535"),
        ("mqtt://:1883", "wanted a host after ://"),
        ("mqtt://[::1", "Invalid IPv6 URL"),
    ],
)
def test_a_broker_that_cannot_be_is_named(tmp_path: Path, broker: str, complaint: str) -> None:
    file = settings(tmp_path, broker=f'"{broker}"')
    wanted = f"kvartal edge: {file}:2: broker: {complaint}, found '{broker}'\n"
    assert told(file) == (2, wanted)


def test_what_an_edge_keeps_is_for_its_user_alone(tmp_path: Path) -> None:
    data, file = tmp_path / "data", tmp_path / "edge.yaml"
    file.write_text(f"id: edge-1\nbroker: mqtt://127.0.0.1:1\ndata_dir: {data}\n")
    command = [*KVARTAL, "edge", "run", "--config", str(file)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as edge:
        try:
            assert edge.stdout is not None
            assert "is ready" in edge.stdout.readline()
            modes = {path: stat.S_IMODE(path.stat().st_mode) for path in (data, *data.rglob("*"))}
        finally:
            edge.send_signal(signal.SIGTERM)
        assert edge.wait(timeout=20) == 0
    assert len(modes) > 1
    assert [path for path, mode in modes.items() if mode & 0o077] == []
