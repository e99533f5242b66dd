"""`kvartal edge run` as a process."""

import signal
import stat
import subprocess
import sys
from pathlib import Path

KVARTAL = [sys.executable, "-c", "from core.command_line import main; main()"]


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
