"""What the broker says when it starts."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.ports import free_port

STARTED = "import sys; from adapters.mqtt import broker; sys.exit(broker.main(sys.argv[1:]))"


@pytest.mark.parametrize("has_users", [True, False])
def test_a_broker_without_topic_lists_says_so_where_there_are_users(
    tmp_path: Path, has_users: bool
) -> None:
    users = tmp_path / "users.txt"
    users.write_text("gateway:one\nedge-1:two\n")
    command = [sys.executable, "-c", STARTED, "--port", str(free_port())]
    command += ["--state", str(tmp_path / "broker"), "--server", "iotcore"]
    command += ["--users", str(users)] if has_users else []
    # In place of the real one, which would run until it is killed.
    (tmp_path / "iotcore.py").write_text(
        "class IotCoreBroker:\n"
        "    def __init__(self, config_path): pass\n"
        "    def check_ports(self): pass\n"
        "    def run_forever(self): pass\n"
    )
    ended = subprocess.run(
        command,
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
        env={"PYTHONPATH": str(tmp_path)},
    )
    assert ended.stderr.count("iotcore has no topic access lists") == has_users
